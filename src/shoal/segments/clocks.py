"""SQL of local time, over the views `workspace` and `zone_offsets` of a reading.

All of it is arithmetic of whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from sqlglot import exp, parse_one

from shoal.core.time import UNITS_MS, Instant
from shoal.core.zones import BEGINNING, DAY, names, zone
from shoal.profiles.traits import LATEST
from shoal.segments.local import TRAIT, CalendarDays, LocalTimes
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.dates import EARLIEST

ENDING = -BEGINNING * 10
_WEEK = 7 * DAY
_SINCE_MONDAY = 3 * DAY  # 1970-01-01 was a Thursday


def offsets(zones: frozenset[str] | None = None) -> pa.Table:
    """The rows of the view `zone_offsets`: zone, starts, ends, offset; milliseconds, without the end.

    From `starts` on, local time in the zone is UTC plus `offset`. All zones where none are named.
    """
    found = [zone(name) for name in sorted(names() if zones is None else zones)]
    columns = {
        "zone": [one.name for one in found for _ in one.starts],
        "starts": [start for one in found for start in one.starts],
        "ends": [end for one in found for end in (*one.starts[1:], ENDING)],
        "offset": [offset for one in found for offset in one.offsets],
    }
    types = {"zone": pa.string(), **dict.fromkeys(("starts", "ends", "offset"), pa.int64())}
    return pa.table({name: pa.array(column, types[name]) for name, column in columns.items()})


def clocks(binding: Binding) -> exp.Select:
    """Each subscriber as `person`, with their `zone` and what their clocks show now, `local_now`."""
    found = _parsed(clocks_sql(binding))
    assert isinstance(found, exp.Select)
    return found


def clocks_sql(binding: Binding) -> str:
    """The query of `clocks` as text; values are bound."""
    now, known = _bound(binding, binding.now), binding.instant(binding.now).sql(dialect="duckdb")
    # One join looks up the offset, after the zone is known: DuckDB 2.0 lost rows where a condition on a sum of an
    # outer join's either side was moved into the join.
    return f"""SELECT placed.person, placed.zone, {now} + clock."offset" AS local_now
        FROM (SELECT people.subscriber AS person, coalesce(known.zone, workspace.zone) AS zone
              FROM subscribers AS people CROSS JOIN workspace
              LEFT JOIN (SELECT subscriber, arg_max(CASE WHEN variant_type(value) = 'VARCHAR'
                                                    THEN TRY_CAST(value AS VARCHAR) ELSE '' END, {LATEST}) AS zone
                         FROM traits WHERE name = '{TRAIT}' AND "at" <= {known} GROUP BY subscriber) AS stated
                     ON stated.subscriber = people.subscriber
              LEFT JOIN (SELECT DISTINCT zone FROM zone_offsets) AS known ON known.zone = stated.zone) AS placed
        JOIN zone_offsets AS clock ON clock.zone = placed.zone AND clock.starts <= {now} AND clock.ends > {now}"""


def now_condition(times: LocalTimes) -> exp.Expr:
    """SQL over `clocks`: it is one of these weekdays and hours now."""
    return _parsed(" AND ".join(_of_week("local_now", times)))


def event_condition(times: LocalTimes, asked: Sequence[exp.Expr], binding: Binding) -> exp.Expr:
    """SQL that is true exactly of the events, of those that pass what is `asked`, which are at these times.

    It names their column `event_id` and may stand in any query over `events`. The events are looked up once more in it,
    by steps that are kept: one after the other, DuckDB 2.0 plans the two joins well and adds offsets right.
    """
    conditions = _of_week("local_at", times)
    events = exp.select('"subscriber"', '"event_id"', 'epoch_ms("at") AS ms').from_(exp.table_("events"))
    events = events.where(*(one.copy() for one in asked))
    if times.days is not None:
        cases, earliest = _in_days(times.days, binding)
        conditions.append(cases)
        events = events.where(exp.GTE(this=exp.column("at", quoted=True), expression=binding.instant(earliest)))
    found = parse_one(
        f"""WITH seen AS MATERIALIZED (
              SELECT asked.event_id, asked.ms, clocks.zone, clocks.local_now
              FROM asked JOIN ({clocks_sql(binding)}) AS clocks ON clocks.person = asked.subscriber),
            shown AS MATERIALIZED (
              SELECT seen.event_id, seen.local_now, seen.ms + clock."offset" AS local_at
              FROM seen JOIN (SELECT * FROM zone_offsets WHERE ends > (SELECT min(ms) FROM seen)) AS clock
                ON clock.zone = seen.zone AND clock.starts <= seen.ms AND clock.ends > seen.ms)
            SELECT event_id FROM shown WHERE {" AND ".join(conditions)}""",
        dialect="duckdb",
    )
    assert isinstance(found, exp.Select)
    first = exp.CTE(this=events, alias=exp.TableAlias(this=exp.to_identifier("asked")))
    found.args["with_"].expressions.insert(0, first)
    return exp.In(this=exp.column("event_id", quoted=True), query=exp.Subquery(this=found))


def _in_days(days: CalendarDays, binding: Binding) -> tuple[str, Instant]:
    """That `local_at` is in the calendar days of `local_now`, and an instant before which no such event is.

    It is one of three dates somewhere in the world, so the calendar is asked here and not in SQL.
    """
    around = range(binding.now // DAY - 1, binding.now // DAY + 2)
    runs = {today: days.within(today) for today in around}
    cases = [
        f"local_now >= {_bound(binding, today * DAY)} AND local_now < {_bound(binding, (today + 1) * DAY)} AND "
        f"local_at >= {_bound(binding, first * DAY)} AND local_at < {_bound(binding, (last + 1) * DAY)}"
        for today, (first, last) in runs.items()
    ]
    earliest = Instant((min(first for first, _ in runs.values()) - 1) * DAY)
    return f"({' OR '.join(cases)})", max(earliest, EARLIEST)


def _of_week(local: str, times: LocalTimes) -> list[str]:
    """Conditions on the weekday and the time of day of a local time; only whole numbers of ours are written."""
    since_monday = f"((({local} + {_SINCE_MONDAY}) % {_WEEK}) + {_WEEK}) % {_WEEK}"
    conditions = []
    if times.weekdays:
        days = [f"({since_monday}) BETWEEN {day * DAY} AND {(day + 1) * DAY - 1}" for day in times.weekdays]
        conditions.append(f"({' OR '.join(days)})")
    if times.hours is not None:
        start, end = (minutes * UNITS_MS["m"] for minutes in times.hours)
        passed = f"(({since_monday}) % {DAY})"
        both = "AND" if start < end else "OR"
        conditions.append(f"({passed} >= {start} {both} {passed} < {end})")
    return conditions


def _bound(binding: Binding, number: int) -> str:
    return binding.value(number).sql(dialect="duckdb")


def _parsed(sql: str) -> exp.Expr:
    found = parse_one(sql, dialect="duckdb")
    assert isinstance(found, exp.Expr)
    return found
