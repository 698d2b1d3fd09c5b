"""Trait: what is known about a subscriber."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.examples import with_value
from shoal.segments.counterfactual.on_statements import of_trait
from shoal.segments.counterfactual.ways import Way
from shoal.segments.history import History
from shoal.segments.inside import Inside, Reading, reached, readings
from shoal.segments.lowered import AllOf, AnyOf, Core, Opposite, TraitHolds
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.words import written
from shoal.segments.values import Json, check_text
from shoal.segments.wording import name_words


@dataclass(frozen=True, slots=True)
class Trait:
    """The trait's value at the instant asked for passes a comparison; an unset trait passes none.

    A name with dots is first of all a trait's own name. Where there is no value of that, it is a path into a trait
    with a shorter name, whose value is an object.

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
        """The plain comparison of what the name means first, where that has a value, else of what it means next."""
        comparison, opposite = self.comparison.plain()
        first, *others = readings(self.name)
        holds: Core | None = None
        for reading in (*reversed(others), first):
            passes = _asked(reading, comparison)
            if holds is not None:
                unset = Opposite(_asked(reading, Comparison("is_set", True)))
                holds = AnyOf((passes, AllOf((unset, holds))))
            holds = holds or passes
        assert holds is not None
        return Opposite(holds) if opposite else holds

    def holds(self, person: Person) -> bool:
        """Compare the latest value."""
        return self.comparison.holds(self._value(person.history), person.now)

    def _value(self, history: History) -> Json:
        """The first value that there is of what the name may mean."""
        found = (reached(_latest(history, name), path) for name, path in readings(self.name))
        return next((value for value in found if value is not None), None)

    def detail(self, person: Person) -> Detail:
        """The value."""
        value = self._value(person.history)
        shown = "not set" if value is None else written(value) if isinstance(value, str | int | float) else str(value)
        return Detail(shown, self.comparison.english())

    def ways(self, person: Person) -> Iterator[Way]:
        """Another value."""
        holds, shown = self.holds(person), self.detail(person).value
        return of_trait(
            person,
            self.name,
            self.comparison,
            holds=holds,
            shown=shown,
            told=lambda value: self._told(person.history, value),
        )

    def _told(self, history: History, value: Json) -> Iterator[tuple[str, Json]]:
        """The traits to state, and their values, so that this one is what is compared."""
        known = [(name, path, _latest(history, name)) for name, path in readings(self.name)]
        if value is None:  # none of what the name may mean may have a value
            those = [one for one in known if reached(one[2], one[1]) is not None]
        else:
            those = [one for one in known if _may_hold(one[2], one[1])][:1] or known[:1]
        for name, path, whole in those:
            yield name, _put(whole, path, value)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the trait was stated, and when time alone changes the comparison."""
        paths = dict(readings(self.name))
        for stated in person.history.traits:
            if stated.name in paths:
                yield stated.at
                yield from self.comparison.moments(reached(stated.value, paths[stated.name]))

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The trait."""
        yield Reference("trait", self.name, holders=tuple(name for name, path in readings(self.name) if path))


def _asked(reading: Reading, comparison: Comparison) -> TraitHolds:
    name, path = reading
    return TraitHolds(name, Inside(path, comparison) if path else comparison)


def _latest(history: History, name: str) -> Json:
    stated = history.trait(name)
    return stated.value if stated else None


def _may_hold(whole: Json, path: tuple[str, ...]) -> bool:
    return isinstance(whole, dict) if path else whole is not None


def _put(whole: Json, path: tuple[str, ...], value: Json) -> Json:
    """The value of a trait with another at a path."""
    if not path:
        return value
    changed = deepcopy(whole)
    assert isinstance(changed, dict)
    with_value(changed, path, value)
    return changed


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
