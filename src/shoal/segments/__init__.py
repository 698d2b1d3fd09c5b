"""Segments: definitions as sentences, JSON and YAML, and the readings that say who is a member.

A definition is a tree of nodes (`nodes.Node`), each of a kind listed in `kinds.KINDS`. `oracle` reads
it for one subscriber at a time, `sql` for all at once; both give the same members.
"""

from __future__ import annotations

from shoal.segments.catalog import Catalog, check_names, unknown_names
from shoal.segments.explain import Explanation, explain
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
    "explain",
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
