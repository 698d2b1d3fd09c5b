"""Top, bottom: the part of the list with the greatest, or the smallest, numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.measured import share
from shoal.segments.measures import UNIT, Measure, measured_words
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.words import quoted, written
from shoal.segments.predictions import SCORE
from shoal.segments.summaries import FUNCTIONS, SUMMARY_KEYS, Summary, TraitNumber, counted, summary_from
from shoal.segments.values import Json, Number, check_number, check_text

Side = Literal["top", "bottom"]


@dataclass(frozen=True, slots=True)
class ScoreNumber:
    """The latest score of this name."""

    score: str

    def __post_init__(self) -> None:
        check_text(self.score, "The score's name")

    @property
    def zero(self) -> bool:
        """No: there may be no score."""
        return False

    def _trait(self) -> TraitNumber:
        return TraitNumber(f"{SCORE}{self.score}")

    def english(self) -> str:
        """`score "churn risk"`."""
        return f"score {quoted(self.score)}"

    def to_data(self) -> dict[str, Json]:
        """`{"score": "churn risk"}`."""
        return {"score": self.score}

    def value(self, person: Person) -> int | None:
        """As of the trait that holds it."""
        return self._trait().value(person)

    def rows(self, binding: Binding) -> exp.Select:
        """As of the trait that holds it."""
        return self._trait().rows(binding)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the score was given."""
        return self._trait().moments(person)

    def references(self) -> Iterator[Reference]:
        """The score."""
        yield Reference("score", self.score)


@dataclass(frozen=True, slots=True)
class Share:
    """Among the greatest (or smallest) numbers of the list: fewer than `percent` % of it have a greater one.

    The list is all identified subscribers who have the number at all: nobody without an event, or without the trait, is
    in the top or at the bottom. Those with equal numbers are all in or all out. Where anybody has a number, at
    least one is in.
    """

    side: Side
    percent: Number
    by: Summary | TraitNumber | ScoreNumber

    def __post_init__(self) -> None:
        check_number(self.percent)
        sound = 0 < self.percent < 100 and UNIT % Fraction(repr(self.percent)).denominator == 0
        fix = "Write a number between 0 and 100, with six decimals at most."
        require(sound, "bad_value", f"{self.percent} is not a part of the list.", fix=fix)
        property_named = not isinstance(self.by, Summary) or self.by.function == "count" or bool(self.by.path)
        require(property_named, "incomplete_condition", "The rank needs a property.", fix="Name one.")

    @property
    def against_list(self) -> bool:
        """Always."""
        return True

    def english(self) -> str:
        """`in the top 10 % by sum of total of orders in the last 365 days`."""
        return f"in the {self.side} {written(self.percent)} % by {self.by.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"top": 10, "by": {"sum": "total", "of": "Order Completed", "when": {"last": "365d"}}}`."""
        return {self.side: self.percent, "by": self.by.to_data()}

    def lower(self) -> InShare:
        """A question of its own."""
        return InShare(self.side, Fraction(repr(self.percent)), self.by)

    def holds(self, person: Person) -> bool:
        """Count those who have a greater (or smaller) number."""
        return self.lower().holds(person)

    def detail(self, person: Person) -> Detail:
        """One's own number and rank."""
        value = self.by.value(person)
        needed = f"in the {self.side} {written(self.percent)} %"
        events = person.events(self.by.stream, self.by.window) if isinstance(self.by, Summary) else []
        if value is None:
            return Detail("none", needed, tuple(events))
        beyond, people = self.lower().rank(person, value)
        return Detail(f"{measured_words(value)}, number {beyond + 1} of {people}", needed, tuple(events))

    def ways(self, person: Person) -> Iterator[Way]:
        """Another rank: a greater (or smaller) number than others have."""
        value = self.by.value(person)
        rank, people = self.lower().rank(person, value or 0)
        last = math.ceil(Fraction(repr(self.percent)) * (people + (value is None)) / 100)
        now = "no number now" if value is None else f"number {rank + 1} of {people} now"
        place = f"place {last + 1} or further down" if self.holds(person) else f"place {last} or better"
        yield Do(f"{place} by {self.by.english()}, from the {self.side} ({now})", None, person.now)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When one's own number changes; the others' move besides."""
        return self.by.moments(person)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The names that the number is made of."""
        return self.by.references()


@dataclass(frozen=True, slots=True)
class InShare:
    """Fewer than `percent` % of the identified subscribers who have a number have a greater (or smaller) one."""

    side: Side
    percent: Fraction
    measure: Measure

    def holds(self, person: Person) -> bool:
        """The oracle's reading."""
        value = self.measure.value(person)
        if value is None:
            return False
        beyond, people = self.rank(person, value)
        return beyond * 100 < self.percent * people

    def rank(self, person: Person, value: int) -> tuple[int, int]:
        """How many have a greater (or smaller) number, of how many."""
        assert person.population is not None, "conditions about ranks need a population"
        standing = person.population.standing(self.measure, value, person.now)
        return (standing.above if self.side == "top" else standing.below), standing.people

    def needs(self) -> Iterator[Reference]:
        """What is measured."""
        return self.measure.references()

    def scan(self, binding: Binding) -> exp.Select:
        """The number of the last who is in, and all who reach it."""
        return share(self.measure.rows(binding), self.side == "top", self.percent, binding)


_BY = ("count", *FUNCTIONS, "trait", "score")


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Share:
    side: Side = "top" if "top" in data else "bottom"
    fields.only(data, (side, "by"), where)
    by = data.get("by")
    if not isinstance(by, dict) or sum(key in _BY for key in by) != 1:
        fix = 'Write for example "by": {"sum": "total", "of": "Order Completed"}.'
        raise UserError("incomplete_condition", f"The {side} by what?", where=f"{where}.by", fix=fix)
    return Share(side, check_number(data[side]), _read_by(by, f"{where}.by"))


def _read_by(by: Mapping[str, Any], where: str) -> Summary | TraitNumber | ScoreNumber:
    key = next(key for key in _BY if key in by)
    match key:
        case "trait":
            fields.only(by, ("trait",), where)
            return TraitNumber(fields.name(by, "trait", where))
        case "score":
            fields.only(by, ("score",), where)
            return ScoreNumber(fields.name(by, "score", where))
        case "count":
            fields.only(by, ("count", *(one for one in SUMMARY_KEYS if one != "of")), where)
        case _:
            fields.only(by, (key, *SUMMARY_KEYS), where)
    return summary_from(by, where)


KIND = Kind(
    name="top, bottom",
    node=Share,
    keys=("top", "bottom"),
    read=_read,
    rules=("share",),
    grammar=r"""
share: "in" "the" share_side number _PERCENT "by" share_by
share_side: "top" -> share_top
    | "bottom" -> share_bottom
?share_by: summary
    | _NUMBER_OF? counted _clause* -> number_of
    | "trait" word -> by_trait
    | NAME -> by_trait
    | "score" word -> by_score
_PERCENT.3: /%|percent\b/i
_NUMBER_OF.3: /number\s+of\b/i
""",
    build={
        "share": Share,
        "share_top": lambda: "top",
        "share_bottom": lambda: "bottom",
        "number_of": counted,
        "by_trait": lambda name: TraitNumber(str(name)),
        "by_score": ScoreNumber,
    },
)
