"""Is a condition true of nobody, or of everybody, so that it decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shoal.segments.catalog import unknown_names
from shoal.segments.lint.finding import Check, Scene, Sight, Subject, path_of
from shoal.segments.lint.texts import asked_texts
from shoal.segments.sql.queries import ConditionCount, Counts


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects if scene.figures.people else ():
        counts = scene.figures.counts[subject.name]
        found = [one for one in counts.conditions if one.own in (0, counts.eligible)]
        told = [one.where or "$" for one in unknown_names(subject.node, scene.catalog)]
        told += [place for place, asked in asked_texts(subject.node) if asked in scene.figures.never]
        for one in _innermost(found):
            if not any(_is_about(path_of(one.place), place) for place in told):
                yield _sight(subject, one)
        if not found:
            yield from _whole(subject, counts)


def _sight(subject: Subject, one: ConditionCount) -> Sight:
    if one.own:
        message = f"Everybody passes ({one.own:,} people): {one.sentence}."
        return Sight(subject, path_of(one.place), message, "Leave the condition out, or make it narrower.", one.own)
    message = f"Nobody passes: {one.sentence}."
    return Sight(subject, path_of(one.place), message, "Check the names, the values and the window.", 0)


def _innermost(found: Sequence[ConditionCount]) -> list[ConditionCount]:
    """Without those that have another one inside, which is the reason."""
    places = [path_of(one.place) for one in found]
    return [one for one in found if not any(_is_inside(place, path_of(one.place)) for place in places)]


def _is_inside(inner: str, outer: str) -> bool:
    return inner != outer and inner.startswith((f"{outer}.", f"{outer}["))


def _is_about(one: str, other: str) -> bool:
    """Whether one is the other or a part of it, or the other way round."""
    return one == other or _is_inside(one, other) or _is_inside(other, one)


def _whole(subject: Subject, counts: Counts) -> Iterator[Sight]:
    if counts.members == 0:
        fix = "`shoal count` tells how many each condition leaves."
        yield Sight(subject, "$", "Nobody passes all conditions together.", fix, 0)
    elif counts.members == counts.eligible:
        message = f"Everybody is a member ({counts.members:,} people)."
        yield Sight(subject, "$", message, "Add a condition that tells people apart.", counts.members)


CHECK = Check("everybody", "warning", "Is every condition true of some and not of all?", _look)
