"""all, any, none, not: conditions together, nested as deep as needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.counterfactual.ways import Way
from shoal.segments.lowered import AllOf, AnyOf, Core, Opposite
from shoal.segments.nodes import Kind, Node, Person, Read, Reference
from shoal.segments.values import Json


class Compound:
    """A condition made of others: they say what decides it, what turns it and what it needs."""

    __slots__ = ()

    def detail(self, _person: Person, /) -> None:
        """None: the parts say it."""

    def ways(self, _person: Person, /) -> Iterator[Way]:
        """None of its own: `least` says which parts have to turn."""
        return iter(())

    def moments(self, _person: Person, /) -> Iterator[Instant]:
        """None of its own."""
        return iter(())

    def references(self) -> Iterator[Reference]:
        """None of its own."""
        return iter(())


@dataclass(frozen=True, slots=True)
class _Group(Compound):
    """Several parts; at least one."""

    parts: tuple[Node, ...]

    key: ClassVar[str]

    def __post_init__(self) -> None:
        message = f"{self.key} has no conditions."
        require(len(self.parts) > 0, "incomplete_condition", message, fix="Add at least one condition.")

    def to_data(self) -> dict[str, Json]:
        """`{"all": [D, …]}`."""
        return {self.key: [part.to_data() for part in self.parts]}

    def children(self) -> tuple[tuple[str, Node], ...]:
        """The parts, as `all[0]`, `all[1]`."""
        return tuple((f"{self.key}[{place}]", part) for place, part in enumerate(self.parts))

    def _listed(self) -> str:
        return f"{self.key} of ({', '.join(part.english() for part in self.parts)})"

    def _joined(self, word: str) -> str:
        return f" {word} ".join(_in_brackets(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class All(_Group):
    """Every part holds."""

    key = "all"

    def english(self) -> str:
        """`A and B`; `all of (A)` where there is only one."""
        return self._listed() if len(self.parts) == 1 else self._joined("and")

    def lower(self) -> AllOf:
        """The parts lowered."""
        return AllOf(tuple(part.lower() for part in self.parts))

    def holds(self, person: Person) -> bool:
        """Every part holds."""
        return all(part.holds(person) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either(_Group):
    """At least one part holds."""

    key = "any"

    def english(self) -> str:
        """`A or B`; `any of (A)` where there is only one."""
        return self._listed() if len(self.parts) == 1 else self._joined("or")

    def lower(self) -> AnyOf:
        """The parts lowered."""
        return AnyOf(tuple(part.lower() for part in self.parts))

    def holds(self, person: Person) -> bool:
        """At least one part holds."""
        return any(part.holds(person) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Neither(_Group):
    """No part holds."""

    key = "none"

    def english(self) -> str:
        """`none of (A, B)`."""
        return self._listed()

    def lower(self) -> Opposite:
        """The complement of any."""
        return Opposite(AnyOf(tuple(part.lower() for part in self.parts)))

    def holds(self, person: Person) -> bool:
        """No part holds."""
        return not any(part.holds(person) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not(Compound):
    """The part does not hold: everyone else, also those of whom nothing is known."""

    part: Node

    def english(self) -> str:
        """`not A`."""
        return f"not {_in_brackets(self.part)}"

    def to_data(self) -> dict[str, Json]:
        """`{"not": D}`."""
        return {"not": self.part.to_data()}

    def lower(self) -> Core:
        """The complement."""
        return Opposite(self.part.lower())

    def holds(self, person: Person) -> bool:
        """The part does not."""
        return not self.part.holds(person)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """The part."""
        return (("not", self.part),)


def _in_brackets(node: Node) -> str:
    bare = not isinstance(node, All | Either) or len(node.parts) == 1
    return node.english() if bare else f"({node.english()})"


def _read_group(data: Mapping[str, Any], where: str, read: Read) -> Node:
    key, group = next((key, group) for key, group in _GROUPS.items() if key in data)
    fields.only(data, (key,), where)
    parts = data[key]
    if not isinstance(parts, list):
        raise UserError("bad_value", f"{key} is not a list.", where=f"{where}.{key}", fix=f'Write {{"{key}": […]}}.')
    try:
        return group(tuple(read(part, f"{where}.{key}[{place}]") for place, part in enumerate(parts)))
    except UserError as error:
        error.where = error.where or f"{where}.{key}"
        raise


def _read_not(data: Mapping[str, Any], where: str, read: Read) -> Not:
    fields.only(data, ("not",), where)
    return Not(read(data["not"], f"{where}.not"))


_GROUPS: dict[str, type[All | Either | Neither]] = {"all": All, "any": Either, "none": Neither}

GROUPS = Kind(
    name="all, any, none",
    node=_Group,
    keys=tuple(_GROUPS),
    read=_read_group,
    rules=("all_listed", "any_listed", "none_listed"),
    grammar="""
?condition: conjunction
    | conjunction ("or" conjunction)+ -> any_joined
?conjunction: negation
    | negation ("and" negation)+ -> all_joined
all_listed: "all" "of" _list
any_listed: "any" "of" _list
none_listed: "none" "of" _list
_list: "(" condition ("," condition)* ")"
""",
    build={
        "any_joined": lambda *parts: Either(parts),
        "all_joined": lambda *parts: All(parts),
        "any_listed": lambda *parts: Either(parts),
        "all_listed": lambda *parts: All(parts),
        "none_listed": lambda *parts: Neither(parts),
    },
)

NOT = Kind(
    name="not",
    node=Not,
    keys=("not",),
    read=_read_not,
    rules=(),
    grammar="""
?negation: "not" negation -> negated_condition
    | leaf
    | "(" condition ")"
""",
    build={"negated_condition": Not},
)
