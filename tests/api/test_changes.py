"""The feed of changes over HTTP: pages, waiting, and server-sent events."""

from __future__ import annotations

import json
import threading

import httpx
import pytest
from asked import BOUGHT

from shoal.api import changes as api_changes
from shoal.core.time import now
from shoal.segments import feed


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


def pages(asked, query="", limit=7):
    found, after = [], 0
    while True:
        page = asked.ask("GET", f"/v1/changes?after={after}&limit={limit}{query}").json()
        if not page["changes"]:
            return found, page["next"]
        found, after = found + page["changes"], page["next"]


def test_pages_hold_every_change_once(asked):
    asked.tell(10)
    asked.tell(10, "other", entered=False)
    found, last = pages(asked)
    assert ([one["number"] for one in found], last) == (list(range(1, 21)), 20)
    assert {one["change"] for one in found[:10]} == {"entered"}
    some, last = pages(asked, "&segment=other")
    assert ([one["number"] for one in some], last) == (list(range(11, 21)), 20)
    assert pages(asked, "&segment=other&segment=bought")[0] == found
    assert asked.ask("GET", "/v1/changes?after=newest").json() == {"changes": [], "next": 20}


def test_a_segment_that_never_was_is_told(asked):
    asked.tell(1, "ended")
    assert asked.ask("POST", "/v1/segments", {"name": "lookers", "when": BOUGHT}).status_code == 201
    assert asked.ask("DELETE", "/v1/segments/lookers").status_code == 200
    for name in ("ended", "lookers"):
        assert asked.ask("GET", f"/v1/changes?segment={name}").status_code == 200
    answer = asked.ask("GET", "/v1/changes?segment=lookers&segment=loookers")
    assert error(answer) == (400, "unknown_segment")
    assert answer.json()["error"]["where"] == "segment"


def test_a_number_that_is_no_longer_kept_is_told(asked):
    asked.tell(5)
    asked.tell(5)
    with asked.opened.database.write() as connection:
        feed.forget(connection, now() + 1)
    assert error(asked.ask("GET", "/v1/changes?after=3")) == (410, "cursor_expired")
    assert error(asked.ask("GET", "/v1/changes?after=11")) == (400, "bad_cursor")
    assert error(asked.ask("GET", "/v1/changes?after=x")) == (422, "bad_parameter")
    assert error(asked.ask("GET", "/v1/changes?wait=31")) == (422, "bad_parameter")
    for query in ("", "?after=5"):
        assert [one["number"] for one in asked.ask("GET", f"/v1/changes{query}").json()["changes"]] == [6, 7, 8, 9, 10]


@pytest.mark.parametrize("followed", [False, True])
def test_who_waits_is_told_at_once(asked, followed):
    if followed:
        asked.follow(bought=BOUGHT)
    answers = []

    def wait():
        answers.append(asked.ask("GET", "/v1/changes?after=newest&wait=30").json())

    waiting = [threading.Thread(target=wait) for _ in range(5)]
    for thread in waiting:
        thread.start()
    while len(asked.app.state.bell._waiting) < 5:
        assert all(thread.is_alive() for thread in waiting)
    asked.tell(3)
    for thread in waiting:
        thread.join(10)
    assert [one["next"] for one in answers] == [3] * 5
    assert asked.ask("GET", "/v1/changes?after=newest&wait=1").json() == {"changes": [], "next": 3}


def test_who_waits_for_a_segment_is_not_told_of_others(asked):
    answers = []

    def wait():
        answers.append(asked.ask("GET", "/v1/changes?after=newest&wait=30&segment=bought").json())

    asked.tell(1, "bought")
    waiting = threading.Thread(target=wait)
    waiting.start()
    while not asked.app.state.bell._waiting:
        assert waiting.is_alive()
    asked.tell(3, "other")
    asked.tell(1, "bought")
    waiting.join(40)
    assert [one["number"] for one in answers[0]["changes"]] == [5]


class Listening:
    """A reader of server-sent events."""

    def __init__(self, asked, query="", key="read", **headers):
        self.http = httpx.Client(base_url=asked.url, auth=(asked.keys[key], ""), timeout=30)
        self.context = self.http.stream(
            "GET", f"/v1/changes{query}", headers={"Accept": "text/event-stream", **headers}
        )
        self.answer = self.context.__enter__()
        self.lines = self.answer.iter_lines() if self.answer.status_code == 200 else iter(())

    def next(self):
        """The fields of the next event; a comment alone is an event without data."""
        fields = {}
        for line in self.lines:
            if not line:
                return fields
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        return None

    def numbers(self, most):
        found = []
        while len(found) < most:
            event = self.next()
            if event and "data" in event:
                told = json.loads(event["data"])
                assert (event["id"], event["event"]) == (str(told["number"]), told["change"])
                found.append(told["number"])
        return found

    def close(self):
        self.answer.close()
        self.http.close()


def test_a_stream_tells_all_and_goes_on_from_the_last_number(asked):
    asked.follow(bought=BOUGHT)
    asked.tell(700)
    stream = Listening(asked)
    assert stream.answer.headers["content-type"].startswith("text/event-stream")
    assert stream.numbers(700) == list(range(1, 701))
    asked.tell(2)
    assert stream.numbers(2) == [701, 702]
    stream.close()
    asked.tell(1)
    again = Listening(asked, "?after=0", **{"Last-Event-ID": "702"})
    assert again.numbers(1) == [703]
    again.close()
    gone = Listening(asked, "?after=9999")
    assert gone.answer.status_code == 400
    gone.close()


def test_a_stream_without_news_says_how_far_it_is(asked, monkeypatch):
    monkeypatch.setattr(api_changes, "HEARTBEAT_S", 0.05)
    asked.tell(4)
    last = asked.tell(1, "other")
    stream = Listening(asked, f"?segment=other&after={last}")
    while (told := stream.next()) is not None and "id" not in told:
        pass
    assert told["id"] == "5"
    assert "data" not in told
    stream.close()


def test_only_so_many_streams_are_open_and_a_closed_one_is_free_again(asked):
    asked.app.state.streams.most = 2
    two = [Listening(asked) for _ in range(2)]
    full = Listening(asked)
    assert full.answer.status_code == 503
    assert "retry-after" in full.answer.headers
    full.close()
    two[0].close()
    while asked.app.state.streams.open > 1:
        pass
    again = Listening(asked)
    assert again.answer.status_code == 200
    again.close()
    two[1].close()


def test_a_revoked_key_ends_its_stream(asked, monkeypatch):
    monkeypatch.setattr(api_changes, "HEARTBEAT_S", 0.1)
    stream = Listening(asked)
    assert stream.next() == {"retry": "1000"}
    with asked.opened.database.write() as connection:
        connection.exec_driver_sql("UPDATE api_keys SET revoked_at = 1")
    asked.app.state.door._keys.forget()
    while stream.next() is not None:
        pass
    stream.close()


def test_a_reader_who_does_not_read_is_cut_off(asked, monkeypatch):
    from shoal.api import streams

    monkeypatch.setattr(streams, "PATIENCE_S", 0.5)
    import socket

    for _ in range(60):
        asked.tell(1_000, "x" * 90)
    host, port = asked.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        import base64

        shown = base64.b64encode(f"{asked.keys['read']}:".encode()).decode()
        slow.sendall(
            f"GET /v1/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {shown}\r\n"
            "Accept: text/event-stream\r\n\r\n".encode()
        )
        while not asked.app.state.streams.open:
            pass
        while asked.app.state.streams.open:
            pass
