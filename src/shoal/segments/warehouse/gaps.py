"""Kinds of conditions that a warehouse cannot express, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from shoal.core.errors import UserError
from shoal.segments.kinds import KINDS
from shoal.segments.lint.leaves import cores
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node, walk
from shoal.segments.summaries import Summary
from shoal.segments.values import join_path

GAPS: Mapping[tuple[str, str], str] = {}
"""The reason by dialect and name of a kind; what is not here is expressed."""


def _measured(part: Node) -> Iterator[tuple[str, ...]]:
    """Paths of the properties of which the lowered condition makes a number."""
    for core, _ in cores(part.lower()) if not part.children() else ():
        measures = (getattr(core, one.name) for one in fields(core)) if is_dataclass(core) else ()
        yield from (one.path for one in measures if isinstance(one, Summary))


_NAMES = {kind.node: kind.name for kind in KINDS}


NESTED = "its path may go through a list, and each element would be a row of its own."
"""Why a sum, an average, distinct values or a rank of a property within others has no SQL of a warehouse but DuckDB."""


def refuse_gaps(node: Node, dialect: str, segments: Mapping[str, Node]) -> None:
    """Raise UserError `dialect_gap` where the definition, or a segment that it refers to, holds such a kind."""
    for whole in (node, *(segments[name] for name in segments_used(node, segments))):
        for place, part in walk(whole):
            name = _NAMES.get(type(part), "")
            nested = next((path for path in _measured(part) if len(path) > 1), None)
            if nested is not None and dialect != "duckdb":
                message = f"{dialect} has no number made of {join_path(nested)}: {NESTED}"
                raise UserError("dialect_gap", message, where=place or None, fix="Count with shoal.")
            if (dialect, name) in GAPS:
                fix = "Leave the condition out, or count with shoal."
                reason = GAPS[dialect, name]
                raise UserError("dialect_gap", f"{dialect} has no {name}: {reason}", where=place or None, fix=fix)
