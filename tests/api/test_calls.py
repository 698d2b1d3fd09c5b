"""Events in over HTTP: what is answered, and what is in the lake then."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time

import httpx
import pytest

from homes import create
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading
from shoal.ingest import letters


def call(number, user="u1", **more):
    return {"type": "track", "event": "Seen", "userId": user, "messageId": f"m{number}", **more}


def post(server, path, body, key=None, **more):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"{server.url}{path}", content=content, auth=(key, "") if key else None, timeout=30, **more)


def told(server, sql):
    """Stop the server, which takes all to the lake, and ask."""
    server.stop()
    opened = open_home(server.home)
    with open_reading(opened) as duck:
        found = duck.execute(sql).fetchall()
    opened.database.close()
    return found


def test_what_was_answered_with_200_is_in_the_lake_once(server):
    key = server.key()
    assert post(server, "/v1/track", {"event": "Signed Up", "userId": "u1", "messageId": "a"}, key).json() == {
        "success": True
    }
    batch = {"batch": [call(number, f"u{number % 3}") for number in range(100)]}
    for _ in range(2):  # a client that did not hear the answer sends it again
        assert post(server, "/v1/batch", batch, key).status_code == 200
    assert told(server, "SELECT name, source, count(*) FROM events GROUP BY ALL ORDER BY ALL") == [
        ("Seen", "web", 100),
        ("Signed Up", "web", 1),
    ]


def test_a_call_that_cannot_be_taken_is_kept_beside_the_others(here):
    key = here.key()
    batch = {"batch": [call(1), {"type": "track", "event": "Seen"}, call(2), {"type": "odd", "userId": "u"}]}
    answer = post(here, "/v1/batch", batch, key)
    assert answer.status_code == 200
    assert [each["reason"] for each in answer.json()["refused"]] == ["no_identity", "unknown_type"]
    with here.opened.database.read() as connection:
        kept = letters.known(connection)
    assert [json.loads(each.letter.payload) for each in kept] == [batch["batch"][1], batch["batch"][3]]
    assert here.stored("SELECT count(*) FROM events") == [(2,)]


def test_a_bad_call_says_where(shared):
    told = post(shared, "/v1/alias", {"userId": "u1"}, shared.key()).json()["error"]
    assert (told["where"], told["message"]) == ("previousId", "An alias call needs a previousId.")


def test_two_calls_without_id_and_time_are_two_events(here):
    key = here.key()
    for _ in range(2):
        assert post(here, "/v1/track", {"event": "Clicked", "userId": "u1"}, key).status_code == 200
    assert here.stored("SELECT count(*) FROM events") == [(2,)]


def test_a_wrong_clock_is_corrected_by_when_it_sent(here):
    key = here.key()
    clock = {"timestamp": "2016-01-01T00:00:00Z"}
    body = {"batch": [call(1, **clock)], "sentAt": "2016-01-01T00:01:00Z"}
    before = time.time()
    assert post(here, "/v1/batch", body, key).status_code == 200
    ((at,),) = here.stored('SELECT epoch("at") FROM events')
    assert before - 62 < at < time.time() - 58


def test_a_time_that_has_not_come_is_told(asked):
    told = asked.ask("POST", "/v1/page", {"userId": "u1", "timestamp": "2999-01-01T00:00:00Z"}).json()
    assert [each["reason"] for each in told["warnings"]] == ["in_the_future"]


@pytest.mark.parametrize(
    ("shown", "status", "code"),
    [
        ({}, 401, "no_key"),
        ({"Authorization": "Bearer nothing"}, 401, "unknown_key"),
        ({"Authorization": "Basic ***"}, 401, "no_key"),
        ({"Authorization": "Digest x"}, 401, "no_key"),
    ],
)
def test_without_a_key_nothing_is_taken(shared, shown, status, code):
    answer = httpx.post(f"{shared.url}/v1/track", json={"event": "Seen", "userId": "u1"}, headers=shown)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]) == {"code", "message", "where", "fix"}


def test_a_key_does_what_it_is_for_until_it_is_revoked(here):
    body = {"event": "Seen", "userId": "u1"}
    answer = post(here, "/v1/track", body, here.key("read"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")
    key = here.key()
    bearer = {"Authorization": f"Bearer {key}"}
    assert httpx.post(f"{here.url}/v1/track", json=body, headers=bearer).status_code == 200
    with here.opened.database.write() as connection:
        connection.exec_driver_sql("UPDATE api_keys SET revoked_at = 1")
    end = time.monotonic() + 5
    while post(here, "/v1/track", body, key).status_code == 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert post(here, "/v1/track", body, key).status_code == 401


BOMB = gzip.compress(bytes(50_000_000), mtime=0)
CUT = gzip.compress(b'{"batch": []}', mtime=0)[:-9]
DEEP = b'{"event": "Seen", "userId": "u1", "properties": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/v1/track", {"event": "Seen", "userId": "u1", "properties": {"a": "x" * 33_000}}, {}, 413, "too_large"),
        ("/v1/batch", {"batch": [call(1, context={"a": "x" * 600_000})]}, {}, 413, "too_large"),
        ("/v1/batch", BOMB, {"Content-Encoding": "gzip"}, 413, "too_large"),
        ("/v1/batch", BOMB[:-9], {"Content-Encoding": "gzip"}, 413, "too_large"),
        ("/v1/batch", CUT, {"Content-Encoding": "gzip"}, 400, "bad_gzip"),
        ("/v1/batch", b"no gzip", {"Content-Encoding": "gzip"}, 400, "bad_gzip"),
        ("/v1/batch", b"{}", {"Content-Encoding": "br"}, 415, "unknown_encoding"),
        ("/v1/batch", b"{", {}, 400, "bad_json"),
        ("/v1/batch", {"events": []}, {}, 400, "bad_json"),
        ("/v1/batch", b"\xff", {}, 400, "bad_json"),
        ("/v1/track", [], {}, 400, "bad_json"),
        ("/v1/track", DEEP, {}, 413, "too_large"),
        ("/v1/track", DEEP.replace(b'{"a":', b"[").replace(b"}", b"]", 10_000), {}, 400, "bad_json"),
        ("/v1/track", {"event": "", "userId": "u1"}, {}, 400, "bad_call"),
        ("/v1/identify", {"traits": {"plan": "a"}}, {}, 400, "bad_call"),
        ("/v1/alias", {"userId": "u1"}, {}, 400, "bad_call"),
        ("/v1/group", {"userId": "u1"}, {}, 400, "bad_call"),
        ("/v1/nothing", {}, {}, 404, "no_such_page"),
    ],
)
def test_what_cannot_be_taken_is_told_and_not_kept(shared, path, body, headers, status, code):
    answer = post(shared, path, body, shared.key(), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    opened = open_home(shared.home)
    with opened.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM journal").scalar() == 0
    opened.database.close()


def test_a_large_call_of_a_batch_is_kept_beside(here):
    large = call(1, properties={"a": "x" * 33_000})
    answer = post(here, "/v1/batch", {"batch": [large, call(2)]}, here.key())
    assert [each["reason"] for each in answer.json()["refused"]] == ["too_large"]


def test_a_text_cut_within_a_sign_refuses_its_call_only(here):
    key = here.key()
    cut = json.dumps({"writeKey": key, "batch": [call(1), call(2, properties={"x": "cut \ud83d"}), call(3)]})
    answer = post(here, "/v1/batch", cut.encode())
    assert [each["reason"] for each in answer.json()["refused"]] == ["bad_encoding"]
    assert here.stored("SELECT count(*) FROM events") == [(2,)]


def test_a_packed_body_is_unpacked(here):
    body = gzip.compress(json.dumps({"batch": [call(1)]}).encode())
    assert post(here, "/v1/batch", body, here.key(), headers={"Content-Encoding": "gzip"}).status_code == 200
    assert here.stored("SELECT count(*) FROM events") == [(1,)]


def test_pages_about_the_server(shared):
    assert httpx.get(f"{shared.url}/healthz").text == "alive\n"
    assert "shoal_dead_letters 0.0" in httpx.get(f"{shared.url}/metrics").text
    page = httpx.get(f"{shared.url}/docs").text
    assert "/v1/batch" in page
    for loads in ('src="', 'href="http', "url(", "<script", "@import"):
        assert loads not in page
    assert set(httpx.get(f"{shared.url}/openapi.json").json()["paths"]) >= {"/v1/track", "/v1/batch", "/healthz"}


def test_a_server_without_pages_says_so(shared):
    for path in ("/", "/sign-in"):
        answer = httpx.get(f"{shared.url}{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_page")
        assert answer.json()["error"]["fix"] == "/docs names what can be asked. This server runs without pages."


def test_without_pages_none_of_their_libraries_is_loaded(tmp_path):
    create(tmp_path / "home")
    program = "import sys; from shoal.api.process import serving; serving(); print(*sys.modules)"
    environment = {**os.environ, "SHOAL_HOME": str(tmp_path / "home"), "SHOAL_PAGES": "no"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert not {"nicegui", "socketio", "shoal.ui"} & set(done.stdout.split())
