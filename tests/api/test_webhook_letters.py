"""What a webhook can't take, forms of older webhooks, and who asks only whether anybody is there."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from vendors import HUBSPOT, MAILCHIMP, SENDGRID, WOOCOMMERCE

from homes import create
from shoal.api.app import made
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading
from shoal.flow.replaying import known_letters, replay
from shoal.flow.webhooks import create_webhook
from shoal.ingest.tables import dead_letters


@pytest.fixture
def opened(tmp_path):
    create(tmp_path / "home")
    return open_home(tmp_path / "home")


def test_a_broken_row_is_a_letter_that_can_be_read_again(opened, tmp_path):
    secret, key = SENDGRID.new_key()
    create_webhook(opened, "sendgrid", name="mail", secret=secret)
    (good,) = json.loads(SENDGRID.body(1))
    odd = {"email": "bo@example.org", "timestamp": "soon", "event": "delivered"}
    body = json.dumps([good, odd, {**odd, "event": "brand_new"}]).encode()
    headers, body = SENDGRID.signed(key, body, int(time.time()), "")
    with TestClient(made(opened)) as client:
        answer = client.post("/v1/webhooks/mail", headers=headers, content=body).json()
        (letter,) = known_letters(opened)
    assert (answer["records"], answer["skipped"]) == (1, {"unknown_event": 1})
    assert (letter.source, letter.letter.webhook) == ("mail", "sendgrid")
    again = open_home(tmp_path / "home")
    assert replay(again).refused == 1
    mended = json.dumps({**odd, "timestamp": 1_788_000_000}).encode()
    with again.database.write() as connection:
        connection.execute(sa.update(dead_letters).values(payload=mended))
    assert replay(again).taken == 1
    assert known_letters(again) == ()
    with open_reading(again) as duck:
        rows = duck.execute("SELECT name, source, count(*) FROM events GROUP BY ALL").fetchall()
    again.database.close()
    assert rows == [("Email Delivered", "mail", 2)]


@pytest.mark.parametrize("form", ["urlencoded", "parts"])
def test_forms_of_mailgun(opened, form):
    create_webhook(opened, "mailgun", secret="k1")
    at, token = str(int(time.time())), "t" * 50
    signature = hmac.new(b"k1", f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    fields = {
        "event": "opened",
        "recipient": "ana@example.org",
        "timestamp": at,
        "token": token,
        "signature": signature,
    }
    sent = (
        {"data": fields} if form == "urlencoded" else {"files": {name: (None, text) for name, text in fields.items()}}
    )
    with TestClient(made(opened)) as client:
        assert client.post("/v1/webhooks/mailgun", **sent).json() == {"success": True, "records": 1}
        assert client.post("/v1/webhooks/mailgun", **sent).status_code == 409


def test_woocommerce_asks_whether_anybody_is_there(opened):
    secret, _ = WOOCOMMERCE.new_key()
    create_webhook(opened, "woocommerce", secret=secret)
    with TestClient(made(opened)) as client:
        assert client.post("/v1/webhooks/woocommerce", content=b"webhook_id=142").json() == {"success": True}
        assert client.post("/v1/webhooks/woocommerce", content=b"webhook_id=142&id=1").status_code == 401


def test_a_secret_in_the_address(opened):
    create_webhook(opened, "mailchimp", secret="k1")
    body = MAILCHIMP.body(1)
    with TestClient(made(opened)) as client:
        path = "/v1/webhooks/mailchimp"
        assert client.get(path).status_code == 200  # Mailchimp asks before it saves the address
        assert client.post(f"{path}?secret=k1", content=body).json() == {"success": True, "records": 1}
        for query in ("", "?secret=", "?secret=k1&secret=k1"):
            answer = client.post(path + query, content=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_signature")
        answer = client.post(f"{path}?secret=k2", content=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_signature")
        assert client.post(f"{path}?secret=k1", headers={"authorization": "Bearer k2"}, content=body).status_code == 401


@pytest.mark.parametrize("vendor", [SENDGRID, HUBSPOT], ids=lambda vendor: vendor.name)
def test_a_served_webhook_is_in_the_lake_once(here, vendor):
    secret, key = vendor.new_key()
    create_webhook(here.opened, vendor.name, secret=secret)
    url = f"{here.url}/v1/webhooks/{vendor.name}"  # no --address: as the request says
    now = int(time.time())
    for at in (now, now - 1):  # the same events, signed again
        headers, body = vendor.signed(key, vendor.body(1), at, url)
        assert httpx.post(url, headers=headers, content=body, timeout=30).json() == {"success": True, "records": 1}
    assert httpx.post(url, headers=headers, content=body, timeout=30).status_code == 409
    ((events,),) = here.stored("SELECT count(*) FROM events")
    assert events == (1 if vendor is SENDGRID else 0)
