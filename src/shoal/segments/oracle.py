"""The oracle: one subscriber at a time, slow and obvious. It judges the other readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shoal.core.time import Instant
from shoal.segments.history import History
from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node, Person, Population
from shoal.segments.streams import Stream
from shoal.segments.windows import Window

NO_SEGMENTS: Mapping[str, Node] = {}


class People:
    """A whole list as conditions about averages see it: its identified subscribers' histories."""

    def __init__(self, histories: Sequence[History]) -> None:
        self._identified = [history for history in histories if history.identified]
        self._totals: dict[tuple[Stream, Window, Instant], int] = {}

    def size(self) -> int:
        """How many identified subscribers there are."""
        return len(self._identified)

    def total(self, stream: Stream, window: Window, now: Instant) -> int:
        """How many events of a stream they have in a window, together."""
        key = (stream, window, now)
        if key not in self._totals:
            people = (Person.of(history, now, NO_SEGMENTS, None) for history in self._identified)
            self._totals[key] = sum(len(person.events(stream, window)) for person in people)
        return self._totals[key]


def is_member(
    node: Node,
    history: History,
    now: Instant,
    segments: Mapping[str, Node] = NO_SEGMENTS,
    population: Population | None = None,
) -> bool:
    """Whether a subscriber is a member at an instant, from what is stamped at or before it.

    `segments` holds the definitions that the node refers to by name. `population` is needed by
    conditions about averages only. Raises UserError `unknown_segment` and `segment_cycle`.
    """
    segments_used(node, segments)
    person = Person.of(history, now, segments, population)
    return (history.identified or includes_anonymous(node)) and node.holds(person)


def members(
    node: Node, histories: Iterable[History], now: Instant, segments: Mapping[str, Node] = NO_SEGMENTS
) -> list[int]:
    """Ids of the members among these subscribers, who are also the whole list, in ascending order."""
    everyone = list(histories)
    people = People(everyone)
    return sorted(one.subscriber for one in everyone if is_member(node, one, now, segments, people))
