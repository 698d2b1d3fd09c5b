"""Negations that let people in of whom nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.filters import needed
from shoal.segments.kinds.anonymous import IncludingAnonymous
from shoal.segments.kinds.consent import Consent
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.groups import All
from shoal.segments.kinds.trait import Trait
from shoal.segments.lint.leaves import Leaf, cores, counted, leaves
from shoal.segments.lowered import ConsentHolds, TraitHolds
from shoal.segments.nodes import Node
from shoal.segments.streams import Stream
from shoal.segments.times import ONCE
from shoal.segments.values import join_path
from shoal.segments.windows import EVER

_UNSET = Comparison("is_set", False)


@dataclass(frozen=True, slots=True)
class Unset:
    """A negated comparison, and the condition of those who have no value to compare."""

    place: str
    what: str  # the trait, consent or property
    event: str | None  # whose property it is
    condition: Node


def unset_conditions(node: Node) -> tuple[Unset, ...]:
    """The negated comparisons of a definition, each once.

    >>> from shoal.segments.sentence import parse
    >>> [(one.place, one.what) for one in unset_conditions(parse('not country is "US" and plan is "paid"'))]
    [('all[0].not', 'country')]
    """
    return tuple(dict.fromkeys(one for leaf in leaves(node) for one in _of(leaf)))


def included(node: Node, unset: Unset) -> Node:
    """The members of a definition who have no value."""
    if isinstance(node, IncludingAnonymous):
        return IncludingAnonymous(All((node.part, unset.condition)))
    return All((node, unset.condition))


def _of(leaf: Leaf) -> Iterator[Unset]:
    for core, wanted in cores(leaf.node.lower(), leaf.wanted):
        match core:
            case TraitHolds(name, Comparison() as comparison) if not wanted and _needs_value(comparison):
                yield Unset(leaf.place, name, None, Trait(name, _UNSET))
            case ConsentHolds(channel, purpose, _) if not wanted and not _is_set(leaf.node):
                yield Unset(leaf.place, f"consent to {channel} {purpose}", None, Consent(channel, purpose, _UNSET))
            case _:
                for stream, window in counted(core):
                    for one in _negated(stream):
                        without = Did(_without(stream, one), ONCE, window or EVER)
                        yield Unset(leaf.place, join_path(one.path), stream.event, without)


def _without(stream: Stream, one: PropertyFilter) -> Stream:
    """The events of a stream that have no value to compare."""
    unset = PropertyFilter(one.path, _UNSET)
    where = [unset if part == one else part for part in stream.where]
    return replace(stream, where=tuple(where if unset in where else [*where, unset]))


def _negated(stream: Stream) -> Iterator[PropertyFilter]:
    """Comparisons that every event of a stream has to fail, or whose opposites it has to."""
    for one, holds in (each for part in stream.where for each in needed(part)):
        if one.comparison.plain()[1] == holds and _needs_value(one.comparison):
            yield one


def _needs_value(comparison: Comparison) -> bool:
    # A flag that is not there means no, so `is not true` means what it says.
    return comparison.operator != "is_set" and comparison.operand is not True


def _is_set(node: Node) -> bool:
    return isinstance(node, Consent) and node.comparison.operator == "is_set"
