"""What a program looks at: everybody now, or those whom something touches, at the instants at which it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from shoal.segments.live.edges import Places, Times, Truth, Whole
from shoal.segments.live.people import People
from shoal.segments.live.sources import Due, Tally


@dataclass(frozen=True, slots=True)
class State:
    """All that is known at the clock's instant."""

    people: People
    tallies: Sequence[Tally]
    gaps: Sequence[Truth]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Subscribers of neighbouring places, now."""

    state: State
    where: slice

    def count(self, tally: int) -> Whole:
        """As stored."""
        return self.state.tallies[tally].counts[self.where]

    def totals(self, tally: int) -> int:
        """As stored."""
        return self.state.tallies[tally].total

    def size(self) -> int:
        """Of the whole list."""
        return self.state.people.size

    def given(self, place: int) -> Truth:
        """As stored."""
        return self.state.gaps[place][self.where]

    def eligible(self, anonymous: bool) -> Truth:
        """As stored."""
        people = self.state.people
        return (people.present if anonymous else people.identified)[self.where]


@dataclass(frozen=True, slots=True)
class Course:
    """A total as time goes on: `values[k]` from `times[k]` on."""

    times: Times
    values: Whole

    @classmethod
    def of(cls, tally: Tally, dues: Sequence[Due], identified: Truth) -> Course:
        """From what is stored, through what is due. The first value holds before all of that."""
        counting = [(due, identified[due.who]) for due in dues if due.tally == tally.number]
        at = np.concatenate([np.empty(0, np.int64), *(due.at[mask] for due, mask in counting)])
        weight = np.concatenate([np.empty(0, np.int64), *(due.weight[mask] for due, mask in counting)])
        times, place = np.unique(at, return_inverse=True)
        steps = np.bincount(place, weights=weight, minlength=len(times)).astype(np.int64)
        return cls(times, np.concatenate(([tally.total], tally.total + np.cumsum(steps))))

    def at(self, times: Times) -> Whole:
        """The total at each of some instants."""
        return self.values[np.searchsorted(self.times, times, side="right")]


@dataclass(slots=True)
class Touched:
    """Rows of a subscriber at an instant, by subscriber and then by time."""

    state: State
    who: Places
    at: Times
    changes: Mapping[int, tuple[Places, Whole]]  # by tally: rows and what they add
    extra: Places  # rows to look at whatever they add
    courses: Mapping[int, Course]
    first: Places | None  # the row with which each row's subscriber begins; None where each has one row
    _gained: dict[int, Whole] = field(default_factory=dict)

    @classmethod
    def of(
        cls, state: State, dues: Sequence[Due], extra: tuple[Places, Times], courses: Mapping[int, Course]
    ) -> Touched:
        """The rows of what is due, and some more."""
        who = np.concatenate([*(due.who for due in dues), extra[0]])
        at = np.concatenate([*(due.at for due in dues), extra[1]])
        moments, moment = np.unique(at, return_inverse=True)
        rows, row = np.unique(who * max(1, len(moments)) + moment, return_inverse=True)
        who, at = rows // max(1, len(moments)), moments[rows % max(1, len(moments))]
        return cls(state, who, at, _by_tally(dues, row), row[len(row) - len(extra[0]) :], courses, _begins(who))

    def gained(self, tally: int) -> Whole | None:
        """What came to a tally from the subscriber's first row up to each row; None where nothing did."""
        if tally not in self.changes:
            return None
        if tally not in self._gained:
            rows, weight = self.changes[tally]
            added = np.zeros(len(self.who), np.int64)
            np.add.at(added, rows, weight)
            if self.first is not None:
                through = np.cumsum(added)
                added = through - (through - added)[self.first]
            self._gained[tally] = added
        return self._gained[tally]

    def rows(self, tallies: Iterable[int], *, extra: bool) -> Places:
        """Rows at which one of these tallies changes, ascending; and those that are looked at anyway."""
        marked = np.zeros(len(self.who), np.bool_)
        for tally in tallies:
            if tally in self.changes:
                marked[self.changes[tally][0]] = True
        if extra:
            marked[self.extra] = True
        return np.flatnonzero(marked)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the rows, each after all that is due up to its instant."""

    touched: Touched
    rows: Places
    who: Places
    at: Times

    @classmethod
    def of(cls, touched: Touched, rows: Places) -> Part:
        """The rows of these numbers."""
        return cls(touched, rows, touched.who[rows], touched.at[rows])

    def count(self, tally: int) -> Whole:
        """What is stored, and what came to it since."""
        count: Whole = self.touched.state.tallies[tally].counts.take(self.who, mode="clip")
        gained = self.touched.gained(tally)
        return count if gained is None else count + gained[self.rows]

    def totals(self, tally: int) -> Whole | int:
        """At each row's instant."""
        course = self.touched.courses.get(tally)
        return self.touched.state.tallies[tally].total if course is None else course.at(self.at)

    def size(self) -> int:
        """Of the whole list."""
        return self.touched.state.people.size

    def given(self, place: int) -> Truth:
        """As stored."""
        return self.touched.state.gaps[place][self.who]

    def eligible(self, anonymous: bool) -> Truth:
        """As stored."""
        people = self.touched.state.people
        return (people.present if anonymous else people.identified)[self.who]


def _begins(who: Places) -> Places | None:
    fresh = np.ones(len(who), np.bool_)
    fresh[1:] = who[1:] != who[:-1]
    if fresh.all():
        return None
    return np.maximum.accumulate(np.where(fresh, np.arange(len(who)), 0))


def _by_tally(dues: Sequence[Due], row: Places) -> dict[int, tuple[Places, Whole]]:
    found: dict[int, list[tuple[Places, Whole]]] = {}
    start = 0
    for due in dues:
        found.setdefault(due.tally, []).append((row[start : start + len(due.who)], due.weight))
        start += len(due.who)
    return {
        tally: (np.concatenate([rows for rows, _ in parts]), np.concatenate([weight for _, weight in parts]))
        for tally, parts in found.items()
    }
