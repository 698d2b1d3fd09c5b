"""Moments that are easy to get wrong, one by one; and the snapshot."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from pathlib import Path

import numpy as np
import pytest

from shoal import segments
from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import parse
from shoal.segments.history import Event, History
from shoal.segments.live import GAPS, Facts, Happened, Live, Persons, gap_of, snapshot
from shoal.segments.live.gaps import COMPUTED
from shoal.segments.live.histories import facts_of
from shoal.segments.lowered import Core, Scanned

DAY = 86_400_000
NOW = Instant(1_770_000_000_000)
SEGMENTS = {
    "active": parse('did "Page Viewed" in the last 7 days'),
    "busy": parse('did "Page Viewed" at least 2 times in the last 7 days'),
    "quiet": parse('not did "Page Viewed" in the last 7 days and did "Page Viewed"'),
    "keen": parse('"Page Viewed" events are above average'),
    "calm": parse('in segment "active" and not in segment "busy"'),
}


def viewed(subscriber, *ago, identified=True):
    events = tuple(Event(subscriber * 100 + n, "Page Viewed", Instant(NOW - lag)) for n, lag in enumerate(ago))
    return History(subscriber, identified, events)


def persons(people, present=True):
    ids = np.array([one.subscriber for one in people], np.int64)
    identified = np.array([one.identified for one in people], np.bool_)
    return Persons(ids, np.full(len(ids), present), identified)


def built(people, segments=SEGMENTS, now=NOW):
    live = Live(now)
    needs = live.define(segments)
    live.persons(persons(people))
    live.load(told(live, people, needs))
    live.settle(silent=True)
    return live


def told(live, people, needs=None):
    where = live.people.places(np.array([one.subscriber for one in people], np.int64))
    places = {one.subscriber: int(place) for one, place in zip(people, where, strict=True)}
    return facts_of(people, needs or live.needs, places)


def shown(changes):
    return [(one.at - NOW, one.subscriber, one.segment, one.entered) for one in changes]


def test_who_leaves_and_comes_back_within_one_step_gives_both_changes():
    live = built([viewed(1, DAY), viewed(2)], {"active": SEGMENTS["active"]})
    live.fold(told(live, [viewed(1, -10 * DAY)]))
    assert shown(live.advance(Instant(NOW + 30 * DAY))) == [
        (6 * DAY, 1, "active", False),
        (10 * DAY, 1, "active", True),
        (17 * DAY, 1, "active", False),
    ]


@pytest.mark.parametrize(("lag", "inside"), [(7 * DAY - 1, True), (7 * DAY, False), (7 * DAY + 1, False)])
def test_a_late_event_on_either_side_of_the_edge(lag, inside):
    live = built([viewed(1)])
    live.fold(told(live, [viewed(1, lag)]))
    assert live.ids("active").tolist() == ([1] if inside else [])
    assert live.ids("quiet").tolist() == ([] if inside else [1])


def test_the_average_moves_for_those_to_whom_nothing_happens():
    live = built([viewed(1, DAY), viewed(2), viewed(3)])
    assert live.ids("keen").tolist() == [1]
    changes = live.fold(told(live, [viewed(2, 1, 2, 3, 4)]))
    assert (0, 1, "keen", False) in shown(changes)


def test_somebody_who_becomes_known_enters():
    visitor = viewed(1, DAY, identified=False)
    live = built([visitor])
    assert live.ids("active").tolist() == []
    assert (0, 1, "active", True) in shown(live.fold(persons=persons([viewed(1)])))


def test_next_due_is_the_next_edge():
    live = built([viewed(1, DAY)], {"active": SEGMENTS["active"]})
    assert live.next_due() == NOW + 6 * DAY
    live.advance(Instant(NOW + 6 * DAY))
    assert live.next_due() is None


def test_the_clock_does_not_go_back():
    with pytest.raises(ValueError, match="does not go back"):
        built([]).advance(Instant(NOW - 1))


def test_only_what_is_new_is_read_after_an_edit():
    live = built([viewed(1, DAY)])
    needs = live.define({**SEGMENTS, "orders": parse('did "Order Completed"')})
    assert [stream.event for stream in needs.streams] == ["Order Completed"]
    assert live.settle().names == tuple(live.program.members)


def test_a_snapshot_gives_the_same_reading(tmp_path):
    people = [viewed(1, DAY, 2 * DAY), viewed(2, 6 * DAY), viewed(3)]
    live, now = built(people), Instant(NOW + 3 * DAY)
    live.advance(Instant(NOW + DAY // 2))
    snapshot.save(live, SEGMENTS, tmp_path, offset=17)
    found = snapshot.load(SEGMENTS, tmp_path)
    assert found is not None
    again, offset = found
    assert (offset, again.now, again.sizes()) == (17, live.now, live.sizes())
    assert shown(again.advance(now)) == shown(live.advance(now))
    assert again.evaluate() == live.evaluate()


def test_the_order_of_definitions_says_nothing_about_a_snapshot(tmp_path):
    live = built([viewed(1, DAY), viewed(2, 6 * DAY), viewed(3)])
    snapshot.save(live, SEGMENTS, tmp_path, offset=0)
    found = snapshot.load(dict(reversed(SEGMENTS.items())), tmp_path)
    assert found is not None
    assert found[0].sizes() == live.sizes() == found[0].evaluate()


def test_rows_that_can_change_nothing_any_more_are_not_kept():
    live = built([viewed(1)])
    stream = next(iter(live.needs.streams))
    for _ in range(400):
        live.advance(Instant(live.now + DAY))
        live.fold(Facts(happened=(Happened(stream, np.zeros(9, np.int64), np.full(9, live.now)),)))
    held = sum(len(run.at) for source in live.store.sources.values() for run in source.plus.runs)
    assert held < 9 * 40


def test_a_snapshot_keeps_what_is_added_up(tmp_path):
    definitions = {"spent": parse("sum of total of orders in the last 7 days is at least 10")}
    orders = (Event(n, "Order Completed", Instant(NOW - n * DAY), {"total": 10.0**n}) for n in range(8))
    live = built([History(1, True, tuple(orders))], definitions)
    snapshot.save(live, definitions, tmp_path, offset=0)
    found = snapshot.load(definitions, tmp_path)
    assert found is not None
    again, later = found[0], Instant(NOW + 9 * DAY)
    assert shown(again.advance(later)) == shown(live.advance(later)) == [(6 * DAY, 1, "spent", False)]


def test_a_snapshot_of_other_definitions_is_not_used(tmp_path):
    snapshot.save(built([viewed(1)]), SEGMENTS, tmp_path, offset=0)
    assert snapshot.load({"active": SEGMENTS["active"]}, tmp_path) is None
    assert snapshot.load(SEGMENTS, tmp_path / "elsewhere") is None


def test_a_damaged_snapshot_is_told(tmp_path):
    snapshot.save(built([viewed(1)]), SEGMENTS, tmp_path, offset=0)
    (file,) = tmp_path.glob("*.npz")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        snapshot.load(SEGMENTS, tmp_path)
    (tmp_path / "header.json").write_text(json.dumps({"version": 1}))
    with pytest.raises(UserError, match="damaged"):
        snapshot.load(SEGMENTS, tmp_path)


@pytest.mark.parametrize(
    ("text", "computed"), [("the top 10 % by number of orders", False), ('did "Page Viewed" in the last 7 days', True)]
)
def test_gaps_are_declared_with_reason_and_period(text, computed):
    core: Core = parse(text if computed else f"in {text}").lower()
    gap = gap_of(core)
    assert (gap is None) == computed
    assert gap is None or (gap.reason and (gap.every is None or gap.every.ms > 0))


def test_every_condition_with_a_query_of_its_own_is_a_declared_gap():
    names = [each.name for each in pkgutil.walk_packages(segments.__path__, "shoal.segments.")]
    found = {
        name
        for module in map(importlib.import_module, names)
        for name, each in inspect.getmembers(module, inspect.isclass)
        if hasattr(each, "scan") and each.__module__.startswith("shoal.segments") and each is not Scanned
    }
    assert found == set(GAPS) | COMPUTED
    assert not COMPUTED & set(GAPS)
    page = (Path(__file__).parents[3] / "docs" / "concepts" / "live.md").read_text()
    for name, gap in GAPS.items():
        asked = "a fact arrives" if gap.every is None else f"{gap.every.ms // 60_000} minutes"
        assert f"| `{name}` | {gap.reason} | {asked} |" in page


def test_what_is_counted_already_is_not_read_again_with_what_is_new_of_its_stream():
    people = [viewed(1, DAY)]
    counted, summed = (
        parse('did "Page Viewed" in the last 7 days'),
        parse("sum of n of visits in the last 30 days is 0"),
    )
    live = built(people, {"counted": counted})
    live.load(told(live, people, live.define({"counted": counted, "summed": summed})))
    live.settle()
    live.advance(Instant(NOW + 6 * DAY))
    assert live.sizes() == {"counted": 0, "summed": 1}
    live.fold(told(live, [viewed(1, -6 * DAY)]))
    assert live.sizes() == {"counted": 1, "summed": 1}
