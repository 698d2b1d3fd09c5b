"""What time alone does to an answer: since when it is what it is, and until when."""

from __future__ import annotations

from shoal.core.time import Instant
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Listwise, Node, Person, walk


def moments(node: Node, person: Person) -> list[Instant]:
    """Instants, past and future, at which the answer may change, in order."""
    return sorted({moment for _, part in walk(node) for moment in part.moments(person)})


def turns_by_time(node: Node, person: Person) -> Instant | None:
    """When the answer changes if nothing happens but time; None where it doesn't."""
    holds = node.holds(person)
    ahead = (moment for moment in moments(node, person) if moment > person.now)
    return next((moment for moment in ahead if node.holds(person.at(moment)) != holds), None)


def since(node: Node, person: Person) -> Instant | None:
    """When the answer became what it is; None where it never was otherwise.

    Between two neighbouring moments the answer is constant, so it is enough to ask at each.
    """
    holds = node.holds(person)
    past = [moment for moment in moments(node, person) if moment <= person.now]
    turns = (moment for moment in reversed(past) if node.holds(person.at(Instant(moment - 1))) != holds)
    return next(turns, None)


def moves_with_others(node: Node, person: Person) -> bool:
    """Whether the answer depends on what others do: what they will do nobody knows."""
    names = segments_used(node, person.segments)
    return any(
        isinstance(part, Listwise) and part.against_list
        for whole in (node, *map(person.segments.__getitem__, names))
        for _, part in walk(whole)
    )
