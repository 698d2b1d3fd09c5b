"""The oracle: one subscriber at a time, slow and obvious. It judges the other readings."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from shoal.core.time import Instant
from shoal.segments.history import History
from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.measures import Measure, Standing
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node, Person, Population
from shoal.segments.streams import Stream
from shoal.segments.windows import Window

NO_SEGMENTS: Mapping[str, Node] = {}


JUDGED = 1_000
"""People between two reports of progress."""


class Histories(Protocol):
    """Subscribers' histories that can be gone through more than once; they need not fit into memory."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[History]: ...


class People:
    """A whole list as conditions about averages and ranks see it: its identified subscribers' histories."""

    def __init__(self, histories: Histories) -> None:
        self._histories = histories
        self._size: int | None = None
        self._totals: dict[tuple[Stream, Window, Instant], int] = {}
        self._values: dict[tuple[Measure, Instant], list[int]] = {}

    def size(self) -> int:
        """How many identified subscribers there are."""
        if self._size is None:
            self._size = sum(history.identified for history in self._histories)
        return self._size

    def total(self, stream: Stream, window: Window, now: Instant) -> int:
        """How many events of a stream they have in a window, together."""
        key = (stream, window, now)
        if key not in self._totals:
            self._totals[key] = sum(len(person.events(stream, window)) for person in self._identified(now))
        return self._totals[key]

    def standing(self, measure: Measure, value: int, now: Instant) -> Standing:
        """Where a measured number stands among theirs."""
        key = (measure, now)
        if key not in self._values:
            found = (measure.value(person) for person in self._identified(now))
            self._values[key] = sorted(one for one in found if one is not None)
        values = self._values[key]
        above, below = len(values) - bisect_right(values, value), bisect_left(values, value)
        return Standing(len(values), above, below, sum(values))

    def _identified(self, now: Instant) -> Iterator[Person]:
        return (Person.of(history, now, NO_SEGMENTS, None) for history in self._histories if history.identified)


def is_member(
    node: Node,
    history: History,
    now: Instant,
    segments: Mapping[str, Node] = NO_SEGMENTS,
    population: Population | None = None,
) -> bool:
    """Whether a subscriber is a member at an instant, from what is stamped at or before it.

    `segments` holds the definitions that the node refers to by name. `population` is needed by
    conditions about averages and ranks only. Raises UserError `unknown_segment` and `segment_cycle`.
    """
    segments_used(node, segments)
    person = Person.of(history, now, segments, population)
    return (history.identified or includes_anonymous(node)) and node.holds(person)


def members(
    node: Node,
    histories: Histories,
    now: Instant,
    segments: Mapping[str, Node] = NO_SEGMENTS,
    watch: Callable[[int, int], None] | None = None,
) -> list[int]:
    """Ids of the members among these subscribers, who are also the whole list, in ascending order.

    `watch` is told now and then how many are judged, and how many there are.
    """
    people = People(histories)
    found: list[int] = []
    for number, one in enumerate(histories, start=1):
        if is_member(node, one, now, segments, people):
            found.append(one.subscriber)
        if watch is not None and number % JUDGED == 0:
            watch(number, len(histories))
    return sorted(found)
