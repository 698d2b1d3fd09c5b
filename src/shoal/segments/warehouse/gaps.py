"""Kinds of conditions that a warehouse cannot express, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.core.errors import UserError
from shoal.segments.kinds import KINDS
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node, walk

GAPS: Mapping[tuple[str, str], str] = {}
"""The reason by dialect and name of a kind; what is not here is expressed."""

_NAMES = {kind.node: kind.name for kind in KINDS}


def refuse_gaps(node: Node, dialect: str, segments: Mapping[str, Node]) -> None:
    """Raise UserError `dialect_gap` where the definition, or a segment that it refers to, holds such a kind."""
    for whole in (node, *(segments[name] for name in segments_used(node, segments))):
        for place, part in walk(whole):
            name = _NAMES.get(type(part), "")
            if (dialect, name) in GAPS:
                fix = "Leave the condition out, or count with shoal."
                reason = GAPS[dialect, name]
                raise UserError("dialect_gap", f"{dialect} has no {name}: {reason}", where=place or None, fix=fix)
