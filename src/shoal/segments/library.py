"""The starter library: segments that work on most lists, each with its goal and its content brief."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import as_file, files

from shoal.segments.catalog import Catalog, missing_names
from shoal.segments.files import Segment, load_segments
from shoal.segments.nodes import Node
from shoal.segments.oracle import NO_SEGMENTS


@lru_cache(maxsize=1)
def starters() -> Mapping[str, Segment]:
    """The starter segments, by name."""
    with as_file(files("shoal.segments") / "starter") as folder:
        return load_segments(folder)


def applicable(segment: Segment, catalog: Catalog, segments: Mapping[str, Node] = NO_SEGMENTS) -> tuple[str, ...]:
    """Names of events and traits that the segment needs and the data does not hold yet; empty where it applies.

    A starter that names such an event is reported as "not applicable: no event X yet", not as an error.
    """
    return missing_names(segment.when, catalog, segments)
