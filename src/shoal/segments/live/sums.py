"""Sums that are exact: each number in two parts, so that what is added up always fits a word.

A measured number is whole (`segments.measures`), and may have 70 bits. It is `high * 2**40 + low` with `low` from
`-2**39` up to but without `2**39`, so the high part of most is 0 and no row at all; 16 million numbers of one
subscriber can be added up in 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shoal.segments.live.edges import Truth, Whole
from shoal.segments.streams import Stream
from shoal.segments.windows import Window

BITS = 40
HALF = 1 << (BITS - 1)
_MOST = 1 << 100  # no sum is as large
_MOST_AVERAGE = 1 << 71  # no number is as large


@dataclass(frozen=True, slots=True)
class Addend:
    """What an event of a stream adds: a part of a property's number, or 1 where that is one at all."""

    stream: Stream
    path: tuple[str, ...]
    part: Literal["low", "high", "number"]


@dataclass(frozen=True, slots=True)
class Summed:
    """What the events of a window add up to."""

    addend: Addend
    window: Window


@dataclass(frozen=True, slots=True)
class Numbers:
    """A property's numbers in some events: both parts, 0 where there is no number, and whether there is one."""

    low: Whole
    high: Whole
    there: Truth

    @classmethod
    def of(cls, numbers: Iterable[int | None]) -> Numbers:
        """From measured numbers; None where an event has none.

        >>> Numbers.of([5, None, -(2**40) - 1])
        Numbers(low=array([ 5,  0, -1]), high=array([ 0,  0, -1]), there=array([ True, False,  True]))
        """
        found = list(numbers)
        high = [((one or 0) + HALF) >> BITS for one in found]
        low = [(one or 0) - (part << BITS) for one, part in zip(found, high, strict=True)]
        there = np.array([one is not None for one in found], np.bool_)
        return cls(np.array(low, np.int64), np.array(high, np.int64), there)

    def part(self, addend: Addend) -> Whole:
        """What each event adds."""
        match addend.part:
            case "low":
                return self.low
            case "high":
                return self.high
        return self.there.astype(np.int64)

    def take(self, some: Whole) -> Numbers:
        """Those of some of the events."""
        return Numbers(self.low[some], self.high[some], self.there[some])


def at_least(low: Whole, high: Whole, times: Whole | int, bound: int, more: int = 0) -> Truth:
    """Whether `high * 2**40 + low >= bound * times + more`, exactly."""
    bound_high, bound_low = bound >> BITS, bound & ((1 << BITS) - 1)
    below = np.asarray(low, np.int64) - np.multiply(times, bound_low, dtype=np.int64) - more
    above = np.asarray(high, np.int64) - np.multiply(times, bound_high, dtype=np.int64)
    found: Truth = above + (below >> BITS) >= 0
    return found


def within(reached: Callable[[int], Truth], least: int | None, most: int | None) -> Truth:
    """From `least` to `most`, where `reached` says whether it is a number at least."""
    assert least is not None or most is not None, "a comparison has a bound"
    if most is None:
        return reached(least or 0)
    below: Truth = ~reached(most + 1)
    return below if least is None else below & reached(least)


def sum_within(low: Whole, high: Whole, least: int | None, most: int | None) -> Truth:
    """Whether sums lie from `least` to `most`."""

    def reached(bound: int) -> Truth:
        return at_least(low, high, 1, max(-_MOST, min(_MOST, bound)))

    return within(reached, least, most)


def average_within(low: Whole, high: Whole, numbers: Whole, least: int | None, most: int | None) -> Truth:
    """Whether averages, cut off towards 0, lie from `least` to `most`; false where there are no numbers."""

    def reached(bound: int) -> Truth:
        bound = max(-_MOST_AVERAGE, min(_MOST_AVERAGE, bound))
        if bound > 0:
            return at_least(low, high, numbers, bound)
        return at_least(low, high, numbers, bound - 1, 1)  # cut off, it is more than one less

    found: Truth = within(reached, least, most) & (numbers > 0)
    return found
