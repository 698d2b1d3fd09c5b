"""including anonymous: visitors nobody has identified yet may be members, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shoal.segments import fields
from shoal.segments.kinds.groups import Compound
from shoal.segments.lowered import Core
from shoal.segments.nodes import Kind, Node, Person, Read
from shoal.segments.values import Json


@dataclass(frozen=True, slots=True)
class IncludingAnonymous(Compound):
    """A whole definition that visitors nobody has identified may be members of, too."""

    part: Node

    def english(self) -> str:
        """`did "Page Viewed" including anonymous`."""
        return f"{self.part.english()} including anonymous"

    def to_data(self) -> dict[str, Json]:
        """`{"including_anonymous": {…}}`."""
        return {"including_anonymous": self.part.to_data()}

    def lower(self) -> Core:
        """The part: who is eligible is decided for the whole definition."""
        return self.part.lower()

    def holds(self, person: Person) -> bool:
        """As the part."""
        return self.part.holds(person)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """The part."""
        return (("including_anonymous", self.part),)


def includes_anonymous(node: Node) -> bool:
    """Whether visitors nobody has identified may be members of this definition."""
    return isinstance(node, IncludingAnonymous)


def _read(data: Mapping[str, Any], where: str, read: Read) -> IncludingAnonymous:
    fields.only(data, ("including_anonymous",), where)
    return IncludingAnonymous(read(data["including_anonymous"], f"{where}.including_anonymous"))


KIND = Kind(
    name="including anonymous",
    node=IncludingAnonymous,
    keys=("including_anonymous",),
    read=_read,
    rules=(),
    grammar="""
?definition: condition
    | condition "including" "anonymous" -> including_anonymous
""",
    build={"including_anonymous": IncludingAnonymous},
)
