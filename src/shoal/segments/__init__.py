"""Segments: definitions as sentences, JSON and YAML, and the readings that say who is a member.

A definition is a tree of nodes (`nodes.Node`), each of a kind listed in `kinds.KINDS`. `oracle` reads
it for one subscriber at a time, `sql` for all at once; both give the same members. These names are loaded when they
are asked for, so that an import of files need not load the language of segments.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shoal.segments.catalog import Catalog, check_names, unknown_names
    from shoal.segments.explain import Explanation
    from shoal.segments.files import (
        ContentBrief,
        Goal,
        Segment,
        SizeTarget,
        load_segments,
        read_segment,
        segment_from,
        to_yaml,
    )
    from shoal.segments.json_form import from_data, to_data
    from shoal.segments.library import applicable, starters
    from shoal.segments.nodes import Node
    from shoal.segments.sentence import english, parse

__all__ = [
    "Catalog",
    "ContentBrief",
    "Explanation",
    "Goal",
    "Node",
    "Segment",
    "SizeTarget",
    "applicable",
    "check_names",
    "english",
    "from_data",
    "load_segments",
    "parse",
    "read_segment",
    "segment_from",
    "starters",
    "to_data",
    "to_yaml",
    "unknown_names",
]

_WHERE = {
    "Catalog": "catalog",
    "ContentBrief": "files",
    "Explanation": "explain",
    "Goal": "files",
    "Node": "nodes",
    "Segment": "files",
    "SizeTarget": "files",
    "applicable": "library",
    "check_names": "catalog",
    "english": "sentence",
    "from_data": "json_form",
    "load_segments": "files",
    "parse": "sentence",
    "read_segment": "files",
    "segment_from": "files",
    "starters": "library",
    "to_data": "json_form",
    "to_yaml": "files",
    "unknown_names": "catalog",
}


def __getattr__(name: str) -> object:
    """The name, from the module that it is in (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
