"""Trend: a stream's last stretch of time against the one before it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from shoal.core.errors import UserError, require
from shoal.core.time import Duration, Instant
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.counterfactual.on_events import more, no_more, stream_words
from shoal.segments.counterfactual.ways import Do, Never, Way
from shoal.segments.lowered import Count, CountsCompared, Sign
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference, stream_references
from shoal.segments.operators.dates import check_duration, read_duration
from shoal.segments.operators.words import written
from shoal.segments.streams import STREAM_KEYS, Stream, stream_from
from shoal.segments.values import Json, Number, check_number
from shoal.segments.windows import BetweenAgo, Last

SIGNS: dict[str, Sign] = {"at_most": "<=", "less_than": "<", "at_least": ">=", "more_than": ">"}
LARGEST_FACTOR = 1_000_000
FINEST = 1_000_000  # parts of one


@dataclass(frozen=True, slots=True)
class Trend:
    """The count in `(now - W, now]` against a factor times the count in `(now - 2 W, now - W]`.

    Plain arithmetic: with nothing in either, 0 is at most half of 0. Add `did … between 60 days and 30
    days ago` where somebody has to have started.
    """

    stream: Stream
    length: Duration
    relation: str  # a key of SIGNS
    factor: Number

    def __post_init__(self) -> None:
        check_duration(Duration(self.length.number * 2, self.length.unit))
        check_number(self.factor)
        sound = 0 <= self.factor <= LARGEST_FACTOR and FINEST % Fraction(repr(self.factor)).denominator == 0
        fix = "Write a number such as 0.5 or 2, with six decimals at most."
        require(sound, "bad_value", f"{self.factor} is not a factor.", fix=fix)

    def _windows(self) -> tuple[Last, BetweenAgo]:
        twice = Duration(self.length.number * 2, self.length.unit)
        return Last(self.length), BetweenAgo(twice, self.length)

    def english(self) -> str:
        """`opens in the last 30 days are at most 0.5 times the 30 days before`."""
        length = self.length.english()
        relation = f"{self.relation.replace('_', ' ')} {written(self.factor)} times"
        return f"{self.stream.english_noun()} in the last {length} are {relation} the {length} before"

    def to_data(self) -> dict[str, Json]:
        """`{"trend": "Email Opened", "last": "30d", "at_most": 0.5}`."""
        return {**self.stream.to_data("trend"), "last": self.length.short(), self.relation: self.factor}

    def lower(self) -> CountsCompared:
        """Two counts compared; the factor is the decimal number as written."""
        recent, earlier = self._windows()
        factor = Fraction(repr(self.factor))
        return CountsCompared(Count(self.stream, recent), SIGNS[self.relation], factor, Count(self.stream, earlier))

    def _numbers(self, person: Person) -> tuple[int, int]:
        recent, earlier = self._windows()
        return len(person.events(self.stream, recent)), len(person.events(self.stream, earlier))

    def holds(self, person: Person) -> bool:
        """Count twice and compare."""
        recent, earlier = self._numbers(person)
        against = Fraction(repr(self.factor)) * earlier
        match self.relation:
            case "at_most":
                return recent <= against
            case "less_than":
                return recent < against
            case "at_least":
                return recent >= against
        return recent > against

    def detail(self, person: Person) -> Detail:
        """Both numbers, and the events counted."""
        recent, earlier = self._numbers(person)
        events = [one for window in reversed(self._windows()) for one in person.events(self.stream, window)]
        needed = f"{self.relation.replace('_', ' ')} {written(self.factor)} times the number before"
        return Detail(f"{recent} after {earlier}", needed, tuple(events))

    def ways(self, person: Person) -> Iterator[Way]:
        """As many more as tip the scales, or time alone."""
        recent, earlier = self._numbers(person)
        against = Fraction(repr(self.factor)) * earlier
        upwards = self.relation in ("at_least", "more_than")
        if upwards != self.holds(person):
            least = math.ceil(against) if self.relation in ("at_least", "less_than") else math.floor(against) + 1
            yield from more(self.stream, self._windows()[0], person, max(1, least - recent))
        yield no_more(self.stream)
        if recent == earlier == 0:
            yield from self._after_none(person)

    def _after_none(self, person: Person) -> Iterator[Way]:
        """Where there is none: one that was, and none since."""
        if self.factor == 0:
            if self.relation in ("at_least", "less_than"):
                yield Never("nothing: no number of events is below 0")
            return
        for one in more(self.stream, self._windows()[0], person):
            words = f"{one.words}, and no {stream_words(self.stream)} in the {self.length.english()} after it"
            yield Do(words, one.facts, Instant(one.at + self.length.ms))

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happens, becomes an earlier one, and is forgotten."""
        return person.moments(self.stream, (self.length.ms, 2 * self.length.ms))

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The event and the properties of its filters."""
        return stream_references(self.stream)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Trend:
    fields.only(data, ("trend", *STREAM_KEYS, "last", *SIGNS), where)
    relations = [key for key in data if key in SIGNS]
    if len(relations) != 1 or "last" not in data:
        fix = 'Write for example "last": "30d", "at_most": 0.5.'
        raise UserError("incomplete_condition", "A trend needs a window and one factor.", where=where, fix=fix)
    stream = stream_from(data, "trend", where)
    return Trend(stream, read_duration(data["last"]), relations[0], data[relations[0]])


def _trend(event: str, *rest: Any) -> Trend:
    *clauses, relation, factor, before = rest
    said = Clauses.read(clauses)
    said.refuse("times")
    window = said.window
    if not isinstance(window, Last):
        fix = "Write for example opens in the last 30 days are …"
        raise UserError("incomplete_condition", "A trend needs a window in the last days.", fix=fix)
    fix = f"Write the {window.length.english()} before."
    require(window.length.ms == before.ms, "bad_window", "A trend compares two stretches of one length.", fix=fix)
    return Trend(said.stream(event), window.length, relation, factor)


KIND = Kind(
    name="trend",
    node=Trend,
    keys=("trend",),
    read=_read,
    rules=("trend",),
    grammar="""
trend: counted _clause* "are" relation factor "the" duration "before"
relation: "at" "most" -> at_most
    | "at" "least" -> at_least
    | "more" "than" -> more_than
    | "less" "than" -> less_than
factor: number _TIMES -> factor
    | "half" "of"? -> half
""",
    build={
        "trend": _trend,
        "at_most": lambda: "at_most",
        "at_least": lambda: "at_least",
        "more_than": lambda: "more_than",
        "less_than": lambda: "less_than",
        "factor": lambda number: number,
        "half": lambda: 0.5,
    },
)
