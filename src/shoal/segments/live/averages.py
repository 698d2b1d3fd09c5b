"""When a condition about the list's average changes for people to whom nothing happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from shoal.segments.live.edges import Places, Times, Truth, Whole
from shoal.segments.live.program import Average
from shoal.segments.live.sights import Course, State
from shoal.segments.live.sources import Due

Rows = tuple[Places, Times]
NO_ROWS: Rows = (np.empty(0, np.int64), np.empty(0, np.int64))
_NEAR = 1e-12  # ratios that near are told apart exactly


@dataclass(frozen=True, slots=True)
class Jump:
    """The list's total and divisor as they were before people came or went, at an instant."""

    total: int
    divisor: int
    now: int


def turning(
    average: Average, state: State, dues: Sequence[Due], courses: Mapping[int, Course], jump: Jump | None = None
) -> Rows | int:
    """Rows to look at besides those that are due, or their number where that is more than `MOST`."""
    moments, total, divisor = _course(average, state, courses)
    if jump is not None:
        moments = np.concatenate(([jump.now], moments))
        total, divisor = np.concatenate(([jump.total], total)), np.concatenate(([jump.divisor], divisor))
    turns = _turns(average, total, divisor)
    if not turns.any():
        return NO_ROWS
    moments = np.unique(moments[turns])
    who = _candidates(average, state, total, divisor)
    own = [due.who for due in dues if due.tally in (average.tally, average.per)]
    who = np.unique(np.concatenate([who, *own]))
    if len(who) * len(moments) > MOST and len(moments) > 1:
        return len(who) * len(moments)
    return np.repeat(who, len(moments)), np.tile(moments, len(who))


MOST = 500_000
"""Rows at most, unless all are of one instant."""


def _course(average: Average, state: State, courses: Mapping[int, Course]) -> tuple[Times, Whole, Whole]:
    own = courses[average.tally]
    if average.per is None:
        return own.times, own.values, np.full(len(own.values), state.people.size)
    per = courses[average.per]
    moments = np.union1d(own.times, per.times)
    before = (own.values[:1], per.values[:1])
    return moments, np.concatenate((before[0], own.at(moments))), np.concatenate((before[1], per.at(moments)))


def _turns(average: Average, total: Whole, divisor: Whole) -> Truth:
    """At which steps of the course somebody's answer may become another."""
    if average.per is None and (divisor > 0).all():
        # Counts are whole: what matters is the least whole number above the average, or the greatest below it.
        total, divisor = (total // divisor if average.above else -(-total // divisor)), np.ones_like(divisor)
    turns: Truth = (total[1:] != total[:-1]) | (divisor[1:] != divisor[:-1])
    return turns


def _candidates(average: Average, state: State, total: Whole, divisor: Whole) -> Places:
    """Those whose own count lies between the least and the greatest average."""
    if not (divisor > 0).all():
        return np.arange(len(state.people))
    count = state.tallies[average.tally].counts
    per = 1 if average.per is None else state.tallies[average.per].counts
    least, greatest = _extremes(total, divisor)
    one = average.compare(count, per, int(total[least]), int(divisor[least]))
    other = average.compare(count, per, int(total[greatest]), int(divisor[greatest]))
    return np.flatnonzero(one != other)


def _extremes(total: Whole, divisor: Whole) -> tuple[int, int]:
    ratio = total / divisor
    ends = []
    for pick, bound in ((min, ratio.min()), (max, ratio.max())):
        near = np.flatnonzero(np.abs(ratio - bound) <= _NEAR * max(1.0, abs(bound)))
        ends.append(pick(near.tolist(), key=lambda place: Fraction(int(total[place]), int(divisor[place]))))
    return ends[0], ends[1]
