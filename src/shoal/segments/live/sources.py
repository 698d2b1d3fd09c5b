"""What conditions count: rows with their instants, and per subscriber how many of them count now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shoal.segments.live.edges import ALWAYS, NEVER, Edges, Places, Times, Truth, Whole
from shoal.segments.windows import BeforeAgo, Between, BetweenAgo, Ever, Last, Window


@dataclass(frozen=True, slots=True)
class Due:
    """What a tally gains or loses: `weight` for the subscriber at `who` from the instant `at` on."""

    tally: int
    at: Times
    who: Places
    weight: Whole


@dataclass(frozen=True, slots=True)
class Period:
    """A row stamped T counts from `T + enter` until just before `T + leave`, if `low <= T < high`."""

    enter: int = 0
    leave: int | None = None
    low: int = ALWAYS
    high: int = NEVER

    @classmethod
    def of(cls, window: Window) -> Period:
        """The period of an event in a window."""
        match window:
            case Ever():
                return cls()
            case Last(length):
                return cls(leave=length.ms)
            case BetweenAgo(start, end):
                return cls(end.ms, start.ms)
            case BeforeAgo(least):
                return cls(least.ms)
            case Between(start, until):
                return cls(low=ALWAYS if start is None else start, high=NEVER if until is None else until)
        raise TypeError(f"not a window: {window!r}")

    @property
    def lags(self) -> tuple[tuple[int, int], ...]:
        """When a row changes the count after its instant, and by what."""
        return ((self.enter, 1),) if self.leave is None else ((self.enter, 1), (self.leave, -1))

    def active(self, at: Times, now: int) -> Truth:
        """Which rows count now."""
        low, high = self.low, min(self.high, now - self.enter + 1)
        if self.leave is not None:
            low = max(low, now - self.leave + 1)
        return (at < high) if low <= ALWAYS else (at >= low) & (at < high)

    def slice(self, after: int, until: int, lag: int) -> tuple[int, int]:
        """The rows `(from, to]` that change a count by a lag while the clock goes from `after` to `until`."""
        return max(after - lag, self.low - 1), min(until - lag, self.high - 1)


Counts = npt.NDArray[np.signedinteger]
"""Whole numbers as narrow as they can be: half the memory is half the time of looking at everybody."""

NARROW = np.int8
UNKNOWN = 2**62


@dataclass(slots=True)
class Tally:
    """Per subscriber the number of rows of a source that count now, or what they add up to."""

    number: int
    period: Period
    counts: Counts
    reach: int = UNKNOWN  # no count is farther from zero
    ready: bool = False  # whether the history is in
    total: int = 0  # over identified subscribers; kept up to date only where `totalled`
    totalled: bool = False

    def grow(self, people: int) -> None:
        """Make room for people."""
        missing = people - len(self.counts)
        if missing > 0:
            self.counts = np.concatenate((self.counts, np.zeros(missing, self.counts.dtype)))

    def add(self, who: Places, weight: Whole) -> None:
        """Rows come to subscribers, several of them maybe to one."""
        if not len(who):
            return
        own = self.counts[who]
        farthest = max(int(own.max()), -int(own.min()))
        largest = _largest(weight)
        if farthest + len(who) * largest > np.iinfo(self.counts.dtype).max:
            self._widen(farthest + most_of_one(who) * largest)
        self.reach = UNKNOWN
        np.add.at(self.counts, who, weight.astype(self.counts.dtype))

    def fill(self, who: Places, weight: int | Whole, most: int) -> None:
        """The same for rows of the history, of which one subscriber has `most` at most."""
        if not len(who):
            return
        most *= _largest(weight)
        if self.reach + most > np.iinfo(self.counts.dtype).max:
            self.reach = max(int(self.counts.max()), -int(self.counts.min()))
        self.reach += most
        self._widen(self.reach)
        kind = self.counts.dtype
        np.add.at(self.counts, who, kind.type(weight) if isinstance(weight, int) else weight.astype(kind))

    def _widen(self, reach: int) -> None:
        """Let the counts go so far from zero."""
        while reach > np.iinfo(self.counts.dtype).max:
            self.counts = self.counts.astype(f"i{2 * self.counts.dtype.itemsize}")


def _largest(weight: int | Whole) -> int:
    """The largest weight, whatever its sign."""
    return abs(weight) if isinstance(weight, int) else max(int(weight.max()), -int(weight.min()))


def most_of_one(who: Places) -> int:
    """How many rows of one subscriber there are at most."""
    if len(who) < _MANY_ROWS:
        return int(np.unique(who, return_counts=True)[1].max(initial=0))
    numbers = np.zeros(int(who.max()) + 1, np.int32)  # half of what bincount uses, and faster
    np.add.at(numbers, who, np.int32(1))
    return int(numbers.max())


_MANY_ROWS = 50_000


@dataclass(slots=True)
class Source:
    """Rows that several tallies count, each by its own period.

    What is taken back is a row of weight -1 with the same instant and subscriber, so nothing is searched for. Where
    rows have weights of their own, all are in `plus`, and what is taken back has the opposite weight.
    """

    tallies: list[Tally] = field(default_factory=list)
    plus: Edges = field(default_factory=Edges)
    minus: Edges = field(default_factory=Edges)
    _next: int = ALWAYS  # nothing changes from the clock's instant until then; one in the past says nothing

    @property
    def ready(self) -> bool:
        """Whether the history is in, for all that is counted."""
        return all(tally.ready for tally in self.tallies)

    @property
    def keep(self) -> int:
        """For how long after its instant a row can still change something."""
        return max((lag for tally in self.tallies for lag, _ in tally.period.lags), default=0)

    def fill(self, at: Times, who: Places, weight: int | Whole, now: int, *, most: int | None = None) -> None:
        """Count rows of the history for those tallies that wait for it; `most` of them are of one subscriber."""
        most = most_of_one(who) if most is None else most
        for tally in self.tallies:
            if not tally.ready:
                active = np.flatnonzero(tally.period.active(at, now))
                own = weight if isinstance(weight, int) else weight[active]
                tally.fill(who.take(active, mode="clip"), own, most)
        self._store(at, who, weight, now)

    def insert(self, at: Times, who: Places, weight: int | Whole, now: int) -> Iterator[Due]:
        """Take new rows; what they change at once is given, the rest comes with the clock."""
        for tally in self.tallies:
            mask = tally.period.active(at, now)
            if mask.any():
                found = who[mask]
                own = np.full(len(found), weight) if isinstance(weight, int) else weight[mask]
                yield Due(tally.number, np.full(len(found), now), found, own)
        self._store(at, who, weight, now)

    def _store(self, at: Times, who: Places, weight: int | Whole, now: int) -> None:
        pending = np.flatnonzero((at > now - self.keep) & (at < NEVER))  # places are taken faster than a mask
        if len(pending):
            taken = at.take(pending, mode="clip"), who.take(pending, mode="clip")
            if isinstance(weight, int):
                (self.plus if weight > 0 else self.minus).add(*taken)
            else:
                self.plus.add(*taken, weight[pending])
            if self._next > now:
                self._next = min(self._next, *(_first(taken[0], now, tally.period) for tally in self.tallies))

    def due(self, after: int, until: int) -> Iterator[Due]:
        """What changes while the clock goes on, each row at its instant."""
        if self.next(after) > until:
            return
        for edges, sign in ((self.plus, 1), (self.minus, -1)):
            for tally in self.tallies:
                for lag, way in tally.period.lags:
                    for at, who, weight in edges.within(*tally.period.slice(after, until, lag)):
                        own = np.full(len(at), sign * way) if weight is None else weight * way
                        yield Due(tally.number, at + lag, who, own)

    def due_of(self, who: Places, after: int) -> Iterator[tuple[int, Times, Whole]]:
        """What changes for the rows of a few places after an instant: tally, instants and weights."""
        for edges, sign in ((self.plus, 1), (self.minus, -1)):
            at, weight = edges.of(who)
            for tally in self.tallies if len(at) else ():
                for lag, way in tally.period.lags:
                    low, high = tally.period.slice(after, NEVER - 1, lag)
                    some = (at > low) & (at <= high)
                    yield tally.number, at[some] + lag, weight[some] * sign * way

    def number(self, after: int, until: int) -> int:
        """How many rows `due` gives."""
        if self.next(after) > until:
            return 0
        return sum(
            edges.number(*tally.period.slice(after, until, lag))
            for edges in (self.plus, self.minus)
            for tally in self.tallies
            for lag, _ in tally.period.lags
        )

    def next(self, after: int) -> int:
        """The next instant at which something changes; NEVER where nothing will. The clock does not go back."""
        if self._next <= after:
            self._next = self._look_up(after)
        return self._next

    def _look_up(self, after: int) -> int:
        found = NEVER
        for edges in (self.plus, self.minus):
            for tally in self.tallies:
                for lag, _ in tally.period.lags:
                    low, high = tally.period.slice(after, NEVER, lag)
                    at = edges.next(low)
                    found = min(found, at + lag if at <= high else NEVER)
        return found

    def forget(self, now: int) -> None:
        """Drop the rows that can change nothing any more."""
        for edges in (self.plus, self.minus):
            edges.forget(now - self.keep)

    def clear(self) -> None:
        """Drop all rows, before a history is read anew."""
        self.plus, self.minus, self._next = Edges(), Edges(), ALWAYS


def _first(at: Times, now: int, period: Period) -> int:
    """The first instant at which one of these rows changes a count; NEVER where none does."""
    found = NEVER
    for lag, _ in period.lags:
        low, high = period.slice(now, NEVER, lag)
        coming = at[(at > low) & (at <= high)]
        if len(coming):
            found = min(found, int(coming.min()) + lag)
    return found
