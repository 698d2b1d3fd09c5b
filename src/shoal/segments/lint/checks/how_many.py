"""Has the list a number of segments that it can bear (guide, the mistake of over-segmenting)."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.lint.finding import Check, Scene, Sight

RULES = ((5_000, 2, 4), (20_000, 5, 10))
"""Lists of fewer people than the first number: from the second to the third number of segments.

The guide says 2 to 4 under 5,000 people and 5 to 10 at 10,000; we hold to the latter up to 20,000. Larger lists bear
more.
"""


def _look(scene: Scene) -> Iterator[Sight]:
    people = scene.figures.people
    segments = sum(subject.segment is not None for subject in scene.subjects)
    if not people or segments < 2:
        return
    for below, low, high in RULES:
        if people < below:
            if segments > high:
                message = f"{segments} segments for a list of {people:,}; {low} to {high} are what it can bear."
                yield Sight(None, "", message, "Begin with the broadest ones, and add one a week as results come in.")
            return


CHECK = Check("how_many", "warning", "Are there not more segments than the list can bear?", _look)
