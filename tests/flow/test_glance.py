"""What a workspace looks like at a glance, what to do next, and segments found by words."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from shoal.core.time import Instant, now
from shoal.flow import comparing
from shoal.flow import glance as glance_
from shoal.flow.glance import MINUTE_MS, Advice, glance
from shoal.flow.importing import import_paths
from shoal.flow.saving import save
from shoal.flow.searching import search
from shoal.ingest import letters
from shoal.ingest.calls import Letter
from shoal.segments.files import Segment
from shoal.segments.library import starters
from shoal.segments.sentence import parse
from shoal.store import journal


def taken(opened, rows: int, ago_ms: int) -> None:
    batch = pa.RecordBatch.from_pydict({"n": list(range(rows))})
    with opened.database.write() as connection:
        journal.append(connection, origin="api:web", source="web", received_at=Instant(now() - ago_ms), batch=batch)


def test_what_arrived_within_the_minute_and_what_waits(sqlite):
    taken(sqlite, 100, 2 * MINUTE_MS)
    taken(sqlite, 7, MINUTE_MS // 2)
    taken(sqlite, 3, 0)
    seen = glance(sqlite, None)
    assert (seen.events_a_minute, seen.waiting, seen.letters) == (10, 110, 0)
    assert (seen.people, seen.behind_ms) == (None, None)


@pytest.fixture
def people(sqlite, tmp_path):
    lines = [
        {
            "type": "track",
            "event": "Product Viewed",
            "userId": f"u{number}",
            "timestamp": "2026-11-01T10:00:00Z",
            "properties": {"category": "shoes" if number % 2 else "hats"},
        }
        for number in range(8)
    ]
    lines += [
        {"type": "identify", "userId": f"u{n}", "timestamp": "2026-11-01T09:00:00Z", "traits": {"plan": "trial"}}
        for n in range(4)
    ]
    file = tmp_path / "calls.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    import_paths(sqlite, [file])
    return sqlite


def test_the_next_step_is_lost_calls_then_data_then_a_first_segment_then_the_linter(sqlite, people):
    assert Advice(people).step().kind == "segment"
    save(people, Segment("buyers", parse('did "Order Completd"')), actor="ana")
    step = Advice(people).step()
    assert (step.kind, step.finding.segment) == ("lint", "buyers")
    with people.database.write() as connection:
        letters.keep(connection, "web", now(), [Letter("bad_time", "A time can't be read.", b"{}")])
    assert Advice(people).step().kind == "letters"


def test_an_empty_workspace_wants_data(sqlite):
    assert Advice(sqlite).step().kind == "import"


def test_segments_are_found_by_all_words_a_page_at_a_time(people):
    for name, title in (("lookers", "Lookers"), ("lookers-of-shoes", "Shoes"), ("others", "Rest")):
        save(people, Segment(name, parse('did "Product Viewed"'), title=title, owner="Ana"), actor="ana")
    found = search(people, None, "ANA look", page=1, length=1)
    assert ([each.segment.name for each in found.segments], found.total) == (["lookers"], 2)
    second = search(people, None, "ana look", page=2, length=1)
    assert [each.segment.name for each in second.segments] == ["lookers-of-shoes"]
    assert search(people, None, "nothing like it", page=1, length=9).total == 0
    everything = search(people, None, "", page=1, length=100, starters=True)
    assert everything.total == 3 + len(starters())
    assert [each.is_starter for each in everything.segments][:4] == [False, False, False, True]


def test_a_definition_is_compared_with_the_saved_one(people):
    trial, viewed = parse('plan is "trial"'), parse('did "Product Viewed" where category is "shoes"')
    found = comparing.compare(people, viewed, trial)
    assert (found.members, found.entering, found.leaving) == (4, 2, 2)
    assert found.few.num_rows == 4
    assert comparing.compare(people, trial, None).entering is None


def test_values_that_several_people_share_are_proposed(people):
    assert comparing.values(people, "Product Viewed", "category") == ("hats", "shoes")
    assert comparing.values(people, "", "plan") == ("trial",)
    assert comparing.values(people, "", "email") == ()


def test_the_linter_is_asked_again_only_when_a_version_came(people, monkeypatch):
    asked = []
    monkeypatch.setattr(glance_, "lint_one", lambda _, subject: asked.append(subject.name) or ())
    advice = Advice(people)
    save(people, Segment("buyers", parse('did "Product Viewed"')), actor="ana")
    assert [advice.step(), advice.step()] == [None, None]
    assert asked == ["buyers"]
    save(people, Segment("again", parse('did "Product Viewed"')), actor="ana")
    assert advice.step() is None
    assert asked == ["buyers", "again", "buyers"]
