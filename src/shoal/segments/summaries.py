"""The measures there are: a number made of a stream's events, and the number that a trait holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlglot import exp

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.measured import summary_scan, trait_number_scan
from shoal.segments.measures import UNIT, millionths
from shoal.segments.nodes import Person, Reference, stream_references
from shoal.segments.operators.binding import Binding
from shoal.segments.streams import STREAM_KEYS, Stream, stream_from
from shoal.segments.values import Json, Number, check_path, check_text, is_number, join_path, reached, split_path
from shoal.segments.windows import EVER, Window
from shoal.segments.wording import name_words

FUNCTIONS = ("sum", "average", "minimum", "maximum", "distinct")
"""What can be made of a property's values in a stream."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A number made of a stream's events in a window: how many there are, or something of a property of theirs."""

    function: str  # "count", or one of FUNCTIONS
    stream: Stream
    path: tuple[str, ...] = ()  # the property; () for a count
    window: Window = EVER

    def __post_init__(self) -> None:
        check_path(self.path)

    @property
    def zero(self) -> bool:
        """A sum and a number of things are 0 where there is nothing; the others have no value."""
        return self.function in ("count", "sum", "distinct")

    def english(self) -> str:
        """`sum of total of orders in the last 90 days`, `number of orders`."""
        window = f" {self.window.english()}".rstrip()
        if self.function == "count":
            return f"number of {self.stream.english_noun()}{window}"
        joined = "" if self.function == "distinct" else " of"
        return (
            f"{self.function}{joined} {name_words(join_path(self.path))} of "
            f"{self.stream.english_name()}{self.stream.english_filters()}{window}"
        )

    def to_data(self) -> dict[str, Json]:
        """`{"sum": "total", "of": "Order Completed", "when": {"last": "90d"}}`, `{"count": "Order Completed"}`."""
        if self.function == "count":
            data = self.stream.to_data("count")
        else:
            data = {self.function: join_path(self.path), **self.stream.to_data("of")}
        if self.window != EVER:
            data["when"] = self.window.to_data()
        return data

    def values(self, person: Person) -> list[Json]:
        """The property's values in the events of the stream in the window, oldest first; for a count the events'."""
        events = person.events(self.stream, self.window)
        return [value for event in events for value in (reached(event.properties, self.path) if self.path else [None])]

    def numbers(self, person: Person) -> list[Number]:
        """Those values that are numbers, as they are stored."""
        return [one for one in self.values(person) if is_number(one)]

    def value(self, person: Person) -> int | None:
        """In millionths; None where there is no event, or none with such a value."""
        values = self.values(person)
        if self.function == "count":
            return len(values) * UNIT or None
        if self.function == "distinct":
            return len({(isinstance(one, bool), one) for one in values if _countable(one)}) * UNIT or None
        numbers = [number for one in values if (number := millionths(one)) is not None]
        return _OF_NUMBERS[self.function](numbers) if numbers else None

    def rows(self, binding: Binding) -> exp.Select:
        """One grouped read of the stream."""
        return summary_scan(self.function, self.stream, self.path, self.window.span(binding.now), binding)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happens, enters or leaves the window."""
        return person.moments(self.stream, self.window.lags())

    def references(self) -> Iterator[Reference]:
        """The event, the properties of its filters, and the property."""
        yield from stream_references(self.stream)
        if self.path:
            yield Reference("property", self.path[0], self.stream.event)


def _average(numbers: list[int]) -> int:
    return math.trunc(Fraction(sum(numbers), len(numbers)))


_OF_NUMBERS: Mapping[str, Callable[[list[int]], int]] = {
    "sum": sum,
    "average": _average,
    "minimum": min,
    "maximum": max,
}


def _countable(value: Json) -> bool:
    """Whether distinct values count it: texts, finite numbers, true and false."""
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


@dataclass(frozen=True, slots=True)
class TraitNumber:
    """The latest value of a trait, where it is a number."""

    trait: str

    def __post_init__(self) -> None:
        check_text(self.trait, "The trait's name")

    @property
    def zero(self) -> bool:
        """No: nothing is known where there is no value."""
        return False

    def english(self) -> str:
        """`trait lifetime_value`."""
        return f"trait {name_words(self.trait)}"

    def to_data(self) -> dict[str, Json]:
        """`{"trait": "lifetime_value"}`."""
        return {"trait": self.trait}

    def value(self, person: Person) -> int | None:
        """In millionths; None where the trait is unset or no number."""
        stated = person.history.trait(self.trait)
        return millionths(stated.value) if stated else None

    def rows(self, binding: Binding) -> exp.Select:
        """The latest statement of each."""
        return trait_number_scan(self.trait, binding)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the trait was stated."""
        return (stated.at for stated in person.history.traits if stated.name == self.trait)

    def references(self) -> Iterator[Reference]:
        """The trait."""
        yield Reference("trait", self.trait)


SUMMARY_KEYS = ("of", *STREAM_KEYS, "when")


def summary_from(data: Mapping[str, Any], where: str) -> Summary:
    """The inverse of `Summary.to_data`, other keys left alone; raises UserError for anything else."""
    function = next(key for key in ("count", *FUNCTIONS) if key in data)
    if function == "count":
        return Summary(function, stream_from(data, "count", where), (), fields.window(data, where))
    if "of" not in data:
        raise UserError("incomplete_condition", f"The {function} of which events?", where=where, fix='Add "of".')
    stream = stream_from(data, "of", where)
    return Summary(function, stream, split_path(fields.name(data, function, where)), fields.window(data, where))


def summary(function: str, path: tuple[str, ...], event: str, *clauses: object) -> Summary:
    """From the parts of a sentence."""
    said = Clauses.read(clauses)
    said.refuse("times")
    return Summary(function, said.stream(event), path, said.window or EVER)


def counted(event: str, *clauses: object) -> Summary:
    """`number of orders` from the parts of a sentence."""
    return summary("count", (), event, *clauses)
