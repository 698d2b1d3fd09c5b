"""Consent: what a subscriber allowed for a channel and a purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import UserError, nearest
from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.on_statements import of_consent
from shoal.segments.counterfactual.ways import Never, Way
from shoal.segments.lowered import ConsentHolds, Core, Opposite
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.words import scalar, scalars
from shoal.segments.values import Json, check_text
from shoal.segments.wording import name_words

STATES = ("granted", "denied", "pending")
OPERATORS = ("is", "is_not", "one_of", "none_of", "is_set")
MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Consent:
    """The latest state of a consent passes a comparison; where none was ever stated, it has no state.

    >>> Consent("email", MARKETING, Comparison("is", "granted")).english()
    'consent to email marketing is "granted"'
    """

    channel: str
    purpose: str
    comparison: Comparison

    def __post_init__(self) -> None:
        check_text(self.channel, "The channel")
        check_text(self.purpose, "The purpose")
        if self.comparison.operator not in OPERATORS:
            fix = f"Use {', '.join(OPERATORS)}."
            raise UserError("bad_value", "A state of consent can't be compared so.", fix=fix)
        for state in _operands(self.comparison):
            if state not in STATES:
                fix = nearest(str(state), STATES) or f"Use {', '.join(STATES)}."
                raise UserError("bad_value", f"There is no state of consent {state!r}.", fix=fix)

    def english(self) -> str:
        """`consent to sms marketing is "denied"`."""
        return f"consent to {name_words(self.channel)} {name_words(self.purpose)} {self.comparison.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"consent": "email", "purpose": "marketing", "is": "granted"}`."""
        return {"consent": self.channel, "purpose": self.purpose, **self.comparison.to_data()}

    def lower(self) -> Core:
        """One of some states, or the complement of that."""
        comparison, opposite = self.comparison.plain()
        states = STATES if comparison.operator == "is_set" else tuple(map(str, _operands(comparison)))
        holds = ConsentHolds(self.channel, self.purpose, states)
        return Opposite(holds) if opposite else holds

    def holds(self, person: Person) -> bool:
        """Compare the latest state."""
        stated = person.history.consent(self.channel, self.purpose)
        return self.comparison.holds(stated.state if stated else None, person.now)

    def detail(self, person: Person) -> Detail:
        """The state."""
        stated = person.history.consent(self.channel, self.purpose)
        return Detail(stated.state if stated else "not set", self.comparison.english())

    def ways(self, person: Person) -> Iterator[Way]:
        """Another state of the consent; a consent once stated never has none again."""
        holds = self.holds(person)
        for state in STATES:
            if self.comparison.holds(state, person.now) != holds:
                yield from of_consent(person, self.channel, self.purpose, state)
        if all(self.comparison.holds(state, person.now) == holds for state in STATES):
            yield Never("nothing: a consent that was stated always has a state")

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the consent was stated."""
        for stated in person.history.consents:
            if (stated.channel, stated.purpose) == (self.channel, self.purpose):
                yield stated.at

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """None: channels and purposes need not have been seen."""
        return iter(())


def _operands(comparison: Comparison) -> tuple[object, ...]:
    match comparison.operator:
        case "is_set":
            return ()
        case "one_of" | "none_of":
            return scalars(comparison.operand)
    return (scalar(comparison.operand),)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Consent:
    channel = fields.name(data, "consent", where)
    purpose = fields.name(data, "purpose", where) if "purpose" in data else MARKETING
    return Consent(channel, purpose, fields.comparison(data, ("consent", "purpose"), where))


KIND = Kind(
    name="consent",
    node=Consent,
    keys=("consent",),
    read=_read,
    rules=("consent",),
    grammar="""
consent: "consent" "to" word word test
""",
    build={"consent": Consent},
)
