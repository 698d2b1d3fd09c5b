"""Sums, averages, least, greatest and distinct values: windows, nothing, arithmetic, the list."""

from __future__ import annotations

import cases
import pytest
from cases import members

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import from_data, parse
from shoal.segments.explain import explain
from shoal.segments.history import Event, History
from shoal.segments.oracle import People

NOW = cases.NOW
DAY = 86_400_000


def bought(subscriber, *totals, days=0, lag=0, identified=True):
    at = Instant(NOW - days * DAY + lag)
    kept = [{} if total is ... else {"total": total} for total in totals]
    events = [Event(subscriber * 100 + n, "Order Completed", at, one) for n, one in enumerate(kept)]
    return History(subscriber, identified, tuple(events))


PEOPLE = [
    bought(1, 60, 40.5),
    bought(2, 10, 20, 30),
    bought(3, "100", None, ..., [5], True),
    bought(4),
    bought(5, -5, 5.0),
]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("sum of total of orders is at least 100", [1]),
        ("sum of total of orders is exactly 100.5", [1]),
        ("sum of total of orders is more than 100.5", []),
        ("sum of total of orders is exactly 0", [3, 4, 5]),
        ("sum of total of orders is at most 60", [2, 3, 4, 5]),
        ("sum of total of orders is less than 0", []),
        ("not sum of total of orders is at most 60", [1]),
        ("average of total of orders is exactly 50.25", [1]),
        ("average of total of orders is between 0 and 20", [2, 5]),
        ("average of total of orders is at most 0", [5]),
        ("minimum of total of orders is at least 10", [1, 2]),
        ("minimum of total of orders is more than 10", [1]),
        ("minimum of total of orders is less than 10", [5]),
        ("minimum of total of orders is exactly -5", [5]),
        ("minimum of total of orders is between 10 and 40", [2]),
        ("maximum of total of orders is at most 30", [2, 5]),
        ("maximum of total of orders is less than 30", [5]),
        ("maximum of total of orders is at least 60", [1]),
        ("maximum of total of orders = 5", [5]),
        ("maximum of total of orders is between 30 and 60", [1, 2]),
        ("distinct total of orders is at least 3", [2]),
        ("distinct total of orders is exactly 2", [1, 3, 5]),
        ("distinct total of orders is exactly 0", [4]),
        ('sum of total of "Order Completed" where total is more than 10 is exactly 50', [2]),
    ],
)
def test_a_number_of_a_property(duck, sentence, found):
    assert members(duck, sentence, PEOPLE) == found


def test_the_edges_of_the_window(duck):
    people = [bought(1, 10, days=7), bought(2, 10, days=7, lag=1), bought(3, 10), bought(4, 10, lag=1)]
    assert members(duck, "sum of total of orders in the last 7 days is at least 10", people) == [2, 3]
    assert members(duck, "maximum of total of orders in the last 7 days is at least 10", people) == [2, 3]
    assert members(duck, "average of total of orders more than 7 days ago is at least 10", people) == [1]


def test_money_adds_up_exactly(duck):
    people = [
        bought(1, *[0.1] * 10),
        bought(2, *[19.99] * 3),
        bought(3, 10**15, -(10**15), 7),
        bought(4, 0.0000005, 0.0000015),
    ]
    assert members(duck, "sum of total of orders is exactly 1", people) == [1]
    assert members(duck, "sum of total of orders is exactly 59.97", people) == [2]
    assert members(duck, "sum of total of orders is exactly 7", people) == [3]
    assert members(duck, "sum of total of orders is exactly 0.000002", people) == [4]


def test_an_average_is_cut_off_after_six_decimals(duck):
    people = [bought(1, 50, 50, 0), bought(2, -50, -50, 0)]
    assert members(duck, "average of total of orders is exactly 33.333333", people) == [1]
    assert members(duck, "average of total of orders is exactly -33.333333", people) == [2]


def test_numbers_beyond_a_quadrillion_are_left_out_of_sums_only(duck):
    people = [bought(1, 10**15), bought(2, 10**15 + 1, 5), bought(3, -(2**63), 2.0**70), bought(4, 1e300, 7)]
    assert members(duck, "sum of total of orders is at least 1000000000000000", people) == [1]
    assert members(duck, "sum of total of orders is exactly 5", people) == [2]
    assert members(duck, "average of total of orders is exactly 7", people) == [4]
    assert members(duck, "maximum of total of orders is at least 1000000000000001", people) == [2, 3, 4]
    assert members(duck, "maximum of total of orders is at most 1000000000000000", people) == [1]
    assert members(duck, "sum of total of orders is less than 1e300", people) == [1, 2, 3, 4]


def test_distinct_values_keep_their_kind(duck):
    people = [
        bought(1, 5, 5.0, 5),
        bought(2, "5", 5),
        bought(3, True, 1, "1", "true", "b1", "rue"),
        bought(4, 2**53 + 1, float(2**53)),
        bought(5, 0.0, -0.0, 0),
        bought(6, "a", "A", "a "),
        bought(7, [1], {"a": 1}, None),
        bought(8, 1e300, 1e300, 0.1),
    ]
    for number, found in enumerate(([7], [1, 5], [2, 4, 8], [6], [], [], [3])):
        assert members(duck, f"distinct total of orders is exactly {number}", people) == found, number


def test_the_average_of_the_list(duck):
    people = [bought(1, 30), bought(2, 10), bought(3), bought(4, 900, identified=False)]
    assert members(duck, "sum of total of orders is above average", people) == [1]
    assert members(duck, "sum of total of orders is below average", people) == [2, 3]
    assert members(duck, "average of total of orders is above average", people) == [1]
    assert members(duck, "average of total of orders is below average", people) == [2]
    assert members(duck, "maximum of total of orders is above average including anonymous", people) == [1, 4]
    assert members(duck, "sum of total of orders is above average", [bought(1)]) == []


def test_why(duck):
    person = bought(1, 60, 40.5, ...)
    found = explain(parse("sum of total of orders in the last 7 days is at least 100"), person, NOW)
    assert (found.value, found.needed, len(found.events)) == ("100.5", "at least 100", 3)
    assert (found.since, found.changes_at) == (NOW, NOW + 7 * DAY)
    found = explain(parse("minimum of total of orders is at most 5"), History(), NOW)
    assert (found.holds, found.value) == (False, "none")
    people = [person, bought(2)]
    found = explain(parse("sum of total of orders is above average"), person, NOW, {}, People(people))
    assert (found.needed, found.changes_at) == ("above the list's average of 50.25", None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"sum": "total", "at_least": 1}, "incomplete_condition"),
        ({"sum": "total", "of": "X"}, "incomplete_condition"),
        ({"sum": "total", "of": "X", "at_least": 1, "at_most": 2}, "incomplete_condition"),
        ({"sum": "", "of": "X", "at_least": 1}, "incomplete_condition"),
        ({"sum": "total", "of": "", "at_least": 1}, "incomplete_condition"),
        ({"sum": "total", "of": "X", "at_least": "1"}, "bad_value"),
        ({"sum": "total", "of": "X", "at_least": True}, "bad_value"),
        ({"sum": "total", "of": "X", "at_least": 0.0000001}, "bad_value"),
        ({"sum": "total", "of": "X", "between": [5, 1]}, "bad_value"),
        ({"sum": "total", "of": "X", "between": 5}, "bad_value"),
        ({"sum": "total", "of": "X", "list_average": "over"}, "bad_value"),
        ({"sum": "total", "of": "X", "at_leats": 1}, "unknown_key"),
        ({"sum": "total", "average": "total", "of": "X", "at_least": 1}, "unknown_key"),
        ({"sum": "a..b", "of": "X", "at_least": 1}, "bad_path"),
    ],
)
def test_a_broken_one_is_told(data, code):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.code == code
    assert caught.value.fix


def test_traits_named_like_these_words_can_still_be_asked_for():
    for name in ("sum", "average", "minimum", "maximum", "distinct", "score"):
        assert parse(f"{name} is more than 5").to_data() == {"trait": name, "gt": 5}
