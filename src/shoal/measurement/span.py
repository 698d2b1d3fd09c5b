"""The stretch of days that a list's events are really about, apart from a few far away."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CORE = 0.95
"""The shortest stretch with this share of the events is the core that the rest is seen from."""
BUSY = 0.1
"""A day beside the core belongs to it with this part of a usual day's events."""
NEAR_DAYS = 7
"""How far off it may be, or as far as the longest silence in the core. The calm days of one more week belong too."""
LEAST = 100
"""With fewer events than this nothing is called far away."""


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last day of nearly all events, and how many lie before or after them."""

    first: dt.date
    last: dt.date
    outside: int


def main_span(daily: Sequence[tuple[dt.date, int]]) -> Span | None:
    """The span of (day, events) in the order of days; None without events.

    >>> day = dt.date(2026, 3, 1)
    >>> busy = [(day + dt.timedelta(days=number), 40) for number in range(30)]
    >>> main_span([(dt.date(2020, 5, 5), 3), *busy])
    Span(first=datetime.date(2026, 3, 1), last=datetime.date(2026, 3, 30), outside=3)
    """
    if not daily:
        return None
    total = sum(events for _, events in daily)
    start, end = (0, len(daily) - 1) if total < LEAST else _widened(daily, *_core(daily, CORE * total))
    inside = sum(events for _, events in daily[start : end + 1])
    return Span(daily[start][0], daily[end][0], total - inside)


def _core(daily: Sequence[tuple[dt.date, int]], enough: float) -> tuple[int, int]:
    """The places of the first and last day of the shortest stretch with enough events."""
    best, start, held = (0, len(daily) - 1), 0, 0
    for end, (_, events) in enumerate(daily):
        held += events
        while held - daily[start][1] >= enough:
            held -= daily[start][1]
            start += 1
        if held >= enough and _days(daily, start, end) < _days(daily, *best):
            best = start, end
    return best


def _widened(daily: Sequence[tuple[dt.date, int]], start: int, end: int) -> tuple[int, int]:
    core = daily[start : end + 1]
    least = BUSY * statistics.median(events for _, events in core)
    silence = max((_days(daily, one, one + 1) for one in range(start, end)), default=0)
    near = max(NEAR_DAYS, silence)
    ends = []
    for place, step in ((start, -1), (end, 1)):
        busy = _reach(daily, place, step, least, near)
        ends.append(_neighbour(daily, busy, step))
    return ends[0], ends[1]


def _reach(daily: Sequence[tuple[dt.date, int]], place: int, step: int, least: float, near: int) -> int:
    """How far busy days follow one another from a place on."""
    for other in itertools.count(place + step, step):
        if not 0 <= other < len(daily) or abs(_days(daily, place, other)) > near:
            return place
        if daily[other][1] >= least:
            place = other
    raise AssertionError("the count never ends")


def _neighbour(daily: Sequence[tuple[dt.date, int]], place: int, step: int) -> int:
    """The farthest day within a week: a calm day beside busy ones is not far away."""
    beside = range(place, len(daily) if step > 0 else -1, step)
    return [other for other in beside if abs(_days(daily, place, other)) <= NEAR_DAYS][-1]


def _days(daily: Sequence[tuple[dt.date, int]], one: int, other: int) -> int:
    return (daily[other][0] - daily[one][0]).days
