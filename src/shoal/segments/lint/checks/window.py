"""Does a window reach back further than the data."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.core.time import UNITS_MS, Instant, format_instant
from shoal.segments.catalog import Catalog
from shoal.segments.lint.finding import Check, Figures, Scene, Sight, Subject, path_of
from shoal.segments.lint.leaves import Leaf, leaves
from shoal.segments.reaches import Reach, reaches
from shoal.segments.streams import Stream
from shoal.segments.windows import Span

SPARED = 0.1
"""The part of a window that may lie before the first event: the first one need not come at once."""


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        for leaf in leaves(subject.node):
            yield from _judged(subject, leaf, scene.catalog, scene.figures)


def _judged(subject: Subject, leaf: Leaf, catalog: Catalog, figures: Figures) -> Iterator[Sight]:
    told: set[Stream | str] = set()
    for reach in reaches(leaf.node.lower()):
        first = _first(reach, catalog, figures)
        if first is None or reach.of in told or not _is_older(reach.span(figures.now), first, figures.now):
            continue
        told.add(reach.of)
        days = max(1, (figures.now - first) // UNITS_MS["d"])
        since = format_instant(first)[:10]
        fix = f"Use at most {days} days, or import older data."
        yield Sight(subject, path_of(leaf.place), f"{_told(reach)} before {since}.", fix)


def _told(reach: Reach) -> str:
    if isinstance(reach.of, Stream):
        return f"It looks at {reach.of.event!r} {reach.words}, and there is none"
    return f"It looks at the trait {reach.of!r} {reach.words}, and nothing is said of it"


def _first(reach: Reach, catalog: Catalog, figures: Figures) -> Instant | None:
    """When the history begins of what is looked at; None where nothing of it is known."""
    if isinstance(reach.of, str):
        return figures.stated.get(reach.of)
    return min((figures.first[name] for name in catalog.named(reach.of.event) if name in figures.first), default=None)


def _is_older(span: Span, first: Instant, now: Instant) -> bool:
    """Whether more of the stretch than is spared lies before the history; of an open one, whether all of it does."""
    if span.start is None:
        return first - span.end > SPARED * (now - span.end)
    return first - span.start > SPARED * (span.end - span.start)


CHECK = Check("window", "warning", "Does the data reach back as far as each window?", _look)
