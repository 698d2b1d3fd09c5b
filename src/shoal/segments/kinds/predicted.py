"""Scores and clusters by name: what models say of a subscriber.

They are traits with a reserved beginning, so they have a history and a source, and whoever computes them states
them like any trait. `score:churn risk` holds a number; `cluster:Bargain hunters` is true for as long as somebody
is in it, and null or false from when they leave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.examples import stated
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.on_statements import of_trait
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.kinds.trait import Trait
from shoal.segments.lowered import Core
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.operator import Dates
from shoal.segments.operators.words import quoted
from shoal.segments.predictions import CLUSTER, SCORE
from shoal.segments.values import Json, check_text

OPERATORS = ("is", "gt", "gte", "lt", "lte", "between", "is_set")


@dataclass(frozen=True, slots=True)
class Score:
    """The latest score of this name passes a comparison with a number; false where there is none.

    >>> Score("churn risk", Comparison("gt", 0.7)).english()
    'score "churn risk" is more than 0.7'
    """

    score: str
    comparison: Comparison

    def __post_init__(self) -> None:
        check_text(self.score, "The score's name")
        operator, operand = self.comparison.operator, self.comparison.operand
        number = not isinstance(operand, str | Dates) and (operator == "is_set" or not isinstance(operand, bool))
        if operator not in OPERATORS or not number:
            fix = 'Write for example score "churn risk" is more than 0.7.'
            raise UserError("bad_value", "A score is compared with a number.", fix=fix)

    def english(self) -> str:
        """`score "churn risk" is more than 0.7`."""
        return f"score {quoted(self.score)} {self.comparison.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"score": "churn risk", "gt": 0.7}`."""
        return {"score": self.score, **self.comparison.to_data()}

    def _trait(self) -> Trait:
        return Trait(f"{SCORE}{self.score}", self.comparison)

    def lower(self) -> Core:
        """A trait."""
        return self._trait().lower()

    def holds(self, person: Person) -> bool:
        """Compare the latest value."""
        return self._trait().holds(person)

    def detail(self, person: Person) -> Detail:
        """The value."""
        return self._trait().detail(person)

    def ways(self, person: Person) -> Iterator[Way]:
        """Another score, which only a prediction gives."""
        by = ", given by its next run"
        holds, shown = self.holds(person), self.detail(person).value
        called = f"score {quoted(self.score)}"
        return of_trait(person, self._trait().name, self.comparison, holds=holds, shown=shown, called=called, more=by)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the score was given."""
        return self._trait().moments(person)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The score."""
        yield Reference("score", self.score)


@dataclass(frozen=True, slots=True)
class InCluster:
    """In the cluster of this name, as the latest run that told of it says.

    >>> InCluster("Bargain hunters").english()
    'in cluster "Bargain hunters"'
    """

    cluster: str

    def __post_init__(self) -> None:
        check_text(self.cluster, "The cluster's name")

    def english(self) -> str:
        """`in cluster "Bargain hunters"`."""
        return f"in cluster {quoted(self.cluster)}"

    def to_data(self) -> dict[str, Json]:
        """`{"cluster": "Bargain hunters"}`."""
        return {"cluster": self.cluster}

    def _trait(self) -> Trait:
        return Trait(f"{CLUSTER}{self.cluster}", Comparison("is", True))

    def lower(self) -> Core:
        """A trait."""
        return self._trait().lower()

    def holds(self, person: Person) -> bool:
        """Look at the latest statement."""
        return self._trait().holds(person)

    def detail(self, person: Person) -> Detail:
        """In it or not."""
        return Detail("in the cluster" if self.holds(person) else "not in the cluster", "in the cluster")

    def ways(self, person: Person) -> Iterator[Way]:
        """Another cluster, which only a run gives."""
        holds = self.holds(person)
        words = f"{'left out of' if holds else 'put into'} cluster {quoted(self.cluster)} by the next run"
        told = stated(person, self._trait().name, not holds)
        yield Do(words, Facts(traits=(told,)), person.now)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When somebody was put into the cluster or taken out."""
        return self._trait().moments(person)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The cluster."""
        yield Reference("cluster", self.cluster)


def _read_score(data: Mapping[str, Any], where: str, _parts: Read) -> Score:
    name = fields.name(data, "score", where)
    return Score(name, fields.comparison(data, ("score",), where))


def _read_cluster(data: Mapping[str, Any], where: str, _parts: Read) -> InCluster:
    fields.only(data, ("cluster",), where)
    return InCluster(fields.name(data, "cluster", where))


SCORES = Kind(
    name="score",
    node=Score,
    keys=("score",),
    read=_read_score,
    rules=("score",),
    grammar="""
score: "score" word test
""",
    build={"score": Score},
)

CLUSTERS = Kind(
    name="cluster",
    node=InCluster,
    keys=("cluster",),
    read=_read_cluster,
    rules=("in_cluster",),
    grammar="""
in_cluster: "in" "cluster" word
""",
    build={"in_cluster": InCluster},
)
