"""The whole list, as it would be with one subscriber's history changed, each question to it asked once."""

from __future__ import annotations

from dataclasses import dataclass, field

from shoal.core.time import Instant
from shoal.segments.history import History
from shoal.segments.measures import Measure, Standing
from shoal.segments.nodes import Person, Population
from shoal.segments.streams import Stream
from shoal.segments.windows import Window


@dataclass(frozen=True, slots=True)
class Remembered:
    """A population that is asked each question once: every one may go through all events."""

    known: Population
    sizes: list[int] = field(default_factory=list)
    totals: dict[tuple[Stream, Window, Instant], int] = field(default_factory=dict)
    standings: dict[tuple[Measure, int, Instant], Standing] = field(default_factory=dict)

    def size(self) -> int:
        """How many identified subscribers there are."""
        if not self.sizes:
            self.sizes.append(self.known.size())
        return self.sizes[0]

    def total(self, stream: Stream, window: Window, now: Instant) -> int:
        """How many events of a stream they have in a window, together."""
        key = (stream, window, now)
        if key not in self.totals:
            self.totals[key] = self.known.total(*key)
        return self.totals[key]

    def standing(self, measure: Measure, value: int, now: Instant) -> Standing:
        """Where a measured number stands among theirs."""
        key = (measure, value, now)
        if key not in self.standings:
            self.standings[key] = self.known.standing(*key)
        return self.standings[key]


@dataclass(frozen=True, slots=True)
class Changed:
    """A population in which one identified subscriber has another history.

    All others are taken as they are at the instant `fixed`, whatever later one is asked: what they will do nobody
    knows.
    """

    known: Population
    before: History
    after: History
    fixed: Instant

    def size(self) -> int:
        """Counts who is identified now."""
        return self.known.size() + self.after.identified - self.before.identified

    def total(self, stream: Stream, window: Window, now: Instant) -> int:
        """The list's, with the one's own exchanged."""
        old, new = (len(one.events(stream, window)) if one else 0 for one in self._both(now))
        return self.known.total(stream, window, min(now, self.fixed)) - old + new

    def standing(self, measure: Measure, value: int, now: Instant) -> Standing:
        """The list's, with the one's own exchanged."""
        found = self.known.standing(measure, value, min(now, self.fixed))
        for one, sign in zip(self._both(now), (-1, 1), strict=True):
            own = measure.value(one) if one else None
            if own is not None:
                found = Standing(
                    found.people + sign,
                    found.above + sign * (own > value),
                    found.below + sign * (own < value),
                    found.total + sign * own,
                )
        return found

    def _both(self, now: Instant) -> tuple[Person | None, Person | None]:
        asked = ((self.before, min(now, self.fixed)), (self.after, now))
        before, after = (Person.of(one, at, {}, None) if one.identified else None for one, at in asked)
        return before, after
