"""Is the segment of a size that can be tested and is still one kind of people (guide: 50 to 500)."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.lint.finding import Check, Scene, Severity, Sight, Subject

LOW, HIGH, HUGE = 50, 500, 1_000
"""Members: below LOW is hard to test, LOW to HIGH is best, above HUGE usually mixes people."""


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects if scene.figures.people else ():
        members = scene.figures.counts[subject.name].members
        if members:  # nobody at all is another check's
            yield from _judged(subject, members)


def _judged(subject: Subject, members: int) -> Iterator[Sight]:
    own = subject.segment.size if subject.segment else None
    low, high = (own.at_least, own.at_most) if own else (LOW, HIGH)
    said = f"the file asks for {low:,} to {high:,}" if own else f"{low:,} to {high:,} is best"
    place = "size" if own else "$"
    if members < low:
        fix = "Loosen a condition or lengthen a window, or wait until the list has grown."
        message = f"It has {members:,} members; {said}. Fewer are hard to test."
        yield Sight(subject, place, message, fix, members)
    elif members > high:
        far: Severity = "warning" if own or members > HUGE else "note"
        fix = "Add a condition, or make two segments of it."
        message = f"It has {members:,} members; {said}. More are usually several kinds of people."
        yield Sight(subject, place, message, fix, members, far)


CHECK = Check("size", "warning", "Has it the size it asks for, or else 50 to 500 members?", _look)
