"""What time alone does to an answer: since when it is what it is, and until when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from shoal.core.time import Instant
from shoal.core.zones import DAY
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Listwise, Node, Person, walk

AHEAD = 360 * DAY
"""Milliseconds ahead for which every kind names its moments: dates and hours come again and again for ever."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to a definition and its parts over time, for one subscriber of whom nothing more becomes known.

    Between two neighbouring moments of a condition its answer is constant, so it is asked once for each such stretch.
    """

    person: Person
    known: dict[int, tuple[Node, Sequence[Instant], dict[int, bool]]] = field(default_factory=dict)  # by id of a leaf

    def at(self, node: Node, instant: Instant) -> bool:
        """Whether it holds at an instant, past or ahead."""
        parts = (self.at(part, instant) for _, part in node.children())
        match node:
            case All():
                return all(parts)
            case Either():
                return any(parts)
            case Neither():
                return not any(parts)
        first = next(parts, None)
        if first is not None:
            return first != isinstance(node, Not)
        return self._leaf(node, instant)

    def _leaf(self, leaf: Node, instant: Instant) -> bool:
        if instant > self.person.now + AHEAD:
            return leaf.holds(self.person.at(instant))
        if id(leaf) not in self.known:
            self.known[id(leaf)] = (leaf, moments(leaf, self.person), {})
        _, turning, found = self.known[id(leaf)]
        stretch = bisect_right(turning, instant)
        if stretch not in found:
            found[stretch] = leaf.holds(self.person.at(instant))
        return found[stretch]

    def changes_at(self, node: Node, now: Instant) -> Instant | None:
        """When the answer of an instant changes if nothing happens but time; None where it doesn't."""
        holds = self.at(node, now)
        ahead = (moment for moment in moments(node, self.person) if moment > now)
        return next((moment for moment in ahead if self.at(node, moment) != holds), None)

    def since(self, node: Node, now: Instant) -> Instant | None:
        """When the answer became what it is at an instant; None where it never was otherwise."""
        holds = self.at(node, now)
        past = [moment for moment in moments(node, self.person) if moment <= now]
        return next((one for one in reversed(past) if self.at(node, Instant(one - 1)) != holds), None)


def moments(node: Node, person: Person) -> list[Instant]:
    """Instants, past and ahead, at which the answer may change, in order."""
    return sorted({moment for _, part in walk(node) for moment in part.moments(person)})


def moves_with_others(node: Node, person: Person) -> bool:
    """Whether the answer depends on what others do: what they will do nobody knows."""
    names = segments_used(node, person.segments)
    return any(
        isinstance(part, Listwise) and part.against_list
        for whole in (node, *map(person.segments.__getitem__, names))
        for _, part in walk(whole)
    )
