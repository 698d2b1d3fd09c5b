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

GAPS: Mapping[str, Gap] = {
    "Followed": Gap("A later event may complete or break a sequence that began long before.", Duration(15, "m")),
    "Spread": Gap("The periods of a window move with the clock, each with its own events.", Duration(15, "m")),
    "MeasureWithin": Gap("A least or greatest value that leaves a window has no successor at hand.", Duration(15, "m")),
    "MeasureAgainstList": Gap("One number that changes moves the average for everybody.", Duration(15, "m")),
    "InShare": Gap("One number that changes moves the ranks of many others.", Duration(15, "m")),
    "EndHolds": Gap("A first or latest event that leaves a window has no successor at hand.", Duration(15, "m")),
    "Held": Gap("What was said before the window decides how the window begins.", Duration(15, "m")),
    "Turned": Gap("A statement that comes late changes what counts as a change.", Duration(15, "m")),
    "AnniversaryWithin": Gap("The day begins at another instant in each subscriber's zone.", Duration(15, "m")),
    "LocalTimeHolds": Gap("The hour is another in each subscriber's zone.", Duration(5, "m")),
    "NearPoint": Gap("Two traits together decide, and they may come apart.", Duration(15, "m")),
    "LastListEvent": Gap("The latest of two kinds of events decides.", Duration(15, "m")),
    "ListedInTrait": Gap("The members of a list value are compared one by one.", Duration(15, "m")),
    "GrantedBy": Gap("Only grants since the last refusal count, and a refusal may come late.", Duration(15, "m")),
    "Stated": Gap("Statements that no longer count are looked at too.", Duration(15, "m")),
    "ToldBy": Gap("Every row of a source is looked at, whatever it says.", Duration(15, "m")),
    "InBucket": Gap("It never changes; only new subscribers have to be drawn.", Duration(15, "m")),
}
"""By the name of the class of a lowered condition: one entry for each that has a query of its own."""


def gap_of(core: Core) -> Gap | None:
    """The reason and the period of a lowered condition; None where the live reading computes it."""
    if any(count.stream.local is not None for count in _counts(core)):
        return LOCAL
    return GAPS[type(core).__name__] if isinstance(core, Scanned) else None


def _counts(core: Core) -> tuple[Count, ...]:
    match core:
        case CountWithin(count, _, _):
            return (count,)
        case CountsCompared(left, _, _, right):
            return (left, right)
        case AgainstAverage(count, per, _):
            return (count,) if per is None else (count, per)
    return ()
