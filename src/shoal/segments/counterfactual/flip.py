"""What turns the answer of one condition, tried on a copy of the subscriber's history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from shoal.core.time import Instant, format_instant
from shoal.segments.counterfactual.by_time import moves_with_others
from shoal.segments.counterfactual.facts import NOTHING, Facts
from shoal.segments.counterfactual.population import Changed
from shoal.segments.counterfactual.ways import Do, Never, Wait, Way, moment_words
from shoal.segments.nodes import Node, Person
from shoal.segments.values import Json


@dataclass(frozen=True, slots=True)
class Flip:
    """What it takes for one condition to turn, the least of the ways that its kind knows.

    `facts` are an example of it: empty where time alone does it, None where none can be made up. `tried` says that
    with these facts the oracle's answer does turn, at the instant `at`. `by` is when they would come too late.
    `never` says that nothing turns it; where neither is said, no more is known than the words say.
    """

    words: str  # "1 more "Email Opened" by 3 December 2026"
    at: Instant | None  # when it turns; None where nothing was found that turns it
    facts: Facts | None = None
    by: Instant | None = None
    tried: bool = False
    never: bool = False

    def as_data(self) -> dict[str, Json]:
        """The JSON form; instants in ISO 8601. `possible` is null where that isn't known; facts are left out."""
        return {
            "words": self.words,
            "possible": True if self.tried else False if self.never else None,
            "at": None if self.at is None else format_instant(self.at),
            "by": None if self.by is None else format_instant(self.by),
            "tried": self.tried,
        }


def performed(person: Person, facts: Facts, at: Instant) -> Person:
    """The subscriber at an instant, where these facts had been told besides; all others as they are at `person.now`."""
    history, known = facts.added_to(person.history), person.population
    population = None if known is None else Changed(known, person.history, history, person.now)
    return Person.of(history, at, person.segments, population)


def first_that_turns(node: Node, person: Person, ways: Iterable[Way], later: Instant | None) -> Flip:
    """The first of these ways that turns a condition; `later` is when time alone does, None where it doesn't."""
    holds, untried, never = node.holds(person), None, None
    fixed = moves_with_others(node, person)
    for way in ways:
        match way:
            case Do(words, facts, at) if later is None or at < later:
                if facts is None or (fixed and at > person.now):
                    untried = untried or Flip(words, at, facts)
                elif node.holds(performed(person, facts, at)) != holds:
                    return _in_time(node, person, Flip(words, at, facts, tried=True), later)
            case Wait(words) if later is not None:
                return _waiting(words, later)
            case Never(words):
                never = never or Flip(words, None, never=True)
    if later is not None:
        return _waiting("", later)
    return untried or never or Flip("no change was found that turns it", None)


def _waiting(words: str, later: Instant) -> Flip:
    said = f"{words} until {moment_words(later)}" if words else f"time alone on {moment_words(later)}"
    return Flip(said, later, NOTHING, tried=True)


def _in_time(node: Node, person: Person, flip: Flip, later: Instant | None) -> Flip:
    """The flip with the instant from which on the same facts, told then, no longer turn the answer.

    There is none where they stop to do so at no moment of the condition's own: a birthday that is today isn't tomorrow.
    """
    facts = flip.facts
    if not facts or flip.at != person.now or moves_with_others(node, person):
        return flip
    holds = node.holds(person)

    def turns(moment: Instant) -> bool:
        return node.holds(performed(person, facts.later(moment - person.now), moment)) != holds

    for moment in sorted({one for one in node.moments(person) if one > person.now}):
        if later is not None and moment >= later:
            break
        if not turns(moment):
            exact = turns(Instant(moment - 1))
            return replace(flip, words=f"{flip.words} by {moment_words(moment)}", by=moment) if exact else flip
    return flip
