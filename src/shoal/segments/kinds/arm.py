"""The arm of an experiment that somebody was given, by the names of both.

It is a trait with a reserved beginning, as a score is: `arm:subject-test` holds the text "B" of those who were given
arm B.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.examples import stated
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.kinds.trait import Trait
from shoal.segments.lowered import Core
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.words import quoted
from shoal.segments.predictions import ARM
from shoal.segments.values import Json, check_text


@dataclass(frozen=True, slots=True)
class InArm:
    """In this arm of the experiment, as the latest statement says; false of those who are in none.

    >>> InArm("B", "subject-test").english()
    'in arm "B" of experiment "subject-test"'
    """

    arm: str
    experiment: str

    def __post_init__(self) -> None:
        check_text(self.arm, "The arm's name")
        check_text(self.experiment, "The experiment's name")

    def english(self) -> str:
        """`in arm "B" of experiment "subject-test"`."""
        return f"in arm {quoted(self.arm)} of experiment {quoted(self.experiment)}"

    def to_data(self) -> dict[str, Json]:
        """`{"arm": "B", "experiment": "subject-test"}`."""
        return {"arm": self.arm, "experiment": self.experiment}

    def _trait(self) -> Trait:
        return Trait(f"{ARM}{self.experiment}", Comparison("is", self.arm))

    def lower(self) -> Core:
        """A trait."""
        return self._trait().lower()

    def holds(self, person: Person) -> bool:
        """Look at the latest statement."""
        return self._trait().holds(person)

    def detail(self, person: Person) -> Detail:
        """The arm that they are in."""
        found = person.history.trait(f"{ARM}{self.experiment}")
        shown = "in no arm" if found is None or found.value is None else f"in arm {found.value}"
        return Detail(shown, f"in arm {self.arm}")

    def ways(self, person: Person) -> Iterator[Way]:
        """Another arm, which only the experiment gives."""
        holds = self.holds(person)
        words = f"{'taken out of' if holds else 'given'} arm {quoted(self.arm)} of experiment {quoted(self.experiment)}"
        told = stated(person, self._trait().name, None if holds else self.arm)
        yield Do(words, Facts(traits=(told,)), person.now)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When somebody was given an arm or taken out."""
        return self._trait().moments(person)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The experiment."""
        yield Reference("experiment", self.experiment)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> InArm:
    fields.only(data, ("arm", "experiment"), where)
    return InArm(fields.name(data, "arm", where), fields.name(data, "experiment", where))


KIND = Kind(
    name="experiment arm",
    node=InArm,
    keys=("arm",),
    read=_read,
    rules=("in_arm",),
    grammar="""
in_arm: "is"? "in" "arm" word "of" "experiment" word
""",
    build={"in_arm": InArm},
)
