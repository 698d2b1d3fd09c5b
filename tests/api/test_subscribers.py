"""One subscriber over HTTP."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from asked import BOUGHT, TRIAL

from shoal.flow import asking, people


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
