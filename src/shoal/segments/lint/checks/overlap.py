"""Is the segment nearly contained in another."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.lint.finding import Check, Scene, Sight, Subject
from shoal.segments.operators.words import quoted
from shoal.segments.overlaps import Overlap
from shoal.segments.steps import referred

MOST = 0.8
"""Of a segment's members, the share in another from which on the two are hardly two."""


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        meant = referred(subject.node)
        found = [one for one in scene.figures.overlaps.get(subject.name, ()) if one.share >= MOST]
        found = [one for one in found if one.other not in meant]
        if found:
            yield _sight(subject, found[0], len(found) - 1)


def _sight(subject: Subject, most: Overlap, more: int) -> Sight:
    message = f"{most.share:.0%} of its members ({most.shared:,}) are in {most.other!r}, too."
    if more:
        message += f" So are at least {MOST:.0%} in {more:,} more."
    fix = f"Merge the two, or add: and not in segment {quoted(most.other)}."
    return Sight(subject, "$", message, fix, most.shared)


CHECK = Check("overlap", "warning", "Are fewer than 80 % of its members in another segment?", _look)
