"""An explanation agrees with membership, and its turning points are exact."""

from __future__ import annotations

import cases
from hypothesis import given, settings

from shoal.core.time import Instant, parse_instant
from shoal.segments import parse
from shoal.segments.explain import explain
from shoal.segments.history import Event, History
from shoal.segments.nodes import Person, walk
from shoal.segments.oracle import People, is_member

NOW = parse_instant("2026-03-29T12:00:00Z")
DAY = 86_400_000


def test_why_somebody_is_a_member_and_when_that_ends():
    person = History(
        events=(
            Event(1, "Page Viewed", Instant(NOW - 6 * DAY), {"path": "/pricing"}),
            Event(2, "Page Viewed", Instant(NOW - 2 * DAY), {"path": "/pricing/team"}),
            Event(3, "Page Viewed", Instant(NOW - DAY), {"path": "/blog"}),
        )
    )
    node = parse(
        'did "Page Viewed" where path starts with "/pricing" at least 2 times in the last 7 days '
        'and not did "Order Completed"'
    )
    whole = explain(node, person, NOW)
    views, no_order = whole.parts
    assert whole.holds
    assert (views.place, views.value, views.needed) == ("all[0]", "2", "at least 2 times")
    assert [event.event_id for event in views.events] == [1, 2]
    assert views.since == whole.since == NOW - 2 * DAY
    assert views.changes_at == whole.changes_at == NOW + DAY
    assert no_order.holds
    assert (no_order.since, no_order.changes_at) == (None, None)
    assert no_order.parts[0].value == "0"
    assert whole.as_data()["parts"][0]["changes_at"] == "2026-03-30T12:00:00Z"


def test_a_visitor_nobody_knows_is_told_why():
    found = explain(parse("visits at most 5 times"), History(identified=False), NOW)
    assert not found.holds
    assert found.parts[0].holds
    assert "identified" in found.value


@settings(max_examples=60, deadline=None)
@given(cases.histories(1), cases.definitions(deep=4), cases.segment_sets())
def test_turning_points_are_exact(people, node, segments):
    (history,) = people
    totals = People(people)
    found = explain(node, history, cases.NOW, segments, totals)
    assert found.holds == is_member(node, history, cases.NOW, segments, totals)
    tree = found if found.value != "nobody has identified this visitor" else found.parts[0]
    person = Person.of(history, cases.NOW, segments, totals)

    def at(instant: int) -> bool:
        return node.holds(person.at(Instant(instant)))

    assert [place for place, _ in walk(node)] == list(_places(tree))
    if tree.changes_at is not None:
        assert tree.changes_at > cases.NOW
        assert at(tree.changes_at) != tree.holds
        assert at(tree.changes_at - 1) == tree.holds
    if tree.since is not None:
        assert tree.since <= cases.NOW
        assert at(tree.since) == tree.holds
        assert at(tree.since - 1) != tree.holds
    if tree.changes_at is None and tree.since is None:
        return
    between = range(tree.since or cases.NOW, tree.changes_at or cases.NOW + 1, 7 * 3_600_000)
    assert all(at(instant) == tree.holds for instant in list(between)[:400])


def _places(tree):
    yield tree.place
    for part in tree.parts:
        yield from _places(part)
