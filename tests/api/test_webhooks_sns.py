"""Amazon SNS through the real route: whose certificate is believed, and which subscriptions are confirmed."""

from __future__ import annotations

import json
import time

import pytest
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from starlette.testclient import TestClient
from vendors import AMAZON_SES, CERTIFICATE, TOPIC, amazon, sns

from homes import create
from shoal.api.app import made
from shoal.core.errors import UserError
from shoal.flow.home import open_home
from shoal.flow.webhooks import create_webhook
from shoal.store import journal

PATH = "/v1/webhooks/amazon_ses"
SUBSCRIBE = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"
NAME = "SimpleNotificationService-0a1b2c.pem"
FORGED = [
    f"http://sns.eu-west-1.amazonaws.com/{NAME}",
    f"ftp://sns.eu-west-1.amazonaws.com/{NAME}",
    f"//sns.eu-west-1.amazonaws.com/{NAME}",
    f"https://sns.eu-west-1.amazonaws.com.example.org/{NAME}",
    f"https://example.org/sns.eu-west-1.amazonaws.com/{NAME}",
    f"https://sns.eu-west-1.amazonaws.com@example.org/{NAME}",
    f"https://example.org@sns.eu-west-1.amazonaws.com/{NAME}",
    f"https://sns.eu-west-1.amazonaws.com:8443/{NAME}",
    f"https://sns.eu-west-1.amazonaws.com:443@example.org/{NAME}",
    f"https://example.org#.sns.eu-west-1.amazonaws.com/{NAME}",
    f"https://example.org\\.sns.eu-west-1.amazonaws.com/{NAME}",
    f"https://example.org%2f.sns.eu-west-1.amazonaws.com/{NAME}",
    f"https://sns.eu-west-1.amazonaws.com.\u200bexample.org/{NAME}",
    f"https://sns.eu-west-1.amazonaws\u3002com/{NAME}",
    f"https://xsns.eu-west-1.amazonaws.com/{NAME}",
    f"https://sns-eu-west-1.amazonaws.com/{NAME}",
    f"https://sns.eu-west-1.amazonaws.co/{NAME}",
    f"https://sns.example.s3.amazonaws.com/{NAME}",
    f"https://bucket.s3.eu-west-1.amazonaws.com/{NAME}",
    f"https://SNS.eu-west-1.amazonaws.com./{NAME}",
    f"https://sns.eu-west-1.amazonaws.com/bucket/{NAME}",
    f"https://sns.eu-west-1.amazonaws.com/{NAME}/../other.pem",
    f"https://sns.eu-west-1.amazonaws.com/{NAME}#.pem",
    "https://sns.eu-west-1.amazonaws.com/?Action=GetObject&x=SimpleNotificationService-0a1b2c.pem",
    f"https://sns.eu-west-1.amazonaws.com/\n{NAME}",
    f" https://sns.eu-west-1.amazonaws.com/{NAME}",
    f"https://169.254.169.254/{NAME}",
    f"file:///etc/{NAME}",
    "",
]


class Called:
    """The route, and the addresses that the server asked meanwhile."""

    def __init__(self, client, opened, asked):
        self.client, self.opened, self.asked = client, opened, asked

    def post(self, body, how, *, topic=TOPIC):
        headers, signed = how(topic.encode(), body, int(time.time()), "")
        return self.client.post(PATH, headers=headers, content=signed)

    def records(self):
        with self.opened.database.read() as connection:
            return journal.waiting(connection, after=0)


@pytest.fixture
def called(tmp_path):
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    create_webhook(opened, "amazon_ses", secret=TOPIC)
    asked = []

    def fetch(address):
        asked.append(address)
        if address not in (CERTIFICATE, SUBSCRIBE):
            raise UserError("no_answer", "Nothing stands there.")
        return amazon()[1]

    with TestClient(made(opened, fetch=fetch)) as client:
        yield Called(client, opened, asked)


@pytest.mark.parametrize(("version", "digest"), [("1", SHA1()), ("2", SHA256())])
def test_both_versions_of_the_signature_hold(called, version, digest):
    assert called.post(AMAZON_SES.body(1), sns(version, digest)).status_code == 200
    assert called.asked == [CERTIFICATE]


@pytest.mark.parametrize(("version", "digest"), [("1", SHA256()), ("2", SHA1()), ("0", SHA1()), ("3", SHA256())])
def test_a_version_that_is_not_that_of_the_signature_does_not(called, version, digest):
    answer = called.post(AMAZON_SES.body(1), sns(version, digest))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_signature")


@pytest.mark.parametrize("address", FORGED)
def test_no_other_place_is_asked_for_a_certificate(called, address):
    answer = called.post(AMAZON_SES.body(1), sns("2", SHA256(), certificate=address))
    assert answer.status_code == (403 if address else 401)
    assert called.asked == []
    assert called.records() == 0


def confirmation(address=SUBSCRIBE):
    told = {"Type": "SubscriptionConfirmation", "MessageId": "c1", "Token": "abc", "Message": "You have chosen …"}
    return json.dumps({**told, "SubscribeURL": address}).encode()


def test_a_subscription_that_is_proven_is_confirmed(called):
    assert called.post(confirmation(), sns("2", SHA256())).json() == {"success": True, "records": 0}
    assert called.asked == [CERTIFICATE, SUBSCRIBE]


def test_a_subscription_that_could_not_be_confirmed_is_asked_for_again(called):
    address = SUBSCRIBE.replace("Token", "Other")
    for _ in range(2):
        answer = called.post(confirmation(address), sns("2", SHA256()))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_answer")
    assert called.asked == [CERTIFICATE, address, address]


def test_of_another_topic_nothing_is_asked_and_nothing_confirmed(called):
    answer = called.post(confirmation(), sns("2", SHA256()), topic=f"{TOPIC}-other")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "untrusted_topic")
    assert called.asked == []


@pytest.mark.parametrize("address", ["https://example.org/?Action=ConfirmSubscription", "http://169.254.169.254/", ""])
def test_no_other_place_is_asked_to_confirm(called, address):
    assert called.post(confirmation(address), sns("2", SHA256())).status_code == 403
    assert called.asked == [CERTIFICATE]


@pytest.mark.parametrize("topic", ["mail", "arn:aws:sqs:eu-west-1:123456789012:mail", "arn:aws:sns:eu-west-1:1:*"])
def test_a_secret_that_is_no_topic_is_refused(called, topic):
    with pytest.raises(UserError) as refused:
        create_webhook(called.opened, "amazon_ses", name="other", secret=topic)
    assert refused.value.code == "bad_secret"
