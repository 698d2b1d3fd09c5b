"""Conditions that the live reading does not compute itself, each with the reason and how often it is refreshed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shoal.core.time import Duration
from shoal.segments.comparison import PropertyFilter
from shoal.segments.filters import Filter
from shoal.segments.kinds.aggregate import MeasureWithin
from shoal.segments.kinds.regular import Spread
from shoal.segments.lowered import AgainstAverage, Core, Count, CountsCompared, CountWithin, Scanned
from shoal.segments.summaries import Summary

QUARTER = Duration(15, "m")


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a condition is asked of the `sql` reading, and how long its answer may be used.

    `every` is None where time alone changes nothing: then it is asked when a fact arrives that concerns it.
    """

    reason: str
    every: Duration | None


LOCAL = Gap(
    "The subscriber's zone now decides on which days and at which hours all their events happened; it may change.",
    QUARTER,
)
"""Counts of events on calendar days, weekdays or hours."""

DATED = Gap("Several dates of one event decide, each from another instant on.", QUARTER)
"""Counts of events with a filter that time changes within a group of filters, or of a property within others."""

LISTED = Gap("Each element of a list may be a value of its own.", QUARTER)
"""Sums, averages and distinct values of a property within others."""

GAPS: Mapping[str, Gap] = {
    "Followed": Gap("The order of all events decides, and a late one may make or break a sequence.", QUARTER),
    "Spread": Gap("Each period is a count of its own: of more than 60 they take too much memory.", QUARTER),
    "MeasureWithin": Gap("A value that comes again counts once, so which values there are has to be known.", QUARTER),
    "MeasureAgainstList": Gap("One number that changes moves the average for everybody.", QUARTER),
    "InShare": Gap("One number that changes moves the ranks of many others.", QUARTER),
    "EndHolds": Gap("When the first or latest event leaves the window, the next one has to be found.", QUARTER),
    "Turned": Gap("A statement that comes late changes what counts as a change.", QUARTER),
    "AnniversaryWithin": Gap("The day begins at another instant in each subscriber's zone.", QUARTER),
    "LocalTimeHolds": Gap("The hour is another in each subscriber's zone.", Duration(5, "m")),
    "NearPoint": Gap("The place comes from two traits, or from one with two parts, and a distance is computed.", None),
    "LastListEvent": Gap("The latest of two kinds of events decides, and its kind is looked at.", None),
    "ListedInTrait": Gap("The members of a list value are compared one by one.", None),
    "GrantedBy": Gap("Only grants since the last refusal count, and a refusal may come late.", None),
    "Stated": Gap("Statements that no longer count are looked at too, with their methods.", None),
    "ToldBy": Gap("Every row of a source is looked at, whatever it says.", None),
}
"""By the name of the class of a lowered condition: one entry for each that has a query of its own and is no count."""

COMPUTED = frozenset(("Held", "InBucket"))
"""Those with a query of their own that are counted all the same."""


def gap_of(core: Core) -> Gap | None:
    """The reason and the period of a lowered condition; None where the live reading computes it."""
    if any(count.stream.local is not None for count in _counts(core)):
        return LOCAL
    if any(_dated(one) for count in _counts(core) for one in count.stream.filters):
        return DATED
    if isinstance(core, MeasureWithin) and isinstance(core.measure, Summary) and len(core.measure.path) > 1:
        return LISTED
    name = type(core).__name__
    return None if not isinstance(core, Scanned) or name in COMPUTED or _is_counted(core) else GAPS[name]


MOST_PERIODS = 60
"""Each takes a byte for each subscriber, or more."""


def _is_counted(core: Core) -> bool:
    """Whether it is a sum, or an average, which is one by a number; or about few periods, each with a count."""
    if isinstance(core, Spread):
        return core.periods.number <= MOST_PERIODS
    measure = core.measure if isinstance(core, MeasureWithin) else None
    return isinstance(measure, Summary) and measure.function in ("sum", "average")


def _dated(one: Filter) -> bool:
    """Whether time alone changes an answer about several values, of which each has instants of its own."""
    several = not isinstance(one, PropertyFilter) or len(one.path) > 1
    return several and any(test.comparison.lags() is not None for test in one.tests())


def _counts(core: Core) -> tuple[Count, ...]:
    match core:
        case CountWithin(count, _, _):
            return (count,)
        case CountsCompared(left, _, _, right):
            return (left, right)
        case AgainstAverage(count, per, _):
            return (count,) if per is None else (count, per)
        case Spread(stream, periods):
            return tuple(Count(stream, window) for window in periods.windows())
        case MeasureWithin(Summary(stream=stream, window=window)):
            return (Count(stream, window),)
    return ()
