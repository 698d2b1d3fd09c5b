"""Axes of days, and the stretch that a chart shows in words."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shoal.measurement.audit.evidence import DAY_MS
from shoal.measurement.wording import day

MOST_TICKS = 8
LONG_DAYS = 60
"""From so many days on the chart's own ticks are whole days apart on any screen."""


def day_axis(first: dt.date, last: dt.date) -> dict[str, Any]:
    """What Plotly needs for an axis of whole days: left alone, it names a day several times where there are few."""
    axis: dict[str, Any] = {"type": "date", "tickformat": "%-d %b"}
    days = (last - first).days + 1
    if days >= LONG_DAYS:
        return axis
    half = dt.timedelta(hours=12)
    start, end = (dt.datetime.combine(date, dt.time()) for date in (first, last))
    return axis | {
        "range": [(start - half).isoformat(), (end + half).isoformat()],
        "tick0": first.isoformat(),
        "dtick": -(-days // MOST_TICKS) * DAY_MS,
    }


def stretch(first: dt.date, last: dt.date, most: int) -> str:
    """The days that a chart of at most so many days shows.

    >>> stretch(dt.date(2026, 3, 1), dt.date(2026, 3, 9), 180)
    'from 1 Mar 2026 to 9 Mar 2026'
    >>> stretch(dt.date(2026, 3, 1), dt.date(2026, 3, 1), 180), stretch(dt.date(2026, 1, 1), dt.date(2026, 6, 29), 180)
    ('on 1 Mar 2026', 'over the last 180 days')
    """
    if first == last:
        return f"on {day(first)}"
    return f"over the last {most} days" if (last - first).days + 1 >= most else f"from {day(first)} to {day(last)}"
