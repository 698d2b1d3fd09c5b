"""The top and the bottom of the list: who counts, ties, small lists."""

from __future__ import annotations

import cases
import pytest
from cases import members

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import from_data, parse, sql
from shoal.segments.explain import explain
from shoal.segments.history import Event, History, TraitStatement
from shoal.segments.measures import Standing
from shoal.segments.oracle import People
from shoal.segments.streams import Stream
from shoal.segments.summaries import Summary, TraitNumber

NOW = cases.NOW
DAY = 86_400_000


def bought(subscriber, *totals, identified=True):
    events = [Event(subscriber * 100 + n, "Order Completed", NOW, {"total": one}) for n, one in enumerate(totals)]
    return History(subscriber, identified, tuple(events))


def worth(subscriber, *values):
    stated = [
        TraitStatement("value", one, Instant(NOW - DAY + n), NOW, subscriber * 100 + n) for n, one in enumerate(values)
    ]
    return History(subscriber, traits=tuple(stated))


TEN = [bought(n, n * 10) for n in range(1, 11)]


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("top 10 %", [10]),
        ("top 10.000001 %", [9, 10]),
        ("top 5 percent", [10]),
        ("top 20%", [9, 10]),
        ("bottom 10 %", [1]),
        ("bottom 25 %", [1, 2, 3]),
        ("top 99 %", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("top 89.999999 %", [2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ],
)
def test_a_part_of_the_list(duck, part, found):
    assert members(duck, f"in the {part} by sum of total of orders", TEN) == found


def test_who_has_no_number_does_not_count(duck):
    people = [*TEN, *[History(n) for n in range(11, 200)], bought(200, "5"), bought(201, 999, identified=False)]
    assert members(duck, "in the top 10 % by sum of total of orders", people) == [10]
    assert members(duck, "in the bottom 10 % by sum of total of orders", people) == [1]
    assert members(duck, "in the bottom 10 % by sum of total of orders in the last 1s", [History(1)]) == []


def test_equal_numbers_are_all_in_or_all_out(duck):
    people = [bought(n, 5) for n in range(1, 9)] + [bought(9, 1), bought(10, 9)]
    assert members(duck, "in the top 10 % by sum of total of orders", people) == [10]
    assert members(duck, "in the top 20 % by sum of total of orders", people) == [1, 2, 3, 4, 5, 6, 7, 8, 10]
    assert members(duck, "in the bottom 10 % by sum of total of orders", people) == [9]
    assert members(duck, "in the top 1 % by number of orders", people) == list(range(1, 11))


def test_a_zero_is_a_number_where_there_is_an_event(duck):
    people = [bought(1, 0), bought(2, 5), bought(3)]
    assert members(duck, "in the bottom 50 % by sum of total of orders", people) == [1]


def test_by_number_of_events_and_by_other_numbers(duck):
    people = [bought(1, 100), bought(2, 1, 2, 3), bought(3, 50, 60)]
    assert members(duck, "in the top 30 % by number of orders", people) == [2]
    assert members(duck, "in the top 30 % by orders in the last 7 days", people) == [2]
    assert members(duck, "in the top 30 % by average of total of orders", people) == [1]
    assert members(duck, "in the bottom 30 % by maximum of total of orders", people) == [2]
    assert members(duck, "in the top 30 % by distinct total of orders", people) == [2]


def test_by_a_trait(duck):
    people = [worth(1, 5), worth(2, 9, 1), worth(3, 7.5), worth(4, 99, None), worth(5, 99, "99"), worth(6)]
    assert members(duck, "in the top 30 % by value", people) == [3]
    assert members(duck, 'in the bottom 30 % by trait "value"', people) == [2]


def test_an_anonymous_visitor_is_held_against_the_same_list(duck):
    people = [*TEN, bought(11, 95, identified=False), bought(12, 85, identified=False)]
    assert members(duck, "in the top 10 % by sum of total of orders including anonymous", people) == [10]
    assert members(duck, "in the top 20 % by sum of total of orders including anonymous", people) == [9, 10, 11]


def test_why():
    found = explain(parse("in the top 20 % by sum of total of orders"), TEN[7], NOW, {}, People(TEN))
    assert (found.holds, found.value, found.needed) == (False, "80, number 3 of 10", "in the top 20 %")
    assert (found.since, found.changes_at) == (None, None)
    found = explain(parse("in the top 20 % by value"), TEN[7], NOW, {}, People(TEN))
    assert (found.holds, found.value) == (False, "none")


def test_the_list_is_counted_alike(duck):
    people = [*TEN, bought(11, 10, identified=False), worth(12, 3.5)]
    cases.fill(duck, people)
    spent = Summary("sum", Stream("Order Completed"), ("total",))
    for totals in (sql.ListTotals(duck), People(people)):
        assert totals.standing(spent, 80_000_000, NOW) == Standing(10, 2, 7, 550_000_000)
        assert totals.standing(TraitNumber("value"), 0, NOW) == Standing(1, 1, 0, 3_500_000)
        assert totals.standing(TraitNumber("none"), 0, NOW) == Standing(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"top": 10}, "incomplete_condition"),
        ({"top": 10, "by": "value"}, "incomplete_condition"),
        ({"top": 10, "by": {"of": "X"}}, "incomplete_condition"),
        ({"top": 10, "by": {"sum": "a"}}, "incomplete_condition"),
        ({"top": 10, "by": {"sum": "a", "average": "a", "of": "X"}}, "incomplete_condition"),
        ({"top": 0, "by": {"trait": "a"}}, "bad_value"),
        ({"top": 100, "by": {"trait": "a"}}, "bad_value"),
        ({"top": "10", "by": {"trait": "a"}}, "bad_value"),
        ({"top": 0.0000001, "by": {"trait": "a"}}, "bad_value"),
        ({"top": 10, "bottom": 10, "by": {"trait": "a"}}, "unknown_key"),
        ({"top": 10, "by": {"trait": "a", "when": {"last": "7d"}}}, "unknown_key"),
        ({"top": 10, "by": {"count": "X", "at_least": 5}}, "unknown_key"),
    ],
)
def test_a_broken_one_is_told(data, code):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.code == code
    assert caught.value.fix
