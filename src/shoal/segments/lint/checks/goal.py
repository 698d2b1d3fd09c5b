"""Has each segment one goal that can be measured, with a deadline (guide, step 2 and the first mistake)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.segments.files import Segment
from shoal.segments.lint.finding import Check, Scene, Sight

_FIX = "Add goal: with metric (such as conversion rate), target (a number) and by (a date, or a length such as 30d)."


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        if subject.segment is not None:
            for place, message, fix in _faults(subject.segment, scene.figures.now):
                yield Sight(subject, place, message, fix)


def _faults(segment: Segment, now: Instant) -> Iterator[tuple[str, str, str]]:
    goal = segment.goal
    if goal is None:
        yield "goal", "The segment has no goal, so nobody can tell whether it works.", _FIX
        return
    if not re.search(r"\d", goal.target):
        yield "goal.target", "The goal's target is no number.", "Say how much: 5 % of members order, $15,000 a month."
    if _is_over(goal.by, now):
        yield "goal.by", f"The goal's deadline was {goal.by}.", "Measure what came of it, and set the next goal."


def _is_over(by: str, now: Instant) -> bool:
    try:
        return parse_instant(by) < now
    except UserError:  # a length of time, from the launch on
        return False


CHECK = Check("goal", "warning", "Has it one goal, with a metric, a number and a deadline?", _look)
