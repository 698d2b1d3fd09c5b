"""One subscriber over HTTP."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from asked import BOUGHT, TRIAL

from serving import take_to_the_lake
from shoal.core.time import Instant, now
from shoal.flow import asking, people
from shoal.ingest.canonical import Record, Records
from shoal.store import journal


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("said", ["email:p3@example.org", "p3@example.org", "user_id:u3", "user:u3", "u3"])
def test_somebody_is_found_by_any_identity(told, said):
    answer = told.ask("GET", f"/v1/subscribers/{said}").json()
    assert {one["key"] for one in answer["identities"]} == {"email:p3@example.org", "user:u3"}
    assert answer["traits"]["plan"]["value"] == "trial"
    assert answer["traits"]["plan"]["source"] == "segment"
    by_id = told.ask("GET", f"/v1/subscribers/{answer['subscriber']}").json()
    assert {**by_id, "as_of": ""} == {**answer, "as_of": ""}
    kept = people.as_data(people.profile(told.opened, answer["subscriber"]))
    assert {**answer, "as_of": "", "segments": []} == {**kept, "as_of": "", "segments": []}


def test_somebody_as_they_were(told):
    answer = told.ask("GET", "/v1/subscribers/u3?as_of=2025-01-01").json()
    assert (answer["traits"], answer["events"]) == ({}, 0)


def test_the_timeline_comes_in_pages(told):
    found, before = [], ""
    while before is not None:
        page = told.ask("GET", f"/v1/subscribers/u3/events?limit=2{before}").json()
        found += page["events"]
        before = f"&before={page['next']}" if page["next"] else None
    names = [one["name"] for one in found]
    assert sorted(names) == ["Order Completed", *["Product Viewed"] * 4]
    assert len({one["event_id"] for one in found}) == 5
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)


def test_the_segments_of_somebody_come_from_the_lake_where_the_engine_runs_apart(asked):
    assert asked.ask("POST", "/v1/segments", {"name": "bought", "when": BOUGHT}).status_code == 201
    answer = asked.ask("GET", "/v1/subscribers/u3/segments").json()
    expected = {"segment": "bought", "version": 1, "since": None, "leaves_at": None}
    assert [one for one in answer["segments"] if one["segment"] == "bought"] == [expected]
    assert [one["segment"] for one in answer["segments"]] == sorted(people.profile(asked.opened, "u3").segments)
    assert answer["reading"] == "sql"


def test_the_segments_of_somebody_come_from_memory(asked):
    asked.app.state.engine = SimpleNamespace(current=None, is_alive=True, close=lambda: None)
    assert error(asked.ask("GET", "/v1/subscribers/u3/segments")) == (503, "starting")
    assert asked.ask("GET", "/v1/subscribers/u3/segments").headers["retry-after"] == "1"
    current = asked.follow(bought=BOUGHT, trial=TRIAL, others='plan is "paid"')
    answer = asked.ask("GET", "/v1/subscribers/u3/segments").json()
    number = asking.find(asked.opened, "u3")
    assert answer["reading"] == "live"
    assert [one["segment"] for one in answer["segments"]] == ["bought", "trial"]
    assert [one.segment for one in current.standings(number)] == ["bought", "trial"]


def test_what_was_answered_with_200_is_read_at_once(asked):
    at = "2026-02-01T10:00:00Z"
    who = {"userId": "u3", "timestamp": at}
    link = {"userId": "u3", "anonymousId": "b1", "timestamp": at, "messageId": "link", "traits": {"seats": 4}}
    calls = [
        {"type": "identify", "messageId": "t1", **who, "traits": {"plan": "team", "seats": 3}},
        {"type": "identify", "messageId": "t0", **who, "timestamp": "2025-12-01T00:00:00Z", "traits": {"plan": "old"}},
        {"type": "track", "event": "Team Invited", "messageId": "e1", **who, "properties": {"size": 2}},
        {"type": "track", "event": "Team Invited", "messageId": "e1", **who, "properties": {"size": 2}},
        {"type": "track", "event": "Other", "messageId": "e1", **who},
        {"type": "track", "event": "Unsubscribed", "messageId": "e2", **who},
        {"type": "track", "event": "Team Invited", "messageId": "e3", "userId": "u4", "timestamp": at},
        {"type": "track", "event": "Team Invited", "messageId": "e3", **who},
        {"type": "identify", **link},
    ]
    before = asked.ask("GET", "/v1/subscribers/u3").json()
    assert asked.ask("POST", "/v1/batch", {"batch": calls}).json() == {"success": True}
    paths = ("/v1/subscribers/u3", "/v1/subscribers/u3/events", "/v1/subscribers/u4", "/v1/subscribers/u4/events")
    soon = [asked.ask("GET", path).json() for path in paths]
    plan = soon[0]["traits"]["plan"]
    assert (plan["value"], plan["at"], soon[0]["events"]) == ("team", at, before["events"] + 2)
    assert [one["name"] for one in soon[1]["events"][:2]] == ["Team Invited", "Unsubscribed"]
    take_to_the_lake(asked.opened)
    told = [asked.ask("GET", path).json() for path in paths]
    for one in (*soon, *told):
        one.pop("as_of", None)
        one.pop("identities", None)  # who somebody is has its own time
    assert soon == told


def test_the_newest_state_of_what_goes_on_is_read_at_once(asked):
    for version in (1, 3, 2):
        record = Record(("user:u3",), "Order Paid", Instant(version), "order-1", {"sum": version}, version=version)
        records = Records(now())
        records.add(1, record)
        with asked.opened.database.write() as connection:
            batch = records.batch()
            journal.append(connection, origin="webhook:shop", source="shop", received_at=now(), batch=batch)
        found = asked.ask("GET", "/v1/subscribers/u3/events").json()["events"]
        paid = [one["properties"] for one in found if one["name"] == "Order Paid"]
        assert paid == [{"sum": 1 if version == 1 else 3}]
        take_to_the_lake(asked.opened)
        assert asked.ask("GET", "/v1/subscribers/u3/events").json()["events"] == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("nobody@example.org", (404, "unknown_subscriber")),
        ("nobody/segments", (404, "unknown_subscriber")),
        ("nobody/events", (404, "unknown_subscriber")),
        ("u3?as_of=never", (400, "bad_instant")),
        ("u3?as_of=2999-01-01", (400, "future_instant")),
        ("u3/events?before=x", (400, "bad_cursor")),
        ("u3/events?limit=1001", (422, "bad_parameter")),
    ],
)
def test_what_cannot_be_asked_is_told(told, path, found):
    assert error(told.ask("GET", f"/v1/subscribers/{path}")) == found
