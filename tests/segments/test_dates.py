"""Dates against now, on both sides of it, and between two days."""

from __future__ import annotations

import cases
import pytest

from shoal.core.errors import UserError
from shoal.core.time import Duration, Instant, format_instant, parse_instant
from shoal.segments import english, from_data, parse, to_data
from shoal.segments.comparison import Comparison
from shoal.segments.explain import explain
from shoal.segments.history import Event, History, TraitStatement
from shoal.segments.kinds.has_been import HasBeen

NOW = cases.NOW
WEEK = 7 * 86_400_000

FORMS = {
    "renewal is within the next 7 days": {"trait": "renewal", "within_next": "7d"},
    "renewal is more than 7 days ago": {"trait": "renewal", "before_ago": "7d"},
    "renewal is more than 7 days from now": {"trait": "renewal", "after_next": "7d"},
    "signed_up is between 2026-11-01 and 2026-12-01": {
        "trait": "signed_up",
        "between": ["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"],
    },
    'did "A" where due is within the next 2 weeks': {
        "did": "A",
        "where": [{"property": "due", "within_next": "2w"}],
    },
    'did "A" where due is between 2026-11-01 and 2026-11-02T09:30:00Z in the last 7 days': {
        "did": "A",
        "where": [{"property": "due", "between": ["2026-11-01T00:00:00Z", "2026-11-02T09:30:00Z"]}],
        "when": {"last": "7d"},
    },
    "plan has been between 2026-11-01 and 2026-12-01 for at least 1 day": {
        "has_been": "plan",
        "between": ["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"],
        "for": "1d",
    },
    "renewal is between 5 and 10": {"trait": "renewal", "between": [5, 10]},
}


@pytest.mark.parametrize("sentence", FORMS)
def test_a_sentence_says_its_json(sentence):
    node = parse(sentence)
    assert to_data(node) == FORMS[sentence]
    assert from_data(to_data(node)) == node
    assert english(node) == sentence


def test_dates_in_quotes_and_short_in_json_are_the_same():
    said = parse("signed_up is between 2026-11-01 and 2026-12-01")
    assert parse('signed_up is between "2026-11-01" and "2026-12-01"') == said
    assert from_data({"trait": "signed_up", "between": ["2026-11-01", "2026-12-01"]}) == said


def stated(at: int) -> History:
    text = format_instant(Instant(at))
    told = TraitStatement("d", text, Instant(0), Instant(0), 1)
    return History(traits=(told,), events=(Event(2, "A", Instant(NOW - 1), {"d": text}),))


EDGES = (-WEEK - 1, -WEEK, -WEEK + 1, -1, 0, 1, WEEK - 1, WEEK, WEEK + 1)
PASSES = {
    "is more than 7 days ago": (-WEEK - 1, -WEEK),
    "is within the last 7 days": (-WEEK + 1, -1, 0),
    "is within the next 7 days": (1, WEEK - 1, WEEK),
    "is more than 7 days from now": (WEEK + 1,),
}


@pytest.mark.parametrize("words", PASSES)
def test_the_four_part_all_time_exactly(duck, words):
    people = [
        History(number, traits=found.traits, events=found.events)
        for number, found in enumerate(stated(NOW + lag) for lag in EDGES)
    ]
    expected = [EDGES.index(lag) for lag in PASSES[words]]
    assert cases.members(duck, f"d {words}", people) == expected
    assert cases.members(duck, f'did "A" where d {words}', people) == expected
    assert cases.members(duck, f"not d {words}", people) == [one for one in range(9) if one not in expected]


@pytest.mark.parametrize("words", PASSES)
def test_a_text_that_is_no_date_passes_none(duck, words):
    people = [History(0, traits=(TraitStatement("d", "soon", Instant(0), Instant(0), 1),)), History(1)]
    assert cases.members(duck, f"d {words}", people) == []


def test_between_has_both_ends(duck):
    days = (
        "2026-10-31T23:59:59.999Z",
        "2026-11-01",
        "2026-11-15T12:00+05:00",
        "2026-12-01",
        "2026-12-01T00:00:00.001Z",
    )
    people = [History(n, traits=(TraitStatement("d", day, Instant(0), Instant(0), 1),)) for n, day in enumerate(days)]
    assert cases.members(duck, "d is between 2026-11-01 and 2026-12-01", people) == [1, 2, 3]


@pytest.mark.parametrize(
    ("words", "lag", "since", "changes"),
    [
        ("is within the next 7 days", WEEK - 5, -5, WEEK - 5),
        ("is within the next 7 days", WEEK + 5, None, 5),
        ("is more than 7 days ago", -WEEK + 5, None, 5),
        ("is more than 7 days ago", -WEEK - 5, -5, None),
        ("is more than 7 days from now", WEEK + 5, 0 - NOW, 5),
        ("is more than 7 days from now", WEEK - 5, -5, None),
    ],
)
def test_explain_says_when_time_alone_turns_it(words, lag, since, changes):
    found = explain(parse(f"d {words}"), stated(NOW + lag), NOW)
    assert found.since == (None if since is None else NOW + since)
    assert found.changes_at == (None if changes is None else NOW + changes)


def test_what_moves_with_time_cannot_be_held():
    with pytest.raises(UserError, match="moves with time"):
        HasBeen("d", Comparison("within_next", Duration(7, "d")), Duration(1, "d"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (["2026-12-01", "2026-11-01"], "The range from 2026-12-01 to 2026-11-01 is empty."),
        (["2026-12-01", 5], "5 is not a date or time."),
        ([5, "2026-12-01"], '"2026-12-01" is not a number.'),
        (["soon", "2026-12-01"], '"soon" is not a date or time.'),
        (["0999-01-01", "2026-12-01"], '"0999-01-01" is not a date or time.'),
        (["2026-12-01"], "A range needs two numbers or two dates."),
    ],
)
def test_a_broken_range(data, message):
    with pytest.raises(UserError) as caught:
        from_data({"trait": "d", "between": data})
    assert caught.value.message == message
    assert caught.value.where == "$.between"


def test_instants_of_a_day_are_no_numbers():
    day = Comparison("between", parse("d is between 2026-11-01 and 2026-12-01").comparison.operand)
    assert not day.holds(parse_instant("2026-11-02"), NOW)
    assert day.holds("2026-11-02", NOW)
