"""Counts of events that the overview and the audit both start from, so that the lake is read once for both.

The tables are temporary, begin with `tally_` and are dropped at the end of the block.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from shoal.core.time import UNITS_MS, Instant

RECENT_MS = 30 * UNITS_MS["d"]
"""How long the recent stretch is, and the one before it."""

OLDEST = dt.date(1995, 1, 1)
"""Nothing that is measured happened before this: such a date stands for one that is missing."""

LOCAL_DAY = """greatest(("at" AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE, DATE '0001-01-01')"""
"""The day of an event in a zone. Year 1 begins west of Greenwich on a day that Python has no date for."""

LATE = "INTERVAL 2 DAY"
"""An event that arrives later than this after it happened is late."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the tables count: events up to and including `now`; `zone` (an IANA name) says which day is local.

    - `tally_shapes`: source, name, names (of the properties that occur together), events
    - `tally_people`: source, name, subscriber, events, first, last, recent, before, stamped, last_own, ancient
    - `tally_days`: source, name, day (UTC), local_day, arrived (UTC day of arrival), events, late

    `recent` and `before` are events of the last 30 days and the 30 before, `stamped` those whose time is their
    arrival, `last_own` the newest of the others, `ancient` those dated before 1995.
    """

    now: Instant
    zone: str


@contextmanager
def tallied(duck: duckdb.DuckDBPyConnection, now: Instant, zone: str = "UTC") -> Iterator[Tally]:
    """The tables, on a connection that has the view `events`; they live as long as the block."""
    bound = {"now": now, "recent": now - RECENT_MS, "before": now - 2 * RECENT_MS, "zone": zone}
    try:
        for table, sql in _TABLES.items():
            asked = {name: value for name, value in bound.items() if f"${name}" in sql}
            duck.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {sql}", asked)
        yield Tally(now, zone)
    finally:
        for table in _TABLES:
            duck.execute(f"DROP TABLE IF EXISTS {table}")


_TABLES = {
    "tally_shapes": """
        SELECT source, name, variant_keys(properties) AS names, count(*) AS events
        FROM events WHERE "at" <= epoch_ms($now) GROUP BY ALL
    """,
    "tally_people": f"""
        SELECT source, name, subscriber, count(*) AS events, min("at") AS first, max("at") AS last,
               count(*) FILTER ("at" > epoch_ms($recent)) AS recent,
               count(*) FILTER ("at" > epoch_ms($before) AND "at" <= epoch_ms($recent)) AS before,
               count(*) FILTER ("at" = received_at) AS stamped,
               max("at") FILTER ("at" < received_at) AS last_own,
               count(*) FILTER ("at" < DATE '{OLDEST}') AS ancient
        FROM events WHERE "at" <= epoch_ms($now) GROUP BY source, name, subscriber
    """,
    "tally_days": f"""
        SELECT source, name, "at"::DATE AS day, {LOCAL_DAY} AS local_day,
               received_at::DATE AS arrived, count(*) AS events,
               count(*) FILTER (received_at - "at" > {LATE}) AS late
        FROM events WHERE "at" <= epoch_ms($now) GROUP BY ALL
    """,
}
