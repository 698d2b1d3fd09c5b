"""What turns a definition where things of several instants have to come together."""

from __future__ import annotations

from dataclasses import replace

import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.time import Instant, parse_instant
from shoal.segments import parse
from shoal.segments.counterfactual.facts import NOTHING
from shoal.segments.explain import explain
from shoal.segments.history import Event, History
from shoal.segments.kinds.groups import All
from shoal.segments.library import starters
from shoal.segments.nodes import Person
from shoal.segments.oracle import People, is_member

NOW = parse_instant("2026-03-29T12:00:00Z")
DAY = 86_400_000
BOTH = 'did "A" between 60 days and 30 days ago and did "B" in the last 7 days'
FIRST_A_THEN_B = 'now: 1 more "A"; on 28 April 2026, 12:00 UTC: 1 more "B", and nothing else until then'


def opened(number: int, **more) -> History:
    """A subscriber with so many opens, one a day."""
    events = (Event(place, "Email Opened", Instant(NOW - (1 + place) * DAY)) for place in range(number))
    return History(events=tuple(events), **more)


_lengths = st.integers(1, 90)
_between = st.tuples(_lengths, _lengths).map(lambda two: f"between {sum(two)} days and {two[0]} days ago")
_last, _before = (_lengths.map(words.format) for words in ("in the last {} days", "more than {} days ago"))


@settings(max_examples=60, deadline=None)
@given(
    cases.histories(1),
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 4), _between | _last | _before), min_size=1, max_size=3),
)
def test_for_numbers_of_events_in_windows_that_move_there_is_always_a_change(people, asked):
    node = All(tuple(parse(f'did "{name}" at least {number} times {window}') for name, number, window in asked))
    found = explain(node, replace(people[0], identified=True).until(cases.NOW), cases.NOW)
    assert found.least is not None
    assert found.least.tried
    told = found.least.facts.added_to(people[0].until(cases.NOW))
    assert node.holds(Person.of(told, found.least.at, {}, None))
    assert found.why_none == ()


def test_conditions_that_need_different_instants():
    found = explain(parse(BOTH), History(), NOW).least
    assert found.words() == FIRST_A_THEN_B
    assert (found.at, found.start, found.tried) == (NOW + 30 * DAY, NOW, True)
    assert [(one.told, one.said()) for one in found.steps] == [(NOW, '1 more "A"'), (NOW + 30 * DAY, '1 more "B"')]
    assert [(turn.places, turn.flip.words) for turn in found.turns] == [
        (("all[0]",), '1 more "A"'),
        (("all[1]",), '1 more "B"'),
    ]
    assert found.as_data()["steps"][1] == {"told_at": "2026-04-28T12:00:00Z", "words": '1 more "B"'}


def test_customers_who_never_opened_may_be_at_risk_in_a_month():
    history = History(events=tuple(Event(day, "Email Delivered", Instant(NOW - day * DAY)) for day in range(1, 40)))
    node = starters()["at-risk-customers"].when
    found = explain(node, history, NOW).least
    assert found.words() == (
        'now: 1 more "Order Completed", and 2 more "Email Opened" by a person; it counts on 27 May 2026, 12:00 UTC, '
        "and nothing else until then"
    )
    assert is_member(node, found.facts.added_to(history), found.at)


def test_averages_of_the_list_are_taken_as_they_are_now_where_time_has_to_pass():
    ana, others = replace(opened(0), subscriber=9), [replace(opened(3), subscriber=number) for number in range(3)]
    node = parse(
        'did "Order Completed" between 60 days and 30 days ago and opens in the last 30 days are above average'
    )
    found = explain(node, ana, NOW, {}, People([ana, *others])).least
    assert found.words() == (
        'now: 1 more "Order Completed"; on 28 April 2026, 12:00 UTC: 4 more "Email Opened", and nothing else until then'
        " (averages and ranks of the list taken as they are now)"
    )
    assert found.as_data()["list_as_today"] is True


def test_another_rank_is_tried():
    ana, others = replace(opened(0), subscriber=9), [replace(opened(3), subscriber=number) for number in range(3)]
    found = explain(parse("in the top 25 % by number of opens"), ana, NOW, {}, People([ana, *others])).least
    assert (found.words(), found.tried, found.as_today) == ('3 more "Email Opened"', True, False)


def test_conditions_of_another_segment():
    segments = {"readers": parse('did "A" between 60 days and 30 days ago')}
    found = explain(parse('in segment "readers" and did "B" in the last 7 days'), History(), NOW, segments).least
    assert found.words() == FIRST_A_THEN_B
    assert found.turns[0].sentence == 'in segment "readers"'


def test_a_visitor_is_identified_first():
    visitor = History(identified=False)
    found = explain(parse(BOTH), visitor, NOW).least
    assert found.words().startswith('now: an address, a phone number or a user id of theirs, and 1 more "A"; on 28 ')
    assert is_member(parse(BOTH), found.facts.added_to(visitor), found.at)


def test_nothing_is_done_where_time_and_the_list_as_it_is_do_it():
    history = History(events=(Event(1, "A", Instant(NOW - 29 * DAY)), *opened(2).events))
    node = parse('did "A" between 60 days and 30 days ago and "Email Opened" events are above average')
    found = explain(node, history, NOW, {}, People([history, replace(opened(1), subscriber=3)])).least
    assert (found.facts, found.at) == (NOTHING, NOW + DAY)
    assert found.words().startswith("time alone on 30 March 2026, 12:00 UTC (averages")


def test_what_nothing_turns_has_no_least_change_and_says_why():
    found = explain(parse("opens until 2026-01-01 and visits"), opened(0), NOW)
    assert found.least is None
    assert found.why_none == ('did "Email Opened" until 2026-01-01 (no event from now on is counted)',)
    assert found.as_data()["why_no_change"] == list(found.why_none)
    segments = {"old": parse("opens until 2026-01-01")}
    within = explain(parse('in segment "old"'), opened(0), NOW, segments)
    assert "no event from now on is counted" in within.why_none[0]
    either = explain(parse("opens until 2026-01-01 or visits"), opened(0), NOW)
    assert (either.least.words(), either.why_none) == ('1 more "Page Viewed"', ())
