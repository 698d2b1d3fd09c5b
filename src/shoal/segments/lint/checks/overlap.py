"""Is the segment nearly contained in another."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.lint.finding import Check, Scene, Sight, Subject
from shoal.segments.steps import referred

MOST = 0.8
"""Of a segment's members, the share in another from which on the two are hardly two."""


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        for one in scene.figures.overlaps.get(subject.name, ()):
            if one.share >= MOST and one.other not in referred(subject.node):
                yield _sight(subject, one.other, one.shared, one.share)


def _sight(subject: Subject, other: str, shared: int, share: float) -> Sight:
    message = f"{share:.0%} of its members ({shared:,}) are in {other!r}, too."
    fix = f'Merge the two, or add: and not in segment "{other}".'
    return Sight(subject, "$", message, fix, shared)


CHECK = Check("overlap", "warning", "Are fewer than 80 % of its members in another segment?", _look)
