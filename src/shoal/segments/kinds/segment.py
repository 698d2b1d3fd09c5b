"""Segment: members of another segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.counterfactual.ways import Never, Through, Way
from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.lowered import InSegment
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference, walk
from shoal.segments.operators.words import quoted
from shoal.segments.values import Json, check_text


@dataclass(frozen=True, slots=True)
class Member:
    """Member of the segment of this name at the same instant.

    >>> Member("at-risk").english()
    'in segment "at-risk"'
    """

    segment: str

    def __post_init__(self) -> None:
        check_text(self.segment, "The segment's name")

    def english(self) -> str:
        """`in segment "at-risk"`."""
        return f"in segment {quoted(self.segment)}"

    def to_data(self) -> dict[str, Json]:
        """`{"segment": "at-risk"}`."""
        return {"segment": self.segment}

    def lower(self) -> InSegment:
        """The name stays: each segment is computed once."""
        return InSegment(self.segment)

    def holds(self, person: Person) -> bool:
        """A member as the other segment's own definition says, anonymous visitors included only if it does."""
        if self.segment not in person.known:
            node = person.segments[self.segment]
            eligible = person.history.identified or includes_anonymous(node)
            person.known[self.segment] = eligible and node.holds(person)
        return person.known[self.segment]

    def detail(self, person: Person) -> Detail:
        """The other segment's sentence."""
        value = "a member" if self.holds(person) else "not a member"
        return Detail(value, person.segments[self.segment].english())

    def ways(self, person: Person) -> Iterator[Way]:
        """The least change that turns the other segment."""
        if person.history.identified or includes_anonymous(person.segments[self.segment]):
            yield Through(self.segment)
        else:
            yield Never("nothing as long as nobody has identified this visitor")

    def moments(self, person: Person) -> Iterator[Instant]:
        """Those of the other segment, and of all that it refers to, each once."""
        found, left = {self.segment}, [self.segment]
        while left:
            for _, node in walk(person.segments[left.pop()]):
                if not isinstance(node, Member):
                    yield from node.moments(person)
                elif node.segment not in found:
                    found.add(node.segment)
                    left.append(node.segment)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None: the other segment is not a part of this definition."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The segment."""
        yield Reference("segment", self.segment)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Member:
    fields.only(data, ("segment",), where)
    return Member(fields.name(data, "segment", where))


KIND = Kind(
    name="segment",
    node=Member,
    keys=("segment",),
    read=_read,
    rules=("member",),
    grammar="""
member: "in" "segment" word
""",
    build={"member": Member},
)
