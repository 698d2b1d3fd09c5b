"""Aggregates: the sum, average, least, greatest or number of distinct values of a property over a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.counterfactual.on_events import no_more, over, reaching
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.lowered import AllOf, Core, Count, CountWithin
from shoal.segments.measured import against_list, within
from shoal.segments.measures import UNIT, Measure, measured_words
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.words import written
from shoal.segments.summaries import FUNCTIONS, SUMMARY_KEYS, Summary, summary, summary_from
from shoal.segments.values import Json, Number, check_number, shown

BEYOND = 10**37
"""No measured number is as large, and a query can still bind it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a number is compared with; numbers have six decimals at most.

    >>> Bound("more_than", 19.99).english(), Bound("more_than", 19.99).limits
    ('more than 19.99', (19990001, None))
    """

    form: str  # a key of FORMS
    number: Number
    most: Number | None = None  # only for "between", which includes both

    def __post_init__(self) -> None:
        for number in self._numbers():
            check_number(number)
            exact = UNIT % Fraction(repr(number)).denominator == 0
            require(exact, "bad_value", f"{shown(number)} is too fine a number.", fix="Write six decimals at most.")
        between = self.form == "between"
        require(between == (self.most is not None), "bad_value", "Between has two numbers.", fix="Write [5, 10].")
        if self.most is not None:
            message = f"The range from {self.number} to {self.most} is empty."
            require(self.number <= self.most, "bad_value", message, fix="Put the smaller number first.")

    def _numbers(self) -> tuple[Number, ...]:
        return (self.number,) if self.most is None else (self.number, self.most)

    @property
    def limits(self) -> tuple[int | None, int | None]:
        """The least and the greatest measured number that passes; None where there is none."""
        low, *high = (max(-BEYOND, min(BEYOND, int(Fraction(repr(one)) * UNIT))) for one in self._numbers())
        match self.form:
            case "at_least":
                return low, None
            case "more_than":
                return low + 1, None
            case "at_most":
                return None, low
            case "less_than":
                return None, low - 1
        return low, (high or [low])[0]

    def english(self) -> str:
        """`at least 100`, `between 5 and 10`."""
        return f"{self.form.replace('_', ' ')} {' and '.join(map(written, self._numbers()))}"

    def to_data(self) -> dict[str, Json]:
        """`{"at_least": 100}`, `{"between": [5, 10]}`."""
        return {self.form: self.number if self.most is None else [self.number, self.most]}


@dataclass(frozen=True, slots=True)
class AgainstList:
    """Strictly above or below the list's average: of all identified subscribers who have such a number."""

    above: bool

    def english(self) -> str:
        """`above average`."""
        return f"{'above' if self.above else 'below'} average"

    def to_data(self) -> dict[str, Json]:
        """`{"list_average": "above"}`."""
        return {"list_average": "above" if self.above else "below"}


@dataclass(frozen=True, slots=True)
class MeasureWithin:
    """A measured number from `low` to `high`, both included; None for no limit.

    Nothing is 0 where the measure says so.
    """

    measure: Measure
    low: int | None
    high: int | None

    def needs(self) -> Iterator[Reference]:
        """What is measured, where nothing is not 0."""
        return iter(()) if self.measure.zero else self.measure.references()

    def holds(self, person: Person) -> bool:
        """The oracle's reading."""
        value = _value(self.measure, person)
        if value is None:
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def scan(self, binding: Binding) -> exp.Select:
        """One grouped read, and the list of subscribers where nothing is 0."""
        return within(self.measure.rows(binding), self.measure.zero, self.low, self.high, binding)


@dataclass(frozen=True, slots=True)
class MeasureAgainstList:
    """A measured number strictly above or below the average of all identified subscribers who have one.

    Where nothing is 0 everybody has one.
    """

    measure: Measure
    above: bool

    def needs(self) -> Iterator[Reference]:
        """What is measured: with 0 for everybody nobody is above or below."""
        return self.measure.references()

    def holds(self, person: Person) -> bool:
        """The oracle's reading: multiplied crosswise, so exactly."""
        value = _value(self.measure, person)
        if value is None:
            return False
        total, people = self.average(person)
        return value * people > total if self.above else value * people < total

    def average(self, person: Person) -> tuple[int, int]:
        """The list's total, and how many share in it."""
        population = person.population
        assert population is not None, "conditions about averages need a population"
        standing = population.standing(self.measure, 0, person.now)
        return standing.total, population.size() if self.measure.zero else standing.people

    def scan(self, binding: Binding) -> exp.Select:
        """The measured numbers beside their average."""
        return against_list(self.measure.rows(binding), self.measure.zero, self.above)


def _value(measure: Measure, person: Person) -> int | None:
    value = measure.value(person)
    return 0 if value is None and measure.zero else value


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A sum, average, minimum, maximum or number of distinct values passes a comparison.

    Sums and numbers of distinct values are 0 where there is nothing. The others then have no value, and every
    comparison is false.

    >>> from shoal.segments.streams import Stream
    >>> Aggregate(Summary("sum", Stream("Order Completed"), ("total",)), Bound("at_least", 100)).english()
    'sum of total of orders is at least 100'
    """

    summary: Summary
    test: Bound | AgainstList

    def __post_init__(self) -> None:
        complete = self.summary.function in FUNCTIONS and bool(self.summary.path)
        require(complete, "incomplete_condition", "An aggregate needs a property.", fix="Name one.")

    @property
    def against_list(self) -> bool:
        """Where the average of the list is asked for."""
        return isinstance(self.test, AgainstList)

    def english(self) -> str:
        """`sum of total of orders in the last 90 days is at least 100`."""
        return f"{self.summary.english()} is {self.test.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"sum": "total", "of": "Order Completed", "when": {"last": "90d"}, "at_least": 100}`."""
        return {**self.summary.to_data(), **self.test.to_data()}

    def lower(self) -> Core:
        """A measured number; the least and the greatest are counts of events beyond the number compared with."""
        if isinstance(self.test, AgainstList):
            return MeasureAgainstList(self.summary, self.test.above)
        if self.summary.function in ("minimum", "maximum"):
            return _extreme(self.summary, self.test)
        return MeasureWithin(self.summary, *self.test.limits)

    def holds(self, person: Person) -> bool:
        """Work it out and compare; the least and the greatest as they are stored."""
        if isinstance(self.test, AgainstList):
            return MeasureAgainstList(self.summary, self.test.above).holds(person)
        if self.summary.function not in ("minimum", "maximum"):
            return MeasureWithin(self.summary, *self.test.limits).holds(person)
        numbers = self.summary.numbers(person)
        if not numbers:
            return False
        extreme = min(numbers) if self.summary.function == "minimum" else max(numbers)
        return FORMS[self.test.form](extreme, self.test)

    def detail(self, person: Person) -> Detail:
        """The number, and the events it is made of."""
        value = _value(self.summary, person)
        needed = self.test.english()
        if isinstance(self.test, AgainstList):
            total, people = MeasureAgainstList(self.summary, self.test.above).average(person)
            average = measured_words(total // people) if people else "none"
            needed = f"{'above' if self.test.above else 'below'} the list's average of {average}"
        events = person.events(self.summary.stream, self.summary.window)
        return Detail("none" if value is None else measured_words(value), needed, tuple(events))

    def ways(self, person: Person) -> Iterator[Way]:
        """More events with the numbers that are missing, or time alone."""
        holds, value = self.holds(person), _value(self.summary, person)
        now = "none" if value is None else measured_words(value)
        words = f"{self.summary.english()} that is {'not ' * holds}{self.test.english()} (now {now})"
        for goal in self._goals(person, holds):
            yield from reaching(self.summary, goal, person, words)
        if person.events(self.summary.stream, self.summary.window):
            yield no_more(self.summary.stream)
        yield from over(self.summary.stream, self.summary.window, person)
        if self.against_list:
            yield Do(f"others do more or less, until {words}", None, person.now)

    def _goals(self, person: Person, holds: bool) -> Iterator[int]:
        """Measured numbers at which the answer turns, the nearest on either side."""
        if isinstance(self.test, Bound):
            low, high = self.test.limits
            edges = ((low, -1), (high, 1))
            yield from (edge + side * holds for edge, side in edges if edge is not None)
            return
        total, people = MeasureAgainstList(self.summary, self.test.above).average(person)
        own = _value(self.summary, person) if person.history.identified else None
        others = people - (own is not None)
        mean = (total - (own or 0)) // others if others else 0
        step = UNIT if self.summary.function == "distinct" else 1
        yield from (mean // step * step + step * more for more in ((0, 1, 2) if self.test.above != holds else (0, -1)))

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happens, enters or leaves the window; the list's average moves besides."""
        return self.summary.moments(person)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The event, its property, and those of the filters."""
        return self.summary.references()


FORMS: Mapping[str, Callable[[Number, Bound], bool]] = {
    "at_least": lambda number, bound: number >= bound.number,
    "at_most": lambda number, bound: number <= bound.number,
    "more_than": lambda number, bound: number > bound.number,
    "less_than": lambda number, bound: number < bound.number,
    "exactly": lambda number, bound: number == bound.number,
    "between": lambda number, bound: bound.most is not None and bound.number <= number <= bound.most,
}
"""How a number is compared, by the key in JSON."""

_INSIDE = {
    "at_least": "gte",
    "at_most": "lte",
    "more_than": "gt",
    "less_than": "lt",
    "exactly": "is",
    "between": "between",
}
"""The comparison of one property that each form is."""


def _extreme(summary: Summary, bound: Bound) -> Core:
    """Some number passes, and none lies beyond it on the side that counts."""
    operand = bound.number if bound.most is None else (bound.number, bound.most)
    passes = CountWithin(_counted(summary, Comparison(_INSIDE[bound.form], operand)), 1, None)
    if summary.function == "maximum":
        beyond = {"at_most": "gt", "less_than": "gte", "exactly": "gt", "between": "gt"}
        edge = bound.number if bound.most is None else bound.most
    else:
        beyond = {"at_least": "lt", "more_than": "lte", "exactly": "lt", "between": "lt"}
        edge = bound.number
    if bound.form not in beyond:
        return passes
    return AllOf((passes, CountWithin(_counted(summary, Comparison(beyond[bound.form], edge)), 0, 0)))


def _counted(summary: Summary, comparison: Comparison) -> Count:
    where = (*summary.stream.where, PropertyFilter(summary.path, comparison))
    return Count(replace(summary.stream, where=where), summary.window)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Aggregate:
    function = next(key for key in FUNCTIONS if key in data)
    fields.only(data, (function, *SUMMARY_KEYS, *FORMS, "list_average"), where)
    tests = [key for key in data if key in FORMS or key == "list_average"]
    if len(tests) != 1:
        fix = 'Write for example "at_least": 100.'
        raise UserError("incomplete_condition", "An aggregate needs one comparison.", where=where, fix=fix)
    (form,) = tests
    try:
        test = _against(data[form]) if form == "list_average" else _bound(form, data[form])
    except UserError as error:
        error.where = error.where or f"{where}.{form}"
        raise
    return Aggregate(summary_from(data, where), test)


def _against(side: object) -> AgainstList:
    if side not in ("above", "below"):
        raise UserError("bad_value", f"{shown(side)} is not a side.", fix='Write "above" or "below".')
    return AgainstList(side == "above")


def _bound(form: str, operand: object) -> Bound:
    if form != "between":
        return Bound(form, check_number(operand))
    if not isinstance(operand, list) or len(operand) != 2:
        raise UserError("bad_value", "Between needs two numbers.", fix="Write [5, 10].")
    return Bound(form, check_number(operand[0]), check_number(operand[1]))


def _form(form: str) -> Callable[..., Bound]:
    return lambda *numbers: Bound(form, *numbers)


KIND = Kind(
    name="sum, average, minimum, maximum, distinct",
    node=Aggregate,
    keys=FUNCTIONS,
    read=_read,
    rules=("aggregate",),
    grammar="""
aggregate: summary bound
summary: function property "of" _whose _clause*
function: "sum" "of" -> function_sum
    | "average" "of" -> function_average
    | "minimum" "of" -> function_minimum
    | "maximum" "of" -> function_maximum
    | "distinct" -> function_distinct
_whose: counted | text
bound: ("is" "at" "least" | ">=") number -> bound_at_least
    | ("is" "at" "most" | "<=") number -> bound_at_most
    | ("is" "more" "than" | ">") number -> bound_more_than
    | ("is" "less" "than" | "<") number -> bound_less_than
    | ("is" | "is" "exactly" | "=") number -> bound_exactly
    | "is" "between" number "and" number -> bound_between
    | "is" side "average" -> bound_average
""",
    build={
        "aggregate": Aggregate,
        "summary": summary,
        "bound_average": AgainstList,
        **{f"function_{one}": (lambda one=one: one) for one in FUNCTIONS},
        **{f"bound_{form}": _form(form) for form in FORMS},
    },
)
