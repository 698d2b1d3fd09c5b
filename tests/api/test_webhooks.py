"""Webhooks through the real route: who is believed, and what is kept."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from vendors import CERTIFICATE, GENERIC, VENDORS, amazon

from homes import create
from shoal.access.tables import webhooks as table
from shoal.api.app import made
from shoal.core.errors import UserError
from shoal.flow.home import open_home
from shoal.flow.webhooks import create_webhook, revoke_webhook
from shoal.ingest.webhook import MOST_BYTES
from shoal.ingest.webhooks import WEBHOOKS
from shoal.store import journal

BASE = "https://shoal.example.org"


class Play:
    """A server in this process, and the vendor that calls it."""

    def __init__(self, client, opened, vendor):
        self.client, self.opened, self.vendor = client, opened, vendor
        self.asked = []
        self.at = int(time.time())
        self.path = f"/v1/webhooks/{vendor.name}"
        self.url = f"{BASE}{self.path}"
        self.hook, self.key = self.created()

    def created(self):
        secret, key = self.vendor.new_key()
        hook, _ = create_webhook(self.opened, self.vendor.name, secret=secret, address=BASE, terms=self.vendor.terms)
        self.client.app.state.post.addresses.forget()
        return hook, key

    def signed(self, number=1, *, key=None, at=None, how=None):
        how = how or self.vendor.signed
        return how(key or self.key, self.vendor.body(number), self.at if at is None else at, self.url)

    def post(self, headers, body):
        return self.client.post(self.path, headers=headers, content=body)

    def records(self):
        """How many records the journal has."""
        with self.opened.database.read() as connection:
            return journal.waiting(connection, after=0)


@pytest.fixture(params=VENDORS + GENERIC, ids=str)
def play(request, tmp_path):
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    answers = {CERTIFICATE: amazon()[1]}

    def fetch(address):
        if address not in answers:
            raise UserError("no_answer", "Nothing stands there.")
        return answers[address]

    with TestClient(made(opened, fetch=fetch)) as client:
        yield Play(client, opened, request.param)


def status(play, case, otherwise=401):
    return play.vendor.expected.get(case, otherwise)


def test_good(play):
    answer = play.post(*play.signed())
    assert (answer.status_code, answer.json()) == (200, {"success": True, "records": 1})
    assert play.records() == 1


def test_every_vendor_is_here():
    assert {vendor.name for vendor in VENDORS} == set(WEBHOOKS)


def test_altered_byte(play):
    headers, body = play.signed()
    altered = play.vendor.altered(body)
    assert altered != body
    assert play.post(headers, altered).status_code == status(play, "altered")


def test_missing_header(play):
    answer = play.post(*play.vendor.unsigned(*play.signed()))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_signature")
    assert play.records() == 0


def test_wrong_key(play):
    _, other = play.vendor.new_key()
    answer = play.post(*play.signed(key=other))
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        status(play, "wrong_key"),
        "bad_signature" if status(play, "wrong_key") == 401 else "untrusted_topic",
    )
    assert play.records() == 0


@pytest.mark.parametrize("off", [-1, 1])
def test_stale(play, off):
    answer = play.post(*play.signed(at=play.at + off * (play.vendor.window_s + 600)))
    assert answer.status_code == status(play, "stale")
    if answer.status_code == 401:
        assert answer.json()["error"]["code"] == "stale_signature"
        assert play.records() == 0


def test_replay(play):
    sent = play.signed()
    assert play.post(*sent).status_code == 200
    again = play.post(*sent)
    assert again.status_code == play.vendor.replay
    if play.vendor.expected.get("replay") != "by_id":
        assert play.records() == 1


def test_reserialised_json(play):
    headers, body = play.signed()
    assert play.post(headers, play.vendor.reserialised(body)).status_code == status(play, "reserialised")


def test_rotated_key(play):
    _, new = play.created()
    old = play.key
    assert play.post(*play.signed(1, key=new)).status_code == 200
    assert play.post(*play.signed(2, key=old)).status_code == 200
    revoke_webhook(play.opened, play.hook.id)
    play.client.app.state.post.addresses.forget()
    assert play.post(*play.signed(3, key=old)).status_code == status(play, "wrong_key")
    assert play.post(*play.signed(4, key=new)).status_code == 200


def test_downgraded_algorithm(play):
    answer = play.post(*play.signed(how=play.vendor.downgraded))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_signature")
    assert play.records() == 0


def test_no_secret_stands_in_the_database(play):
    with play.opened.database.read() as connection:
        kept = connection.execute(sa.select(table.c.secret)).scalars().all()
    secret, _ = play.vendor.new_key()
    assert kept
    assert all(secret.encode() not in each for each in kept)


def test_names_that_are_not_there(play):
    headers, body = play.signed()
    answer = play.client.post("/v1/webhooks/other", headers=headers, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_webhook")
    assert play.client.head("/v1/webhooks/other").status_code == 200


def test_a_header_that_is_no_ascii_is_answered(play):
    for path in ("/v1/track", play.path):
        answer = play.client.post(path, headers={"authorization": "Basic \u00e9".encode("latin-1")}, content=b"{}")
        assert answer.status_code == 401


def test_of_many_deliveries_of_one_signature_one_is_kept(play):
    sent = play.signed()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: play.post(*sent), range(16)))
    if play.vendor.expected.get("replay") != "by_id":
        told = Counter((answer.status_code, "records" in answer.json()) for answer in answers)
        assert told == {(200, True): 1, (play.vendor.replay, False): 15}
        assert play.records() == 1


def test_a_delivery_that_is_not_json(play):
    """It is answered, and nothing of it is kept."""
    headers, _ = play.signed()
    answer = play.post(headers, b"{")
    assert answer.status_code in (400, 401) or answer.json()["refused"][0]["reason"] == "not_an_object"
    assert play.post(headers, b"x" * (MOST_BYTES + 1)).status_code == 413
    assert play.records() == 0
