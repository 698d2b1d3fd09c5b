"""in 3 of the last 4 weeks: in how many of the last stretches of time something happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import Duration, Instant
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.counterfactual.examples import example_event, next_counted
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.on_events import MOST_FACTS, more, no_more, over, stream_words
from shoal.segments.counterfactual.ways import Do, Way, moment_words
from shoal.segments.history import Event
from shoal.segments.lowered import Core, Opposite
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference, stream_references
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.dates import check_duration
from shoal.segments.operators.words import quoted
from shoal.segments.reaches import Reach, lasting
from shoal.segments.scans import column, stream_conditions
from shoal.segments.streams import STREAM_KEYS, Stream, stream_from
from shoal.segments.times import ONCE, Times, times_from
from shoal.segments.values import Json
from shoal.segments.windows import EVER, BetweenAgo, Last, Window, length_of

MOST = 1_000
"""Periods that may be looked at."""

MOST_TRIED = 60
"""Periods ahead for which an explanation tries what would turn the answer."""


@dataclass(frozen=True, slots=True)
class PeriodsBack:
    """A number of periods of one length, counted back from now: the first is `(now - length, now]`."""

    number: int
    length: Duration

    def __post_init__(self) -> None:
        fix = f"Write a number from 1 to {MOST:,}."
        require(1 <= self.number <= MOST, "bad_window", f"{self.number} is no number of periods.", fix=fix)
        check_duration(self.whole)

    @property
    def whole(self) -> Duration:
        """All of them together."""
        return Duration(self.number * self.length.number, self.length.unit)

    def windows(self) -> Iterator[Window]:
        """Each of them, the latest first."""
        yield Last(self.length)
        for place in range(1, self.number):
            start, end = (Duration(self.length.number * far, self.length.unit) for far in (place + 1, place))
            yield BetweenAgo(start, end)

    def english(self) -> str:
        """`the last 4 weeks`, `the last 3 periods of 30 days`."""
        if self.length.number == 1:
            return f"the last {self.whole.english()}"
        return f"the last {self.number} periods of {self.length.english()}"


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the periods with events in them, those with a number as in `times` (`within`) or not are `low` to `high`."""

    stream: Stream
    periods: PeriodsBack
    times: Times
    within: bool
    low: int  # 1 or more
    high: int | None

    def needs(self) -> Iterator[Reference]:
        """The event."""
        return stream_references(self.stream)

    def reaches(self) -> Iterator[Reach]:
        """All periods together."""
        yield lasting(self.stream, self.periods.whole)

    def scan(self, binding: Binding) -> exp.Select:
        """Events by period, then periods by subscriber."""
        ago = exp.Sub(this=_milliseconds(binding.instant(binding.now)), expression=_milliseconds(column("at")))
        period = exp.IntDiv(this=exp.Paren(this=ago), expression=binding.value(self.periods.length.ms))
        span = Last(self.periods.whole).span(binding.now)
        counted = exp.select(column("subscriber"), exp.alias_(period, "period", quoted=True), 'COUNT(*) AS "number"')
        counted = counted.from_(exp.table_("events"))
        counted = counted.where(*stream_conditions(self.stream, span, binding))
        counted = counted.group_by(column("subscriber"), column("period"))
        low, high = self.times.bounds
        inside = exp.and_(*_between(column("number"), low, high, binding))
        found = exp.select(column("subscriber")).from_(counted.subquery("counted"))
        found = found.where(inside if self.within else exp.not_(inside)).group_by(column("subscriber"))
        return found.having(*_between(exp.Count(this=exp.Star()), self.low, self.high, binding))


def _milliseconds(instant: exp.Expr) -> exp.Expr:
    return variant.call("epoch_ms", instant)


def _between(number: exp.Expr, low: int, high: int | None, binding: Binding) -> Iterator[exp.Expr]:
    yield exp.GTE(this=number, expression=binding.value(low))
    if high is not None:
        yield exp.LTE(this=number.copy(), expression=binding.value(high))


@dataclass(frozen=True, slots=True)
class Regular:
    """The periods in which the events of a stream number as in `times` number as in `share`.

    >>> Regular(Stream("Email Opened"), PeriodsBack(4, Duration(1, "w")), Times("at_least", 3)).english()
    'did "Email Opened" in at least 3 of the last 4 weeks'
    """

    stream: Stream
    periods: PeriodsBack
    share: Times  # of the periods
    times: Times = ONCE  # of the events in each

    def __post_init__(self) -> None:
        low, high = self.share.bounds
        most = self.periods.number
        possible = low <= most and (high is None or high <= most)
        fix = f"Write a number up to {most}."
        require(possible, "bad_times", f"There are only {most} periods.", fix=fix)
        telling = low > 0 or (high is not None and high < most)
        require(telling, "bad_times", "That is true of everyone.", fix=f"Write at least 1, or at most {most - 1}.")

    def english(self) -> str:
        """`did "Email Opened" at least 2 times in at least 3 of the last 4 weeks`."""
        times = "" if self.times == ONCE else f" {self.times.english()}"
        every = self.share == Times("at_least", self.periods.number)
        share = "each" if every else self.share.english().removesuffix("s").removesuffix(" time")
        said = f"did {quoted(self.stream.event)}{self.stream.english_filters()}{times}"
        return f"{said} in {share} of {self.periods.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"regularly": "Email Opened", "in": {"at_least": 3}, "of_last": 4, "periods_of": "1w"}`."""
        data = self.stream.to_data("regularly")
        if self.times != ONCE:
            data["times"] = self.times.to_data()
        data |= {"in": self.share.to_data(), "of_last": self.periods.number}
        return {**data, "periods_of": self.periods.length.short()}

    def lower(self) -> Core:
        """A scan of the periods that differ from an empty one."""
        low, high = self.share.bounds
        most = self.periods.number
        full = 0 not in self.times  # whether a period needs events to count
        if not full:
            low, high = most - (most if high is None else high), most - low
        if low > 0:
            return Spread(self.stream, self.periods, self.times, full, low, high)
        assert high is not None
        return Opposite(Spread(self.stream, self.periods, self.times, full, high + 1, None))

    def _numbers(self, person: Person) -> list[int]:
        return [len(person.events(self.stream, window)) for window in self.periods.windows()]

    def holds(self, person: Person) -> bool:
        """Count in each period, and count the periods."""
        return sum(number in self.times for number in self._numbers(person)) in self.share

    def detail(self, person: Person) -> Detail:
        """The numbers of each period, the earliest first."""
        numbers = self._numbers(person)
        value = f"{sum(number in self.times for number in numbers)}: {', '.join(map(str, reversed(numbers)))}"
        events = person.events(self.stream, Last(self.periods.whole))
        needed = f"{self.share.english().removesuffix('s').removesuffix(' time')} of {self.periods.english()}"
        return Detail(value, needed, tuple(events))

    def ways(self, person: Person) -> Iterator[Way]:
        """Events in the period that runs, then in each of the next ones; or time alone."""
        found = next_counted(self.stream, EVER, person)
        if found is None:
            yield from more(self.stream, EVER, person)
            yield from over(self.stream, EVER, person)
            return
        low, high = self.times.bounds
        number = self._numbers(person)[0]
        for missing in (low - number, 0 if high is None else high + 1 - number):
            if missing > 0:
                yield from more(self.stream, EVER, person, missing)
        if self.times.bounds[0] <= MOST_FACTS // self.periods.number:
            yield from self._in_each(person, max(low, 1))
        yield no_more(self.stream)

    def _in_each(self, person: Person, times: int) -> Iterator[Way]:
        length, said = self.periods.length, f"{times} more {stream_words(self.stream)} in each of"
        events: list[Event] = []
        for place in range(min(self.periods.number, MOST_TRIED)):
            at = Instant(person.now + place * length.ms)
            event = example_event(self.stream, at, at, person)
            if event is None:
                return
            events += [event] * times
            for first in (1, 0):  # the period that runs may have enough
                told = tuple(events[first * times :])
                if told:
                    number, start = place + 1 - first, moment_words(told[0].at)
                    yield Do(f"{said} {number} periods of {length.english()} from {start}", Facts(events=told), at)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happens, and when it moves into an earlier period."""
        length = self.periods.length.ms
        return person.moments(self.stream, tuple(length * place for place in range(1, self.periods.number + 1)))

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The event and the properties of its filters."""
        return stream_references(self.stream)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Regular:
    fields.only(data, ("regularly", *STREAM_KEYS, "times", "in", "of_last", "periods_of"), where)
    for key in ("in", "of_last", "periods_of"):
        if key not in data:
            fix = 'Write for example "in": {"at_least": 3}, "of_last": 4, "periods_of": "1w".'
            raise UserError("incomplete_condition", f"{key} is missing.", where=where, fix=fix)
    number = data["of_last"]
    whole = isinstance(number, int) and not isinstance(number, bool)
    if not whole:
        message, fix = "of_last is no number of periods.", "Write a whole number such as 4."
        raise UserError("bad_window", message, where=f"{where}.of_last", fix=fix)
    periods = PeriodsBack(number, fields.length(data, "periods_of", where))
    share = times_from(data["in"], f"{where}.in")
    return Regular(stream_from(data, "regularly", where), periods, share, fields.times(data, where))


@dataclass(frozen=True, slots=True)
class _Share:
    """The words `in at least 3 of the last 4 weeks`."""

    share: Times
    periods: PeriodsBack


def _regular(event: str, *words: object) -> Regular:
    (found,) = (word for word in words if isinstance(word, _Share))
    said = Clauses.read(word for word in words if not isinstance(word, _Share))
    said.refuse("window")
    return Regular(said.stream(event), found.periods, found.share, said.times or ONCE)


def _in_each(periods: PeriodsBack) -> _Share:
    return _Share(Times("at_least", periods.number), periods)


def _share(form: str) -> Any:
    return lambda *words: _Share(Times(form, *words[:-1]), words[-1])


def _of_one_unit(words: str) -> PeriodsBack:
    """`4 weeks`: each is a period; half of one is none."""
    whole = "." not in words
    fix = "Write for example 4 weeks, or 3 periods of 36 hours."
    require(whole, "bad_window", f"{words} is not a whole number of periods.", fix=fix)
    length = length_of(words)
    return PeriodsBack(length.number, Duration(1, length.unit))


KIND = Kind(
    name="regularly",
    node=Regular,
    keys=("regularly",),
    read=_read,
    rules=("regular",),
    grammar="""
regular: "did" text _clause* in_periods _clause*
    | counted _clause* in_periods _clause*
in_periods: "in" "at" "least" whole _of_last -> periods_at_least
    | "in" "at" "most" whole _of_last -> periods_at_most
    | "in" "exactly" whole _of_last -> periods_exactly
    | _IN_BETWEEN whole "and" whole _of_last -> periods_between
    | "in" "each" _of_last -> periods_each
_of_last: "of" "the" "last" periods
periods: (DURATION | UNIT) -> periods_single
    | whole "periods" "of" duration -> periods_long
""",
    build={
        "regular": _regular,
        **{f"periods_{form}": _share(form) for form in ("at_least", "at_most", "exactly", "between")},
        "periods_each": _in_each,
        "periods_single": _of_one_unit,
        "periods_long": PeriodsBack,
    },
)
