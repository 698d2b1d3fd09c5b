"""Does a window reach back further than the data."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.core.time import UNITS_MS, format_instant
from shoal.segments.catalog import Catalog
from shoal.segments.lint.finding import Check, Figures, Scene, Sight, Subject, path_of
from shoal.segments.lint.leaves import Leaf, counted, leaves
from shoal.segments.streams import Stream
from shoal.segments.windows import Window

SPARED = 0.1
"""The part of a window that may lie before the first event: the first one need not come at once."""


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        for leaf in leaves(subject.node):
            yield from _judged(subject, leaf, scene.catalog, scene.figures)


def _judged(subject: Subject, leaf: Leaf, catalog: Catalog, figures: Figures) -> Iterator[Sight]:
    told: set[Stream] = set()
    for stream, window in counted(leaf.node.lower()):
        known = [figures.first[name] for name in catalog.named(stream.event) if name in figures.first]
        if window is None or not known or stream in told or not _reaches(window, min(known), figures):
            continue
        told.add(stream)
        first = min(known)
        days = max(1, (figures.now - first) // UNITS_MS["d"])
        since = format_instant(first)[:10]
        message = f"It looks at {stream.event!r} {window.english()}, and there is none before {since}."
        yield Sight(subject, path_of(leaf.place), message, f"Use at most {days} days, or import older data.")


def _reaches(window: Window, first: int, figures: Figures) -> bool:
    """Whether more of the window than is spared lies before the first event."""
    span = window.span(figures.now)
    return span.start is not None and first - span.start > SPARED * (span.end - span.start)


CHECK = Check("window", "warning", "Does the data reach back as far as each window?", _look)
