"""Does a negation let people in of whom nothing is known."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.lint.finding import Check, Scene, Sight, path_of
from shoal.segments.lint.unset import Unset, unset_conditions


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        numbers = scene.figures.unset.get(subject.name, ())
        for one, people in zip(unset_conditions(subject.node), numbers, strict=False):
            if people:
                yield Sight(subject, path_of(one.place), _message(one, people), _fix(one), people)


def _message(one: Unset, people: int) -> str:
    are = "member is" if people == 1 else "members are"
    if one.event is None:
        return f"{people:,} {are} included although {one.what} is not set."
    return f"{people:,} {are} included with a {one.event!r} that has no {one.what}; such events pass as well."


def _fix(one: Unset) -> str:
    what = "where " + one.what if one.event else one.what
    return f"Where that is not meant, add: and {what} is set."


CHECK = Check("negation", "warning", "Does no negation let people in of whom nothing is known?", _look)
