"""How recent each source is, how late it arrives, and where its daily series has holes."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from shoal.core.time import Instant
from shoal.ingest.events import SUBSCRIBED, UNSUBSCRIBED
from shoal.measurement.audit.evidence import DAY_MS, Evidence
from shoal.measurement.audit.inventory import Daily, SourceInventory
from shoal.measurement.audit.model import Freshness, Gap
from shoal.measurement.tally import OLDEST

STALE_DAYS = 2.0
STALE_GAPS = 3.0
"""Stale: behind by more than 2 days and by more than 3 times the usual gap."""
STALE_UNKNOWN_DAYS = 30.0
"""Stale where the usual gap isn't known: behind by more than this."""
FALSE_ALARMS = 0.01
"""Gaps that chance may make in a whole series."""
NEAR_WEEKS = 4
"""How far the usual number of a weekday looks to each side."""
STEADY = 0.8
"""A single event is watched where it happens on this share of the days."""


def freshness(
    evidence: Evidence, sources: Sequence[SourceInventory], newest: Instant | None
) -> Mapping[str, Freshness]:
    """Freshness of each source by name; `newest` is the data's newest instant."""
    lags = {source: (median, p90) for source, median, p90 in evidence.rows(_LAGS)}
    ages = {source: (median, p90) for source, median, p90 in evidence.rows(_AGES, newest or 0)}
    imported: dict[str, Instant] = {}
    for file in evidence.facts.imports:
        imported[file.source] = max(file.received_at, imported.get(file.source, file.received_at))
    found = {}
    for source in sources:
        if is_list(source):
            found[source.name] = _of_list(
                newest, imported.get(source.name), lags.get(source.name), ages.get(source.name)
            )
            continue
        daily = _measured(source.daily)
        whole = missing_days(daily)
        gaps = whole + _event_gaps({name: _measured(series) for name, series in source.series.items()}, whole)
        gap = usual_gap([day for day, _ in daily])
        behind = max(0, (newest or 0) - source.last) if source.last is not None else 0
        lag_median, lag_p90 = lags.get(source.name, (None, None))
        age_median, age_p90 = ages.get(source.name, (None, None))
        found[source.name] = Freshness(
            lag_median, lag_p90, age_median, age_p90, behind, gap, is_stale(behind, gap), gaps
        )
    return found


def _measured(daily: Daily) -> Daily:
    """Without the days that stand for a missing date, such as 0001-01-01."""
    return tuple(each for each in daily if each[0] >= OLDEST)


def is_list(source: SourceInventory) -> bool:
    """Whether a source is a list of people: facts, and no events but who subscribed and who unsubscribed.

    Consent is a fact, stated by itself or with a subscription; refusals alone may be a stream.
    """
    names = {count.name for count in source.names}
    states_traits = any(field.kind == "trait" for field in source.fields)
    states_consent = source.records > source.events or (source.statements > 0 and SUBSCRIBED in names)
    return (states_traits or states_consent) and names <= {SUBSCRIBED, UNSUBSCRIBED}


_Pair = tuple[int | None, int | None]


def _of_list(newest: Instant | None, imported: Instant | None, lags: _Pair | None, ages: _Pair | None) -> Freshness:
    """A list is as old as its import: when somebody last joined or left says nothing of it."""
    behind = 0 if newest is None or imported is None else max(0, newest - imported)
    return Freshness(
        *(lags or (None, None)), *(ages or (None, None)), behind, None, is_stale(behind, None), (), of_people=True
    )


def usual_gap(days: Sequence[dt.date]) -> float | None:
    """The 90th percentile of days between active days; None with fewer than 3 active days.

    >>> usual_gap([dt.date(2026, 3, day) for day in (1, 2, 3, 10)])
    7.0
    """
    if len(days) < 3:
        return None
    gaps = sorted((later - earlier).days for earlier, later in itertools.pairwise(days))
    return float(gaps[math.ceil(0.9 * len(gaps)) - 1])


def is_stale(behind: int, gap: float | None) -> bool:
    """Whether a source that is `behind` ms has fallen out of its usual rhythm of `gap` days.

    >>> is_stale(10 * DAY_MS, 1.0), is_stale(10 * DAY_MS, 7.0)
    (True, False)
    """
    days = behind / DAY_MS
    return days > STALE_UNKNOWN_DAYS if gap is None else days > max(STALE_DAYS, STALE_GAPS * gap)


def missing_days(daily: Daily) -> tuple[Gap, ...]:
    """Runs of empty days between the first and the last that are too long to be chance.

    The usual number of an empty day is the median of the same weekday in the 4 weeks before the run, or in the 4
    weeks after it if that is less. So a shop that rests on Sundays has no gaps, and neither the end of a burst nor a
    source that fades looks like a loss. Where events come independently (Poisson), a run with a usual sum of m is
    empty with probability exp(-m). It is a gap when such a run would turn up in fewer than 1 of 100 series of this
    length.

    >>> week = [(dt.date(2026, 3, 2) + dt.timedelta(days=number), 40) for number in range(28) if number != 9]
    >>> [str(gap.since) for gap in missing_days(tuple(week))]
    ['2026-03-11']
    """
    if not daily:
        return ()
    counts = {day.toordinal(): events for day, events in daily}
    threshold = math.log((max(counts) - min(counts) + 1) / FALSE_ALARMS)
    found = []
    for before, after in itertools.pairwise(counts):
        run = range(before + 1, after)
        usual = [(run[place::_WEEK], expected) for place, expected in enumerate(_usual(run, counts)) if expected > 0]
        total = sum(len(days) * expected for days, expected in usual)
        if usual and total >= threshold:
            since, until = min(days[0] for days, _ in usual), max(days[-1] for days, _ in usual)
            mean = total / sum(len(days) for days, _ in usual)
            found.append(Gap(dt.date.fromordinal(since), dt.date.fromordinal(until), mean))
    return tuple(found)


_WEEK = 7


def _usual(run: range, counts: Mapping[int, int]) -> Iterator[float]:
    """What is usual on each of the first days of the run, a week at most, on both sides of it.

    Days are ordinals: weeks beside the first day that a calendar has are no dates.
    """
    known = range(min(counts), max(counts) + 1)
    for day in run[:_WEEK]:
        before, after = day - _WEEK, run[-1] + _WEEK - (run[-1] - day) % _WEEK
        sides = (
            range(before, before - NEAR_WEEKS * _WEEK, -_WEEK),
            range(after, after + NEAR_WEEKS * _WEEK, _WEEK),
        )
        inside = ([counts.get(other, 0) for other in side if other in known] for side in sides)
        yield min((float(statistics.median_low(side)) for side in inside if side), default=0.0)


def _event_gaps(series: Mapping[str, Daily], whole: Sequence[Gap]) -> tuple[Gap, ...]:
    """Gaps of single events that happen nearly daily, where the source itself went on; equal ones in one."""
    found: dict[tuple[dt.date, dt.date], list[tuple[str, float]]] = defaultdict(list)
    for name, daily in series.items():
        if not daily:
            continue
        days = (daily[-1][0] - daily[0][0]).days + 1
        if len(daily) < STEADY * days:
            continue
        for gap in missing_days(daily):
            if not any(other.since <= gap.since and gap.until <= other.until for other in whole):
                found[gap.since, gap.until].append((name, gap.expected))
    return tuple(
        Gap(since, until, sum(expected for _, expected in names), tuple(name for name, _ in names))
        for (since, until), names in sorted(found.items())
    )


_LAGS = """
SELECT source, quantile_disc(lag, 0.5), quantile_disc(lag, 0.9)
FROM (SELECT source, epoch_ms(received_at) - epoch_ms("at") AS lag FROM audit_events) GROUP BY source
"""

_AGES = """
SELECT source, quantile_disc(age, 0.5), quantile_disc(age, 0.9)
FROM (SELECT source, greatest(?::BIGINT - epoch_ms(max(last)), 0) AS age FROM tally_people GROUP BY source, subscriber)
GROUP BY source
"""
