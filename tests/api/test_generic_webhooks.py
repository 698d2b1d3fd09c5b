"""Generic webhooks through the real route: what is read, what becomes a letter, and what is read again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from starlette.testclient import TestClient
from vendors import SIGN_UPS

from homes import create
from shoal.api.app import made
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading
from shoal.flow.replaying import known_letters, replay
from shoal.flow.webhooks import create_webhook
from shoal.ingest.mapping import mapping_from
from shoal.ingest.webhooks.generic import Terms

PATH = "/v1/webhooks/shop"
KEY = {"authorization": "Bearer k1"}
ANA = {"number": 1, "at": "2026-08-01T10:00:00Z", "person": {"email": "ana@example.org"}, "plan": "pro"}


@pytest.fixture
def opened(tmp_path):
    create(tmp_path / "home")
    return open_home(tmp_path / "home")


@pytest.fixture
def post(opened):
    """Deliver to a webhook whose secret stands in the address."""
    create_webhook(opened, "generic", name="shop", secret="k1", terms=Terms(SIGN_UPS, "address"))
    with TestClient(made(opened)) as client:
        yield lambda **sent: client.post(PATH, headers={**KEY, **sent.pop("headers", {})}, **sent)


def test_an_object_a_list_and_a_form(post):
    assert post(json=ANA).json() == {"success": True, "records": 1}
    assert post(json=[{**ANA, "number": 2}, {**ANA, "number": 3}]).json()["records"] == 2
    plain = {"number": "4", "at": "2026-08-01", "person.email": "ana@example.org"}
    assert post(data=plain).json() == {"success": True, "records": 1}
    parts = {name: (None, text) for name, text in plain.items()}
    assert post(files=parts).json() == {"success": True, "records": 1}
    called_a_form = {"content-type": "application/x-www-form-urlencoded"}
    assert post(content=json.dumps(ANA), headers=called_a_form).json() == {"success": True, "records": 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not_an_object"),
        (b"hello", "not_an_object"),
        (b"\xff\xfe", "not_an_object"),
        (b"[1]", "not_an_object"),
        (b'{"person": {"email": "nobody"}}', "no_identity"),
        (b'{"person": {"email": ["ana@example.org"]}}', "bad_id"),
        (b'{"person": {"email": "ana@example.org"}, "at": "soon"}', "bad_time"),
    ],
)
def test_what_the_mapping_cannot_read_is_a_letter(opened, post, body, reason):
    answer = post(content=body)
    assert (answer.status_code, answer.json()["records"]) == (200, 0)
    assert [each["reason"] for each in answer.json()["refused"]] == [reason]
    (letter,) = known_letters(opened)
    assert (letter.source, letter.letter.webhook, letter.letter.reason) == ("shop", "generic", reason)


@pytest.mark.parametrize(
    ("value", "reason"), [(rb'"cut \ud83d"', "bad_encoding"), (b"[" * 1_500 + b"]" * 1_500, "nested_too_deeply")]
)
def test_one_row_of_a_list_that_cannot_be_read_is_a_letter(opened, post, value, reason):
    row = json.dumps({**ANA, "plan": 0}).encode().replace(b'"plan": 0', b'"plan": ' + value)
    answer = post(content=b"[" + json.dumps(ANA).encode() + b", " + row + b"]")
    assert answer.json()["records"] == 1
    assert [each["reason"] for each in answer.json()["refused"]] == [reason]
    (letter,) = known_letters(opened)
    assert letter.letter.payload == row
    assert replay(opened).refused == 1


def test_an_empty_body_is_refused(post):
    assert (post(content=b" ").status_code, post(content=b"\xef\xbb\xbf").status_code) == (400, 400)


def test_a_letter_is_read_again_by_the_mended_mapping(opened, post, tmp_path):
    assert post(json={**ANA, "person": {"mail": "ana@example.org"}}).json()["records"] == 0
    again = open_home(tmp_path / "home")
    assert replay(again).refused == 1
    file = again.home.webhooks / "shop.yaml"
    file.write_text(file.read_text().replace("person.email", "person.mail"))
    assert replay(again).taken == 1
    assert known_letters(again) == ()
    with open_reading(again) as duck:
        assert duck.execute("SELECT name, source FROM events").fetchall() == [("Signed Up", "shop")]
    again.database.close()


def test_a_damaged_mapping_asks_the_sender_to_come_again(opened, post):
    (opened.home.webhooks / "shop.yaml").write_text("map: [")
    answer = post(json=ANA)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "damaged_webhook")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("written", ["hex", "base64", "prefixed", "large"])
def test_signatures_of_the_body(opened, written):
    terms = Terms(SIGN_UPS, "hmac", "X-Shop-Hmac")
    create_webhook(opened, "generic", name="shop", secret="k1", terms=terms)
    body = json.dumps(ANA).encode()
    digest = hmac.new(b"k1", body, hashlib.sha256)
    told = {
        "hex": digest.hexdigest(),
        "large": digest.hexdigest().upper(),
        "prefixed": f"sha256={digest.hexdigest()}",
        "base64": base64.b64encode(digest.digest()).decode(),
    }
    with TestClient(made(opened)) as client:
        assert client.post(PATH, headers={"x-shop-hmac": told[written]}, content=body).json()["records"] == 1
        assert client.post(PATH, headers={"x-shop-hmac": told[written]}, content=body).json()["again"] is True
        assert client.post(PATH, headers={"x-shop-hmac": told[written]}, content=body + b" ").status_code == 401


def test_rows_that_the_mapping_leaves_out(opened):
    told = {"reason": "test_order", "when": [{"column": "meta.test", "is": "True"}]}
    mapping = mapping_from({**SIGN_UPS.as_data(), "skip": [told], "keep_unmapped": True})
    create_webhook(opened, "generic", name="shop", secret="k1", terms=Terms(mapping, "address"))
    with TestClient(made(opened)) as client:
        sent = [{**ANA, "meta": {"test": True}}, ANA]
        answer = client.post(PATH, headers=KEY, json=sent).json()
    assert answer == {"success": True, "records": 1, "skipped": {"test_order": 1}}
