"""Segments that refer to segments: every name is known and none leads back to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shoal.core.errors import UserError, nearest
from shoal.segments.nodes import Node, walk


def segments_used(node: Node, segments: Mapping[str, Node]) -> tuple[str, ...]:
    """Names of all segments that a definition refers to, directly or not, each after those it needs.

    Raises UserError `unknown_segment`, or `segment_cycle` with the way round.
    """
    found: dict[str, None] = {}
    _follow(node, segments, (), found)
    return tuple(found)


def unsound(segments: Mapping[str, Node]) -> dict[str, UserError]:
    """Segments that lead to a circle or to a segment that is not there, each with its error."""
    found: dict[str, UserError] = {}
    for name, node in segments.items():
        try:
            segments_used(node, segments)
        except UserError as error:
            found[name] = error
    return found


def _follow(node: Node, segments: Mapping[str, Node], way: tuple[str, ...], found: dict[str, None]) -> None:
    for place, name in _named(node):
        if name in way:
            circle = " → ".join((*way[way.index(name) :], name))
            fix = "Take one of them out."
            raise UserError("segment_cycle", f"The segments refer to each other in a circle: {circle}.", fix=fix)
        if name in found:
            continue
        if name not in segments:
            fix = nearest(name, segments) or "Define it, or leave the condition out."
            where = f"segment {way[-1]}" if way else place or None
            raise UserError("unknown_segment", f"There is no segment {name!r}.", where=where, fix=fix)
        _follow(segments[name], segments, (*way, name), found)
        found[name] = None


def _named(node: Node) -> Iterator[tuple[str, str]]:
    for place, part in walk(node):
        yield from ((place, one.name) for one in part.references() if one.kind == "segment")
