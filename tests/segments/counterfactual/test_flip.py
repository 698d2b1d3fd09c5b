"""What is said to turn a condition does turn the oracle's answer, and what is said never to, doesn't."""

from __future__ import annotations

from dataclasses import replace

import cases
import pytest
from hypothesis import given, settings

from shoal.core.time import Instant, parse_instant
from shoal.segments import parse
from shoal.segments.counterfactual.by_time import Answers
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.least import leaf_flips
from shoal.segments.history import Event, History
from shoal.segments.nodes import Person
from shoal.segments.oracle import People, is_member

NOW = parse_instant("2026-03-29T12:00:00Z")
DAY = 86_400_000
MANY = 300
"""Moments ahead at which an answer that never turns is asked for."""


def flip_of(node, history, others=(), now=cases.NOW):
    """What turns a condition for a subscriber of this list."""
    person = Person.of(history, now, {}, People([history, *others]))
    return leaf_flips(node, Answers(person))[node.english()]


def answer(node, history, others, at, facts=None):
    """The oracle's answer at an instant, had these facts been told besides what was known."""
    told = history if facts is None else facts.added_to(history)
    return is_member(node, told, at, population=People([told, *others]))


@pytest.mark.parametrize("kind", cases.leaves, ids=lambda kind: kind.__name__)
def test_what_is_said_to_turn_a_condition_turns_it(kind):
    @settings(max_examples=40, deadline=None)
    @given(cases.histories(2), cases.leaves[kind], cases.histories(1))
    def holds_good(people, node, later):
        one, other = people
        known = replace(one, identified=True).until(cases.NOW)
        flip, now = flip_of(node, known, [other]), answer(node, known, [other], cases.NOW)
        if flip.tried:
            assert answer(node, known, [other], flip.at, flip.facts) != now
        if flip.by is not None:
            wait = flip.by - cases.NOW
            assert answer(node, known, [other], Instant(flip.by - 1), flip.facts.later(wait - 1)) != now
            assert answer(node, known, [other], flip.by, flip.facts.later(wait)) == now
        if flip.never:
            told = shifted(later[0])
            ahead = Person.of(told.added_to(known), Instant(2 * cases.NOW), {}, None)
            moments = sorted({moment for moment in node.moments(ahead) if moment > cases.NOW})
            assert all(answer(node, known, [other], moment, told) == now for moment in moments[:MANY])

    holds_good()


def shifted(history: History) -> Facts:
    """What is in a history, as if it happened from now on; nobody moves to another time zone."""
    traits = tuple(one for one in history.traits if one.name != "timezone")
    first = min((one.at for one in (*history.events, *traits, *history.consents)), default=cases.NOW)
    return Facts(history.events, traits, history.consents).later(cases.NOW + 1 - first)


def opened(*days_ago: float) -> History:
    """A subscriber with an open so many days ago."""
    return History(
        events=tuple(Event(n, "Email Opened", Instant(int(NOW - days * DAY))) for n, days in enumerate(days_ago))
    )


def test_the_time_left_for_it_is_told():
    flip = flip_of(parse("opens at least 2 times in the last 7 days"), opened(6), now=NOW)
    assert (flip.words, flip.at, flip.by) == ('1 more "Email Opened" by 30 March 2026, 12:00 UTC', NOW, NOW + DAY)
    assert flip.as_data() == {
        "words": flip.words,
        "possible": True,
        "at": "2026-03-29T12:00:00Z",
        "by": "2026-03-30T12:00:00Z",
        "tried": True,
    }


def test_nothing_but_time_turns_what_time_holds():
    flip = flip_of(parse("opens in the last 7 days"), opened(6, 2), now=NOW)
    assert (flip.words, flip.at) == ('no more "Email Opened" until 3 April 2026, 12:00 UTC', NOW + 5 * DAY)
    assert (len(flip.facts), flip.tried) == (0, True)


def test_an_event_that_is_counted_later():
    flip = flip_of(parse('did "Email Opened" in the previous month'), opened(), now=NOW)
    assert flip.words == '1 more "Email Opened" now, counted from 1 April 2026'
    weekday = flip_of(parse('did "Email Opened" on a Monday between 9:00 and 10:00'), opened(), now=NOW)
    assert weekday.words.endswith("from 30 March 2026, 09:00 UTC")
    month = flip_of(parse('did "Email Opened" in May 2027'), opened(), now=NOW)
    assert month.words.endswith("from 1 May 2027")


def test_it_is_possible_impossible_or_not_known():
    assert flip_of(parse("opens until 2026-01-01"), opened(), now=NOW).as_data()["possible"] is False
    unsure = flip_of(parse('opens where subject matches "^[0-9]{40}$"'), opened(), now=NOW)
    assert (unsure.words, unsure.as_data()["possible"]) == (
        '1 more "Email Opened" where subject matches "^[0-9]{40}$"',
        None,
    )
