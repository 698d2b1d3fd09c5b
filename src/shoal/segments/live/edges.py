"""Instants at which something begins or stops to count, kept in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Places = npt.NDArray[np.int64]
"""Places of subscribers in the universe (`people.People`)."""
Whole = npt.NDArray[np.signedinteger]
Truth = npt.NDArray[np.bool_]

NEVER = 2**62
"""An instant that no clock reaches."""
ALWAYS = -NEVER
"""An instant before all others."""

_GROWTH = 4  # a run is merged with the one before it once that is less than so many times as long
_NO_TIMES = np.empty(0, np.int64)
_NO_PLACES = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Run:
    """Some rows in order of time."""

    at: Times
    who: npt.NDArray[np.int32]
    weight: Whole | None = None  # what each row counts, where that is not 1

    def slice(self, after: int, until: int) -> tuple[int, int]:
        """Where the rows with `after < at <= until` lie."""
        start, end = np.searchsorted(self.at, (after, until), side="right")
        return int(start), max(int(start), int(end))

    def cut(self, start: int) -> Run:
        """The rows from one on, in memory of their own."""
        weight = None if self.weight is None else self.weight[start:].copy()
        return Run(self.at[start:].copy(), self.who[start:].copy(), weight)


@dataclass(slots=True)
class Edges:
    """Rows of an instant and a subscriber's place, each counting once; or all of them with a weight.

    New rows are sorted when they are first read. Runs grow by merging, as in a log-structured merge tree, so that
    a late row costs no rewrite of all that is stored.
    """

    runs: list[Run] = field(default_factory=list)
    fresh: list[Run] = field(default_factory=list)  # in any order

    def add(self, at: Times, who: Places, weight: Whole | None = None) -> None:
        """Take rows in any order."""
        if len(at):
            self.fresh.append(Run(at, who.astype(np.int32), weight))

    def within(self, after: int, until: int) -> Iterator[tuple[Times, Places, Whole | None]]:
        """Rows with `after < at <= until`, in pieces."""
        self.settle()
        for run in self.runs:
            start, end = run.slice(after, until)
            if start < end:
                weight = None if run.weight is None else run.weight[start:end]
                yield run.at[start:end], run.who[start:end].astype(np.int64), weight

    def of(self, who: Places) -> tuple[Times, Whole]:
        """The rows of a few places: instants and weights."""
        self.settle()
        at, weight = [_NO_TIMES], [_NO_TIMES]
        for run in self.runs:
            own = np.concatenate([np.flatnonzero(run.who == place) for place in who.tolist()])
            at.append(run.at[own])
            weight.append(np.ones(len(own), np.int64) if run.weight is None else run.weight[own].astype(np.int64))
        return np.concatenate(at), np.concatenate(weight)

    def number(self, after: int, until: int) -> int:
        """How many rows `within` gives."""
        self.settle()
        return sum(end - start for start, end in (run.slice(after, until) for run in self.runs))

    def next(self, after: int) -> int:
        """The first instant later than `after`; NEVER where there is none."""
        self.settle()
        places = [(run, int(np.searchsorted(run.at, after, side="right"))) for run in self.runs]
        return min((int(run.at[place]) for run, place in places if place < len(run.at)), default=NEVER)

    def settle(self) -> None:
        """Sort what is new."""
        if not self.fresh:
            return
        self.runs.append(_merged(self.fresh))
        self.fresh.clear()
        while len(self.runs) > 1 and len(self.runs[-2].at) < _GROWTH * len(self.runs[-1].at):
            later, earlier = self.runs.pop(), self.runs.pop()
            self.runs.append(_merged((earlier, later)))

    def forget(self, until: int) -> None:
        """Drop the rows with `at <= until`; a run is rewritten once half of it is to go."""
        self.settle()
        kept = []
        for run in self.runs:
            start = int(np.searchsorted(run.at, until, side="right"))
            if start * 2 <= len(run.at):
                kept.append(run)
            elif start < len(run.at):
                kept.append(run.cut(start))
        self.runs = kept

    def rows(self) -> Run:
        """All rows in order of time."""
        self.settle()
        if len(self.runs) == 1:
            return self.runs[0]
        return _merged(self.runs) if self.runs else Run(_NO_TIMES, _NO_PLACES)


def _merged(runs: Sequence[Run]) -> Run:
    """All their rows in order of time."""
    at, who = np.concatenate([run.at for run in runs]), np.concatenate([run.who for run in runs])
    weights = [run.weight for run in runs if run.weight is not None]
    if not weights:
        return _sorted(at, who)
    order = np.argsort(at, kind="stable")
    return Run(at[order], who[order], np.concatenate(weights)[order])


def _sorted(at: Times, who: npt.NDArray[np.int32]) -> Run:
    """Rows in order of time. Instant and place are packed into one word where they fit: that sorts twice as fast."""
    if len(at) < 2 or bool(np.all(at[1:] >= at[:-1])):
        return Run(at, who)
    first, last = int(at.min()), int(at.max())
    bits = int(who.max()).bit_length()
    if (last - first).bit_length() + bits > 63:
        order = np.argsort(at, kind="stable")
        return Run(at[order], who[order])
    packed = at - first
    packed <<= bits
    packed |= who
    packed.sort()
    who = (packed & ((1 << bits) - 1)).astype(np.int32)
    packed >>= bits
    packed += first
    return Run(packed, who)
