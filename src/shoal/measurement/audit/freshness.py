"""How recent each source is, how late it arrives, and where its daily series has holes."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import statistics
from collections.abc import Mapping, Sequence

from shoal.core.time import Instant
from shoal.measurement.audit.evidence import DAY_MS, Evidence
from shoal.measurement.audit.inventory import Daily, SourceInventory
from shoal.measurement.audit.model import Freshness, Gap

STALE_DAYS = 2.0
STALE_GAPS = 3.0
"""Stale: behind by more than 2 days and by more than 3 times the usual gap."""
STALE_UNKNOWN_DAYS = 30.0
"""Stale where the usual gap isn't known: behind by more than this."""
SURPRISE = 0.001
"""A day is missing when none of the usual number would happen by chance less often than this."""


def freshness(
    evidence: Evidence, sources: Sequence[SourceInventory], newest: Instant | None
) -> Mapping[str, Freshness]:
    """Freshness of each source by name; `newest` is the data's newest instant."""
    lags = {source: (median, p90) for source, median, p90 in evidence.rows(_LAGS)}
    ages = {source: (median, p90) for source, median, p90 in evidence.rows(_AGES, newest or 0)}
    found = {}
    for source in sources:
        gap = usual_gap([day for day, _ in source.daily])
        behind = max(0, (newest or 0) - source.last) if source.last is not None else 0
        lag_median, lag_p90 = lags.get(source.name, (None, None))
        age_median, age_p90 = ages.get(source.name, (None, None))
        found[source.name] = Freshness(
            lag_median, lag_p90, age_median, age_p90, behind, gap, is_stale(behind, gap), missing_days(source.daily)
        )
    return found


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
    """Runs of empty days between the first and the last, where events are usual on that weekday.

    The usual number of a weekday is its median, so a shop that rests on Sundays has no gaps. Under a
    Poisson law a day with a usual number m is empty by chance with probability exp(-m); it is called
    missing below `SURPRISE`, so at 7 events a day or more. Empty days on which nothing is expected join the
    run around them.
    """
    if not daily:
        return ()
    counts = dict(daily)
    first, last = daily[0][0], daily[-1][0]
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    usual = [statistics.median(counts.get(day, 0) for day in days[weekday::7]) for weekday in range(min(7, len(days)))]
    runs: list[list[tuple[dt.date, float]]] = [[]]
    for number, day in enumerate(days):
        if counts.get(day, 0):
            runs.append([])
        else:
            runs[-1].append((day, float(usual[number % 7])))
    return tuple(gap for run in runs if (gap := _gap(run)) is not None)


def _gap(run: Sequence[tuple[dt.date, float]]) -> Gap | None:
    missed = [(day, usual) for day, usual in run if math.exp(-usual) < SURPRISE]
    if not missed:
        return None
    return Gap(missed[0][0], missed[-1][0], statistics.fmean(usual for _, usual in missed))


_LAGS = """
SELECT source, quantile_disc(lag, 0.5), quantile_disc(lag, 0.9)
FROM (SELECT source, epoch_ms(received_at) - epoch_ms("at") AS lag FROM audit_events) GROUP BY source
"""

_AGES = """
SELECT source, quantile_disc(age, 0.5), quantile_disc(age, 0.9)
FROM (SELECT source, greatest(?::BIGINT - epoch_ms(max("at")), 0) AS age FROM audit_events GROUP BY source, subscriber)
GROUP BY source
"""
