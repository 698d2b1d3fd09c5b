"""Checks on freshness: late arrival, stopped syncs, missing days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shoal.measurement.audit.checks.check import Check, Scene, Sight
from shoal.measurement.audit.evidence import DAY_MS
from shoal.measurement.audit.inventory import SourceInventory
from shoal.measurement.audit.model import Gap
from shoal.measurement.wording import day, many

REGULAR_DAYS = 3
"""Lateness is judged for sources that arrived on this many days; one import of history is not late."""

STALE_ALL = 30
"""Days behind at which a stale source loses all points of the check."""


def _late(scene: Scene) -> Iterator[Sight]:
    for source, late, of in scene.evidence.rows(
        f"""WITH arrivals AS (SELECT source, min(arrived) AS first, count(DISTINCT arrived) AS days
                              FROM tally_days GROUP BY source)
            SELECT source, sum(late)::BIGINT AS late, sum(events)::BIGINT
            FROM tally_days JOIN arrivals USING (source)
            WHERE days >= {REGULAR_DAYS} AND arrived > first
            GROUP BY source HAVING late > 0 ORDER BY source"""
    ):
        yield Sight(
            f"{many(late, 'event')} of {of:,} since the first import arrived over 2 days after they happened.",
            late,
            of,
            (source,),
        )


def _stale(scene: Scene) -> Iterator[Sight]:
    for source in scene.sources:
        fresh = scene.freshness[source.name]
        if fresh.stale:
            days = fresh.behind // DAY_MS
            usual = f"; its usual gap is {many(round(fresh.usual_gap), 'day')}" if fresh.usual_gap is not None else ""
            told = f"Nothing new came in the {many(days, 'day')} up to the newest event of all sources{usual}."
            if fresh.of_people:
                told = (
                    f"This list of people was last imported {many(days, 'day')} before the newest event of all sources."
                )
            yield Sight(
                told,
                days,
                STALE_ALL,
                (source.name,),
            )


def _missing_days(scene: Scene) -> Iterator[Sight]:
    for source in scene.sources:
        gaps = scene.freshness[source.name].gaps
        for events in dict.fromkeys(gap.events for gap in gaps):
            yield _missing(source, [gap for gap in gaps if gap.events == events], events)


def _missing(source: SourceInventory, gaps: Sequence[Gap], events: Sequence[str]) -> Sight:
    missing = sum(gap.days for gap in gaps)
    whole = (source.daily[-1][0] - source.daily[0][0]).days + 1
    shown = ", ".join(dates(gap) for gap in gaps[:3]) + (f" and {len(gaps) - 3} more" if len(gaps) > 3 else "")
    expected = sum(gap.expected * gap.days for gap in gaps) / missing
    named = ", ".join(f"“{event}”" for event in events[:3]) + (
        f" and {len(events) - 3} more" if len(events) > 3 else ""
    )
    told = (
        f"{many(missing, 'day')} without {named or 'any event'}, where about {expected:,.0f} a day are usual: {shown}."
    )
    return Sight(told, missing, whole, (source.name,), named or None)


def dates(gap: Gap) -> str:
    """The gap as a date or a span of dates."""
    return day(gap.since) if gap.since == gap.until else f"{day(gap.since)} to {day(gap.until)}"


CHECKS = (
    Check(
        "late_arrival",
        "freshness",
        "Do events arrive within two days?",
        "events",
        5,
        0.50,
        "Import more often, or connect the source by API so that events arrive as they happen.",
        _late,
    ),
    Check(
        "stale_sync",
        "freshness",
        "Does the source still report?",
        "days",
        20,
        1.0,
        "Check the connection or make a new export; conditions such as “in the last 30 days” are wrong without it.",
        _stale,
        few=1,
    ),
    Check(
        "missing_days",
        "freshness",
        "Is the daily series without holes?",
        "days",
        10,
        0.10,
        "Export these days again; records that are known already are not counted twice.",
        _missing_days,
        few=1,
    ),
)
