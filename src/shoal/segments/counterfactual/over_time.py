"""What turns a whole definition where facts of several instants and time have to come together.

For one instant ahead after the other, facts are placed in the stretches that its windows look at: the search takes the
conditions that are not yet as they have to be, places for one of them the fewest facts that turn it, and goes on from
there, fewest facts first. Every step and the whole are tried on a copy of the history, at that instant.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from shoal.core.time import Instant
from shoal.segments.counterfactual.examples import example_event
from shoal.segments.counterfactual.facts import Facts, added
from shoal.segments.counterfactual.flip import Flip, performed
from shoal.segments.counterfactual.minimal_sets import smallest_sets
from shoal.segments.counterfactual.on_events import MOST_FACTS, coming_words
from shoal.segments.counterfactual.ways import Do
from shoal.segments.kinds.segment import Member
from shoal.segments.lint.leaves import counted
from shoal.segments.nodes import Node, Person, walk
from shoal.segments.windows import EVER, Window

MOST_PLACED = 200
"""Events of one kind at one instant that are placed at most."""

MOST_LOOKED_AT = 40
"""Placings that are gone on from, for one instant, and three more for each condition."""

SETS = 3
"""Sets of conditions that are begun with at each placing."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happens, or is told, at one instant."""

    words: str  # of events: what more there has to be, without the number
    told: Instant
    facts: Facts  # of events: one of them
    sentence: str  # of the condition that it was placed for
    number: int | None = None  # of events; None where the words and the facts say all

    def all_facts(self) -> Facts:
        """What it brings altogether."""
        return self.facts if self.number is None else Facts(events=self.facts.events * self.number)

    def said(self) -> str:
        """`2 more "Email Opened"`."""
        return self.words if self.number is None else f"{self.number} more {self.words}"


Steps = tuple[Step, ...]


def facts_of(steps: Iterable[Step]) -> Facts:
    """All that several steps bring."""
    return added(step.all_facts() for step in steps)


def size(steps: Iterable[Step]) -> int:
    """How many things have to happen or be told."""
    return sum(len(step.facts) * (1 if step.number is None else step.number) for step in steps)


def leaves_within(node: Node, person: Person) -> dict[str, Node]:
    """Conditions by their sentence, with those of segments that are referred to."""
    found: dict[str, Node] = {}
    for _, leaf in walk(node):
        if isinstance(leaf, Member):
            found |= leaves_within(person.segments[leaf.segment], person)
        elif not leaf.children():
            found.setdefault(leaf.english(), leaf)
    return found


def edges_ahead(node: Node, person: Person) -> set[Instant]:
    """When what happens now enters or leaves a window of the definition."""
    windows = {
        window
        for leaf in leaves_within(node, person).values()
        for _, window in counted(leaf.lower())
        if window is not None
    }
    return {Instant(person.now + lag) for window in windows for lag in window.lags()}


def placed(search: Search, most: int) -> Steps | None:
    """The fewest steps by which the answer is another at the instant, of `most` facts at most; None: none was found.

    What is gone on from first has the fewest facts, with those that the conditions not yet turned would each take by
    itself. Where facts serve several conditions in ways that this doesn't foresee, a little fewer may be missed.
    """
    order, costs = count(), search.costs()
    waiting: list[tuple[int, int, int, int, Steps]] = [(0, 0, 0, next(order), ())]
    seen: set[frozenset[tuple[str, Instant, int | None]]] = set()
    for _ in range(MOST_LOOKED_AT + 3 * len(costs)):
        if not waiting:
            return None
        *_, steps = heapq.heappop(waiting)
        seen_by = search.after(steps)
        if search.node.holds(seen_by) == search.want:
            return search.without_spare(steps)
        for step, others in search.next_steps(steps, seen_by, most - size(steps)):
            more = _together((*steps, step))
            key = frozenset((one.words, one.told, one.number) for one in more)
            if key not in seen and size(more) <= most:
                seen.add(key)
                left = sum(costs.get(one.english(), 1) for one in others)
                instants = len({one.told for one in more})
                heapq.heappush(waiting, (size(more) + left, left, instants, next(order), more))
    return None


def _together(steps: Steps) -> Steps:
    """The same event at the same instant is one step, in the order of time."""
    numbers: Counter[tuple[str, Instant]] = Counter()
    first: dict[tuple[str, Instant], Step] = {}
    for step in steps:
        key = (step.words, step.told)
        first.setdefault(key, step)
        numbers[key] += step.number or 0
    merged = (replace(step, number=numbers[key] or None) for key, step in first.items())
    return tuple(sorted(merged, key=lambda step: step.told))


@dataclass(frozen=True, slots=True)
class Search:
    """The question what happens from now on, so that the answer is as wanted at one instant."""

    node: Node
    person: Person  # now
    then: Instant
    want: bool
    flips: Mapping[str, Flip]  # conditions that nothing turns are not looked at
    ways: Callable[[Node, Person], Iterable[Do]]  # what may turn a condition of somebody who is asked at an instant

    def after(self, steps: Steps) -> Person:
        """The subscriber at the instant, where all this had happened."""
        return performed(self.person, facts_of(steps), self.then)

    def without_spare(self, steps: Steps) -> Steps:
        """The steps without what isn't needed beside the others."""

        def enough(fewer: Steps) -> bool:
            return self.node.holds(self.after(fewer)) == self.want

        before = size(steps)
        for place in reversed(range(len(steps))):
            if enough((*steps[:place], *steps[place + 1 :])):
                steps = (*steps[:place], *steps[place + 1 :])
                continue
            while (number := steps[place].number) is not None and number > 1:
                fewer = (*steps[:place], replace(steps[place], number=number - 1), *steps[place + 1 :])
                if not enough(fewer):
                    break
                steps = fewer
        return steps if size(steps) == before else self.without_spare(steps)

    def costs(self) -> dict[str, int]:
        """The fewest facts that turn each condition of the smallest sets by itself, by its sentence."""
        seen_by = self.after(())
        wanted = {leaf.english(): leaf for one in _sets(self.node, seen_by, self.flips) for leaf in one}
        found = {}
        for sentence, leaf in wanted.items():
            turning = self._turning(leaf, (), not leaf.holds(seen_by), MOST_FACTS)
            found[sentence] = min((size((step,)) for step in turning), default=1)
        return found

    def next_steps(self, steps: Steps, seen_by: Person, most: int) -> Iterator[tuple[Step, list[Node]]]:
        """What turns a condition that has to turn, and the others of its set: of each set the first that can turn."""
        done: set[str] = set()
        for wanted in _sets(self.node, seen_by, self.flips):
            for leaf in wanted:
                if leaf.english() in done:
                    break
                done.add(leaf.english())
                found = list(self._turning(leaf, steps, not leaf.holds(seen_by), most))
                if found:
                    yield from ((step, [one for one in wanted if one is not leaf]) for step in found)
                    break

    def _turning(self, leaf: Node, steps: Steps, want: bool, most: int) -> Iterator[Step]:
        def turned(step: Step) -> bool:
            return leaf.holds(self.after((*steps, step))) == want

        for event in self._events(leaf):
            number = _fewest(lambda number, one=event: turned(replace(one, number=number)), most)
            if number is not None:
                yield replace(event, number=number)
        for told in dict.fromkeys((self.person.now, self.then)):
            known = facts_of(one for one in steps if one.told <= told)
            for way in self.ways(leaf, performed(self.person, known, told)):
                if way.facts is not None and way.at <= self.then and len(way.facts) <= most:
                    step = Step(way.words, told, way.facts, leaf.english())
                    if turned(step):
                        yield step
                        break

    def _events(self, leaf: Node) -> Iterator[Step]:
        """One event of each stream that a condition reads, at each instant that makes a difference."""
        for stream, window in dict.fromkeys(counted(leaf.lower())):
            for told in self._instants(window or EVER):
                event = example_event(stream, told, self.then, self.person.at(self.then))
                if event is not None:
                    yield Step(coming_words(stream), told, Facts(events=(event,)), leaf.english(), 1)

    def _instants(self, window: Window) -> Iterator[Instant]:
        """When something may happen from now on, to be in a window at the instant: now, as late, as soon as may be."""
        span = window.span(self.then)
        first = max(self.person.now, span.start if span.start is not None else self.person.now)
        last = min(self.then, Instant(span.end - 1))
        return iter(dict.fromkeys(Instant(one) for one in (self.person.now, last, first) if first <= one <= last))


def _sets(node: Node, person: Person, flips: Mapping[str, Flip]) -> Iterator[list[Node]]:
    """Conditions that have to turn, a segment's own in its place; the smallest sets first."""
    leaves = {leaf.english(): leaf for _, leaf in walk(node) if not leaf.children()}
    known = {one: Flip("", None if one in flips and flips[one].never else person.now) for one in leaves}
    for chosen in smallest_sets(node, person, known)[:SETS]:
        found: list[Node] = []
        for sentence in (one for one in leaves if one in chosen):
            leaf = leaves[sentence]
            if isinstance(leaf, Member):
                found += next(_sets(person.segments[leaf.segment], person, flips), [])
            else:
                found.append(leaf)
        yield found


def _fewest(turned: Callable[..., bool], most: int) -> int | None:
    """The smallest number that turns it, by doubling and halving; None where none of those tried does."""
    top = min(most, MOST_PLACED)
    number, below = 1, 0
    while number <= top and not turned(number):
        below, number = number, number * 2
    if number > top:
        if below >= top or not turned(top):
            return None
        number = top
    while number - below > 1:
        middle = (number + below) // 2
        below, number = (below, middle) if turned(middle) else (middle, number)
    return number
