"""Conditions that the live reading does not compute itself, each with the reason and how often it is refreshed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shoal.core.time import Duration
from shoal.segments.lowered import AgainstAverage, Core, Count, CountsCompared, CountWithin, Scanned


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a condition is asked of the `sql` reading, and how long its answer may be used."""

    reason: str
    every: Duration


LOCAL = Gap("The subscriber's own calendar decides which events count, and their zone may change.", Duration(15, "m"))
"""Counts of events on calendar days, weekdays or hours."""

ANY = Gap("It has a query of its own and no form that events change step by step.", Duration(15, "m"))
"""What holds for conditions with a query of their own that are not named in `GAPS`."""

GAPS: Mapping[str, Gap] = {}
"""By the name of the class of a lowered condition."""


def gap_of(core: Core) -> Gap | None:
    """The reason and the period of a lowered condition; None where the live reading computes it."""
    if any(count.stream.local is not None for count in _counts(core)):
        return LOCAL
    return GAPS.get(type(core).__name__, ANY) if isinstance(core, Scanned) else None


def _counts(core: Core) -> tuple[Count, ...]:
    match core:
        case CountWithin(count, _, _):
            return (count,)
        case CountsCompared(left, _, _, right):
            return (left, right)
        case AgainstAverage(count, per, _):
            return (count,) if per is None else (count, per)
    return ()
