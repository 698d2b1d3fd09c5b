"""Trait: what is known about a subscriber."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.on_statements import of_trait
from shoal.segments.counterfactual.ways import Way
from shoal.segments.lowered import Core, Opposite, TraitHolds
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.words import written
from shoal.segments.values import Json, check_text
from shoal.segments.wording import name_words


@dataclass(frozen=True, slots=True)
class Trait:
    """The trait's value at the instant asked for passes a comparison; an unset trait passes none.

    The opposites (is not, none of, does not contain, is not set) hold where the plain comparison does
    not, so also where the trait is unset.

    >>> Trait("plan", Comparison("is", "trial")).english()
    'plan is "trial"'
    """

    name: str
    comparison: Comparison

    def __post_init__(self) -> None:
        check_text(self.name, "The trait's name")

    def english(self) -> str:
        """`plan is "trial"`."""
        words = name_words(self.name)
        return f"{'trait ' if words.startswith(chr(34)) else ''}{words} {self.comparison.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"trait": "plan", "is": "trial"}`."""
        return {"trait": self.name, **self.comparison.to_data()}

    def lower(self) -> Core:
        """The plain comparison, or its complement."""
        comparison, opposite = self.comparison.plain()
        holds = TraitHolds(self.name, comparison)
        return Opposite(holds) if opposite else holds

    def holds(self, person: Person) -> bool:
        """Compare the latest value."""
        stated = person.history.trait(self.name)
        return self.comparison.holds(stated.value if stated else None, person.now)

    def detail(self, person: Person) -> Detail:
        """The value."""
        stated = person.history.trait(self.name)
        value = stated.value if stated else None
        shown = "not set" if value is None else written(value) if isinstance(value, str | int | float) else str(value)
        return Detail(shown, self.comparison.english())

    def ways(self, person: Person) -> Iterator[Way]:
        """Another value."""
        return of_trait(person, self.name, self.comparison, holds=self.holds(person), shown=self.detail(person).value)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the trait was stated, and when time alone changes the comparison."""
        for stated in person.history.traits:
            if stated.name == self.name:
                yield stated.at
                yield from self.comparison.moments(stated.value)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The trait."""
        yield Reference("trait", self.name)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Trait:
    name = fields.name(data, "trait", where)
    return Trait(name, fields.comparison(data, ("trait",), where))


KIND = Kind(
    name="trait",
    node=Trait,
    keys=("trait",),
    read=_read,
    rules=("trait",),
    grammar="""
trait: "trait" word test
    | NAME test
    | bare_trait test -> trait
!bare_trait: "sum" | "average" | "minimum" | "maximum" | "distinct" | "score"
""",
    build={"bare_trait": str, "trait": lambda name, test: Trait(str(name), test)},
)
