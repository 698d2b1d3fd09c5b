"""Conditions as the checks see them: with their place, and whether the definition asks that they hold or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from shoal.segments.comparison import Comparison
from shoal.segments.kinds.groups import Neither, Not
from shoal.segments.lowered import AllOf, AnyOf, Core, Opposite
from shoal.segments.nodes import Node
from shoal.segments.streams import Stream
from shoal.segments.windows import BeforeAgo, Between, BetweenAgo, Ever, Last, Window

_WINDOWS = (Ever, Last, BetweenAgo, BeforeAgo, Between)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition without parts."""

    place: str  # in the JSON form: "all[0]"
    node: Node
    wanted: bool  # False: it stands under an odd number of negations


def leaves(node: Node, place: str = "", wanted: bool = True) -> Iterator[Leaf]:
    """The conditions of a definition, in its order."""
    children = node.children()
    if not children:
        yield Leaf(place, node, wanted)
    for step, part in children:
        flipped = isinstance(node, Not | Neither)
        yield from leaves(part, f"{place}.{step}" if place else step, wanted != flipped)


def cores(core: Core, wanted: bool = True) -> Iterator[tuple[Core, bool]]:
    """The lowered conditions, each with whether it shall hold."""
    match core:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from cores(part, wanted)
        case Opposite(part):
            yield from cores(part, not wanted)
        case _:
            yield core, wanted


def counted(core: object) -> Iterator[tuple[Stream, Window | None]]:
    """Every stream that a lowered condition reads, with the window beside it where there is one.

    Whatever dataclasses a condition is made of are looked through, so that a new kind needs no line here.
    """
    if isinstance(core, tuple | list):
        for one in core:
            yield from counted(one)
    elif is_dataclass(core) and not isinstance(core, Comparison):
        values = [getattr(core, one.name) for one in fields(core)]
        windows: list[Window | None] = [one for one in values if isinstance(one, _WINDOWS)]
        for value in values:
            if isinstance(value, Stream):
                yield from ((value, window) for window in windows or [None])
            else:
                yield from counted(value)
