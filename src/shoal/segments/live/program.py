"""Definitions compiled: each distinct condition and group is one step, computed once for all segments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Protocol

import numpy as np

from shoal.segments.kinds.aggregate import MeasureWithin
from shoal.segments.kinds.bucket import InBucket
from shoal.segments.kinds.has_been import Held
from shoal.segments.kinds.regular import Spread
from shoal.segments.live.edges import Truth, Whole
from shoal.segments.live.gaps import gap_of
from shoal.segments.live.sums import Addend, Summed, average_within, sum_within
from shoal.segments.lowered import (
    AgainstAverage,
    AllOf,
    AnyOf,
    ConsentHolds,
    Core,
    Count,
    CountsCompared,
    CountWithin,
    InSegment,
    Opposite,
    Sign,
    TraitHolds,
)
from shoal.segments.summaries import Summary

Counted = Count | Summed | TraitHolds | Held | ConsentHolds | InBucket
"""What has a tally. A fact about a trait or a consent counts 1 while it is so, as does being drawn."""


class Sight(Protocol):
    """What a program looks at: some subscribers, each at one instant."""

    def count(self, tally: int) -> Whole:
        """A tally for each."""

    def totals(self, tally: int) -> Whole | int:
        """A tally's sum over the list, for each or for all alike."""

    def size(self) -> int:
        """How many identified subscribers the list has."""

    def given(self, place: int) -> Truth:
        """The last known answer of a declared gap."""

    def eligible(self, anonymous: bool) -> Truth:
        """Who may be a member."""


@dataclass(frozen=True, slots=True)
class Within:
    """A tally from `low` to `high`."""

    tally: int
    low: int
    high: int | None

    def answer(self, sight: Sight, _known: Callable[[int], Truth]) -> Truth:
        """One comparison; two where there are two bounds."""
        count = sight.count(self.tally)
        if self.high is None:
            return count >= self.low
        below = count <= self.high
        return below if self.low <= 0 else below & (count >= self.low)


@dataclass(frozen=True, slots=True)
class Compared:
    """A tally against a multiple of another."""

    left: int
    sign: Sign
    factor: Fraction
    right: int

    def answer(self, sight: Sight, _known: Callable[[int], Truth]) -> Truth:
        """Crosswise, so exactly."""
        left = times(sight.count(self.left), self.factor.denominator)
        return _SIGNS[self.sign](left, times(sight.count(self.right), self.factor.numerator))


@dataclass(frozen=True, slots=True)
class Measured:
    """A sum, or with how many numbers it has an average, from `least` to `most`."""

    low: int
    high: int
    numbers: int | None
    least: int | None
    most: int | None

    @property
    def tallies(self) -> tuple[int, ...]:
        """All that it looks at."""
        return _said(self.low, self.high, self.numbers)

    def answer(self, sight: Sight, _known: Callable[[int], Truth]) -> Truth:
        """Exactly, from both parts of the sum."""
        low, high = sight.count(self.low), sight.count(self.high)
        if self.numbers is None:
            return sum_within(low, high, self.least, self.most)
        return average_within(low, high, sight.count(self.numbers), self.least, self.most)


@dataclass(frozen=True, slots=True)
class Periods:
    """Of tallies that are each of a period, those above 0 that pass a bound (`inside`) or don't: `low` to `high`."""

    tallies: tuple[int, ...]
    bounds: tuple[int, int | None]
    inside: bool
    low: int
    high: int | None

    def answer(self, sight: Sight, _known: Callable[[int], Truth]) -> Truth:
        """Period by period."""
        number = np.count_nonzero([self._passes(sight.count(tally)) for tally in self.tallies], axis=0)
        found: Truth = number >= self.low
        return found if self.high is None else found & (number <= self.high)

    def _passes(self, count: Whole) -> Truth:
        least, most = self.bounds
        passes = (count >= least) if most is None else (count >= least) & (count <= most)
        found: Truth = (count > 0) & (passes == self.inside)
        return found


@dataclass(frozen=True, slots=True)
class Average:
    """A tally, or a tally per another, against the list's."""

    tally: int
    per: int | None
    above: bool

    def answer(self, sight: Sight, _known: Callable[[int], Truth]) -> Truth:
        """Crosswise, so exactly."""
        total = sight.totals(self.tally)
        if self.per is None:
            return self.compare(sight.count(self.tally), 1, total, sight.size())
        divisor = sight.count(self.per)
        return self.compare(sight.count(self.tally), divisor, total, sight.totals(self.per)) & (divisor > 0)

    def compare(self, own: Whole, divisor: Whole | int, total: Whole | int, everyones: Whole | int) -> Truth:
        """Whether `own / divisor` is on the right side of `total / everyones`; the divisor is not looked at."""
        if isinstance(divisor, int) and isinstance(total, int) and isinstance(everyones, int) and everyones > 0:
            total *= divisor  # a whole number is above a ratio where it is above what is whole of it
            plain: Truth = own > total // everyones if self.above else own < -(-total // everyones)
            return plain
        left, right = np.multiply(own, everyones, dtype=np.int64), np.multiply(divisor, total, dtype=np.int64)
        found: Truth = left > right if self.above else left < right
        return found


@dataclass(frozen=True, slots=True)
class Joined:
    """All or any of some steps."""

    every: bool
    parts: tuple[int, ...]

    def answer(self, _sight: Sight, known: Callable[[int], Truth]) -> Truth:
        """The parts joined."""
        join = np.logical_and if self.every else np.logical_or
        return reduce(join, (known(part) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Opposed:
    """Where a step does not hold."""

    part: int

    def answer(self, _sight: Sight, known: Callable[[int], Truth]) -> Truth:
        """The complement."""
        return ~known(self.part)


@dataclass(frozen=True, slots=True)
class Given:
    """The last known answer of a declared gap."""

    place: int

    def answer(self, sight: Sight, _known: Callable[[int], Truth]) -> Truth:
        """As it was last refreshed."""
        return sight.given(self.place)


@dataclass(frozen=True, slots=True)
class Membership:
    """A step among those who may be members."""

    part: int
    anonymous: bool

    def answer(self, sight: Sight, known: Callable[[int], Truth]) -> Truth:
        """The members."""
        return known(self.part) & sight.eligible(self.anonymous)


Step = Within | Compared | Measured | Periods | Average | Joined | Opposed | Given | Membership

_SIGNS: Mapping[Sign, Callable[[Whole, Whole], Truth]] = {
    "<=": np.less_equal,
    "<": np.less,
    ">=": np.greater_equal,
    ">": np.greater,
}
_SAFE = 2**31  # factors below it cannot overflow a product with a count of 32 bits


def times(count: Whole, factor: int) -> Whole:
    """The exact product; slow for factors that are not used in practice."""
    return count.astype(np.int64) * factor if factor < _SAFE else count.astype(object) * factor


@dataclass(slots=True)
class Answers:
    """The answers of steps to one sight: called with a step's number.

    A closure that calls itself would do, but only the garbage collector frees it: evaluating a million people took
    four times as long in memory that was never warm.
    """

    steps: Sequence[Step]
    sight: Sight
    found: dict[int, Truth] = field(default_factory=dict)

    def __call__(self, number: int) -> Truth:
        """The answer of a step, computed once."""
        if number not in self.found:
            self.found[number] = self.steps[number].answer(self.sight, self)
        return self.found[number]


@dataclass(slots=True)
class Program:
    """The steps in an order in which each comes after those it needs."""

    steps: list[Step] = field(default_factory=list)
    counted: dict[Counted, int] = field(default_factory=dict)  # by number of their tally
    gapped: dict[Core, int] = field(default_factory=dict)  # by place among the declared gaps
    members: dict[str, int] = field(default_factory=dict)  # the step of each segment, in dependency order
    needs: list[frozenset[int]] = field(default_factory=list)  # tallies that each step depends on
    gaps: list[frozenset[int]] = field(default_factory=list)  # declared gaps that each step depends on
    _numbers: dict[Step, int] = field(default_factory=dict)

    @classmethod
    def of(cls, definitions: Iterable[tuple[str, Core, bool]]) -> Program:
        """Compile lowered definitions (name, core, with anonymous visitors), each after those it refers to."""
        program = cls()
        for name, core, anonymous in definitions:
            program.members[name] = program._step(Membership(program._compile(core), anonymous))
        return program

    @property
    def averages(self) -> tuple[Average, ...]:
        """Conditions that look at totals."""
        return tuple(step for step in self.steps if isinstance(step, Average))

    def answers(self, sight: Sight) -> Answers:
        """Each step's answer, computed when it is first asked for."""
        return Answers(self.steps, sight)

    def _compile(self, core: Core) -> int:
        match core:
            case AllOf(parts) | AnyOf(parts):
                numbers = dict.fromkeys(self._compile(part) for part in parts)
                return self._step(Joined(isinstance(core, AllOf), tuple(numbers)))
            case Opposite(part):
                return self._step(Opposed(self._compile(part)))
            case InSegment(name):
                return self.members[name]
            case _:
                return self._step(self._leaf(core))

    def _leaf(self, core: Core) -> Step:
        if gap_of(core) is not None:
            return Given(self.gapped.setdefault(core, len(self.gapped)))
        match core:
            case CountWithin(count, low, high):
                return Within(self._tally(count), low, high)
            case CountsCompared(left, sign, factor, right):
                return Compared(self._tally(left), sign, factor, self._tally(right))
            case AgainstAverage(count, per, above):
                return Average(self._tally(count), None if per is None else self._tally(per), above)
            case MeasureWithin() | Spread():
                return self._several(core)
            case TraitHolds() | Held() | ConsentHolds() | InBucket():
                return Within(self._tally(core), 1, None)
        raise TypeError(f"not a condition: {core!r}")

    def _tally(self, counted: Counted) -> int:
        return self.counted.setdefault(counted, len(self.counted))

    def _several(self, core: MeasureWithin | Spread) -> Step:
        """A condition on several tallies."""
        if isinstance(core, Spread):
            tallies = tuple(self._tally(Count(core.stream, window)) for window in core.periods.windows())
            return Periods(tallies, core.times.bounds, core.within, core.low, core.high)
        assert isinstance(core.measure, Summary), "a trait's number is compared as a trait"
        return Measured(*self._parts(core.measure), core.low, core.high)

    def _parts(self, summary: Summary) -> tuple[int, int, int | None]:
        """The tallies of a sum; those of an average with the number of its numbers."""
        low, high, numbers = (
            Summed(Addend(summary.stream, summary.path, part), summary.window) for part in ("low", "high", "number")
        )
        averaged = summary.function == "average"
        return self._tally(low), self._tally(high), self._tally(numbers) if averaged else None

    def _step(self, step: Step) -> int:
        if step not in self._numbers:
            self._numbers[step] = len(self.steps)
            self.steps.append(step)
            tallies, gaps, parts = _reads(step)
            self.needs.append(frozenset(tallies).union(*(self.needs[part] for part in parts)))
            self.gaps.append(frozenset(gaps).union(*(self.gaps[part] for part in parts)))
        return self._numbers[step]


def _reads(step: Step) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Tallies, declared gaps and steps that a step looks at."""
    match step:
        case Within(tally, _, _):
            return (tally,), (), ()
        case Compared(one, _, _, other) | Average(one, other, _):
            return _said(one, other), (), ()
        case Measured() | Periods():
            return step.tallies, (), ()
        case Joined(_, parts):
            return (), (), parts
        case Opposed(part) | Membership(part, _):
            return (), (), (part,)
        case Given(place):
            return (), (place,), ()


def _said(*numbers: int | None) -> tuple[int, ...]:
    return tuple(number for number in numbers if number is not None)
