"""One subscriber's history, and the list's totals, read from the views."""

from __future__ import annotations

import json
from typing import Any

import duckdb
from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.measured import identified_only
from shoal.segments.measures import Measure, Standing
from shoal.segments.operators.binding import Binding
from shoal.segments.scans import column, stream_scan
from shoal.segments.sql.property_types import property_types
from shoal.segments.streams import Stream
from shoal.segments.windows import Window


class ListTotals:
    """The list as conditions about averages and ranks see it, counted by SQL over the views."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def size(self) -> int:
        """How many identified subscribers there are."""
        return _number(self._connection.execute("SELECT count(*) FROM subscribers WHERE identified"))

    def total(self, stream: Stream, window: Window, now: Instant) -> int:
        """How many events of a stream they have in a window, together."""
        binding = Binding(now, property_types(self._connection))
        scan = stream_scan(stream, [window.span(now)], ["events"], binding).subquery("counted")
        query = exp.select(exp.func("COALESCE", exp.Sum(this=column("events")), exp.Literal.number(0))).from_(scan)
        query = query.join(exp.to_table("subscribers"), using=["subscriber"]).where(column("identified"))
        return _number(self._connection.execute(query.sql(dialect="duckdb"), binding.of(query)))

    def standing(self, measure: Measure, value: int, now: Instant) -> Standing:
        """Where a measured number stands among theirs."""
        binding = Binding(now, property_types(self._connection))
        own = exp.cast(binding.value(value), "HUGEINT", dialect="duckdb")
        count = exp.Count(this=exp.Star())
        above, below = (exp.Where(this=sign(this=column("value"), expression=own.copy())) for sign in (exp.GT, exp.LT))
        query = exp.select(
            count,
            exp.Filter(this=count.copy(), expression=above),
            exp.Filter(this=count.copy(), expression=below),
            exp.func("COALESCE", exp.Sum(this=column("value")), exp.Literal.number(0)),
        ).from_(identified_only(measure.rows(binding)))
        (row,) = self._connection.execute(query.sql(dialect="duckdb"), binding.of(query)).fetchall()
        return Standing(*map(int, row))


def read_history(connection: duckdb.DuckDBPyConnection, subscriber: int) -> History | None:
    """Everything recorded about a subscriber; None where there is no such subscriber."""
    known = connection.execute("SELECT identified FROM subscribers WHERE subscriber = $s", {"s": subscriber}).fetchone()
    if known is None:
        return None
    events = _rows(connection, subscriber, "events", "event_id, name", "properties::JSON::VARCHAR", "source")
    traits = _rows(
        connection, subscriber, "traits", "name, value::JSON::VARCHAR, epoch_ms(received_at), event_id, source"
    )
    told = "channel, purpose, state, epoch_ms(received_at), event_id, source, method, contact, address, changed"
    consents = _rows(connection, subscriber, "consents", told)
    return History(
        subscriber=subscriber,
        identified=bool(known[0]),
        events=tuple(Event(row[1], row[2], row[0], json.loads(row[3] or "{}"), row[4]) for row in events),
        traits=tuple(TraitStatement(row[1], _value(row[2]), row[0], *row[3:]) for row in traits),
        consents=tuple(ConsentStatement(row[1], row[2], row[3], row[0], *row[4:]) for row in consents),
        default_zone=default_zone(connection),
    )


def default_zone(connection: duckdb.DuckDBPyConnection) -> str:
    """The workspace's zone."""
    ((zone,),) = connection.execute("SELECT zone FROM workspace").fetchall()
    return str(zone)


def _rows(connection: duckdb.DuckDBPyConnection, subscriber: int, view: str, *columns: str) -> list[tuple[Any, ...]]:
    query = f'SELECT epoch_ms("at"), {", ".join(columns)} FROM {view} WHERE subscriber = $s'
    return connection.execute(query, {"s": subscriber}).fetchall()


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _number(found: duckdb.DuckDBPyConnection) -> int:
    (row,) = found.fetchall()
    return int(row[0])
