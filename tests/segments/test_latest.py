"""What the latest and the first event say: ties, windows, nobody without an event."""

from __future__ import annotations

import cases
import pytest
from cases import members

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import from_data, parse
from shoal.segments.explain import explain
from shoal.segments.history import Event, History

NOW = cases.NOW
DAY = 86_400_000


def bought(subscriber, *orders):
    """Orders as (event id, days ago, properties)."""
    events = [Event(key, "Order Completed", Instant(NOW - round(days * DAY)), kept) for key, days, kept in orders]
    return History(subscriber, events=tuple(events))


PEOPLE = [
    bought(1, (11, 40, {"total": 90}), (12, 2, {"total": 20, "coupon": "A"})),
    bought(2, (21, 40, {"total": 20}), (22, 2, {"total": 90})),
    bought(3, (31, 40, {"total": 90})),
    bought(4),
]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ('total of the latest "Order Completed" is more than 50', [2, 3]),
        ('total of the first "Order Completed" is more than 50', [1, 3]),
        ('total of last "Order Completed" in the last 7 days is more than 50', [2]),
        ('total of the latest "Order Completed" more than 7 days ago is more than 50', [1, 3]),
        ('total of the latest "Order Completed" where coupon is not set is more than 50', [1, 2, 3]),
        ('coupon of the latest "Order Completed" is not set', [2, 3]),
        ('coupon of the latest "Order Completed" is not "B"', [1, 2, 3]),
        ('not coupon of the latest "Order Completed" is "A"', [2, 3, 4]),
        ('coupon of the latest "*" is "A" and total of the latest "*" is 20', [1]),
    ],
)
def test_one_event_decides(duck, sentence, found):
    assert members(duck, sentence, PEOPLE) == found


def test_of_events_at_one_instant_the_greatest_id_is_the_latest(duck):
    people = [bought(1, (7, 1, {"total": 1}), (9, 1, {"total": 2}), (8, 1, {"total": 3}))]
    assert members(duck, 'total of the latest "Order Completed" is 2', people) == [1]
    assert members(duck, 'total of the first "Order Completed" is 1', people) == [1]


def test_the_edges_of_the_window(duck):
    people = [bought(1, (1, 7, {"total": 1})), bought(2, (2, 7 - 1 / DAY, {"total": 1}))]
    sentence = 'total of the latest "Order Completed" in the last 7 days is 1'
    assert members(duck, sentence, people) == [2]
    assert members(duck, sentence, people, Instant(NOW + 1)) == []


def test_why_and_until_when():
    person = bought(1, (1, 20, {"total": 90}), (2, 3, {"total": 5}))
    found = explain(parse('total of the first "Order Completed" in the last 30 days is more than 50'), person, NOW)
    assert (found.holds, found.value, [event.event_id for event in found.events]) == (True, "90", [1])
    assert found.changes_at == NOW + 10 * DAY
    found = explain(parse('total of the latest "X" is set'), person, NOW)
    assert (found.holds, found.value, found.events) == (False, "no such event", ())


def test_time_alone_changes_a_comparison_with_a_date():
    person = bought(1, (1, 3, {"due": "2026-03-28T00:00:00Z"}))
    found = explain(parse('due of the latest "Order Completed" is within the last 2 days'), person, NOW)
    assert found.holds
    assert found.changes_at == cases.parse_instant("2026-03-30T00:00:00Z")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"latest": "X"}, "incomplete_condition"),
        ({"latest": "X", "property": "a"}, "incomplete_condition"),
        ({"latest": "", "property": "a", "is": 1}, "incomplete_condition"),
        ({"latest": "X", "property": "a", "is": 1, "gt": 5}, "unknown_key"),
        ({"latest": "X", "first": "X", "property": "a", "is": 1}, "unknown_key"),
        ({"latest": "X", "property": "a", "is": None}, "bad_value"),
        ({"latest": "X", "property": "a", "is": 1, "times": {"at_least": 1}}, "unknown_key"),
    ],
)
def test_a_broken_one_is_told(data, code):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.code == code
    assert caught.value.fix
