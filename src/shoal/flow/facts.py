"""Facts for the live reading: what streams, traits and consents need, read from the lake or from what was just told.

Each event name is read once for all streams.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from typing import Any, Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlglot import exp, parse_one

from shoal.core.ids import KEY_ID_SQL
from shoal.core.time import Instant
from shoal.flow.places import Places
from shoal.ingest.lake_rows import REPLACED
from shoal.profiles.consent import CAUTION, COMPLAINT
from shoal.segments.filters import Filter
from shoal.segments.inside import Tested, path_of
from shoal.segments.live import Consented, Facts, Happened, Needs, Stated
from shoal.segments.live.edges import NEVER, Truth
from shoal.segments.live.facts import Held, is_timed, spans_of_dates, timed_filters
from shoal.segments.live.people import Ids
from shoal.segments.live.sources import most_of_one
from shoal.segments.live.sums import BITS, HALF, Numbers
from shoal.segments.measured import millionths
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.dates import LATEST
from shoal.segments.scans import column, comparison_condition, filter_condition, stream_conditions
from shoal.segments.sql.property_types import property_types
from shoal.segments.streams import Stream
from shoal.segments.windows import Span

BATCH = 1 << 18
"""Rows that are counted at once."""


class Finder(Protocol):
    """Tells where the subscriber of each key has their place."""

    def find(self, keys: Ids) -> Ids:
        """Places; -1 where nobody has the key."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where facts are read: tables of these names, or the lake's own files.

    DuckDB computes an expression over a VARIANT 20 times as fast where it stands directly above the read of the
    file, with no view between. So files are read as they are, and people are found after that.
    """

    scans: Mapping[str, str]  # what stands for events and traits
    key: str  # the column that names a person
    superseded: bool  # whether the table of replaced events is to be looked at
    types: Mapping[str, str]  # of properties that have but one


def rows_of(duck: duckdb.DuckDBPyConnection) -> Rows:
    """Where the facts of an open reading are."""
    names = {name for (name,) in duck.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    types = property_types(duck)
    if "scans" not in names:
        return Rows({name: name for name in ("events", "traits")}, "subscriber", superseded=False, types=types)
    scans = dict(duck.execute("FROM scans").fetchall())
    return Rows(scans, "key", superseded="superseded" in names, types=types)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is read."""

    duck: duckdb.DuckDBPyConnection
    rows: Rows


def read(duck: duckdb.DuckDBPyConnection, ids: Ids, needs: Needs, now: Instant) -> Iterator[Facts]:
    """What the views hold of what is needed, in pieces; of subscribers who have a place: `ids` are theirs, by place.

    DuckDB reads the next piece while one is counted.
    """
    stored = Stored(duck, rows_of(duck))
    keys, subscribers = _keys(stored) if stored.rows.key == "key" else (ids, ids)
    batches = _happened(stored, needs, now)
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        places = places_of(keys, subscribers, ids)
        while (found := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            streams, batch = found
            yield Facts(happened=of_streams(streams, placed(batch, places), needs))
    for name, comparisons in needs.traits.items():
        yield Facts(stated=(_read_stated(stored, places, name, comparisons),))
    for channel, purpose in needs.consents:
        yield Facts(consented=(_read_consented(stored, places, channel, purpose),))


def _keys(stored: Stored) -> tuple[Ids, Ids]:
    found = stored.duck.sql("SELECT key, subscriber FROM keys").to_arrow_table()
    return found["key"].to_numpy(), found["subscriber"].to_numpy()


def places_of(keys: Ids, subscribers: Ids, ids: Ids) -> Places:
    """Where the subscriber of each key has their place. Keys are nearly in order, which a stable sort is quick with."""
    order = np.argsort(ids, kind="stable")
    own = Places.of(ids[order], order)
    if keys is ids:
        return own
    where = own.find(subscribers)
    known = np.flatnonzero(where >= 0)
    order = known[np.argsort(keys[known], kind="stable")]
    return Places.of(keys[order], where[order])


def _happened(stored: Stored, needs: Needs, now: Instant) -> Iterator[tuple[list[Stream], pa.RecordBatch]]:
    """Streams with one name and some of their events, with a column for each filter; name by name."""
    for streams in by_event(needs).values():
        query, binding = events_query(stored.rows, streams, needs, now)
        for batch in _asked(stored, query, binding).to_arrow_reader(BATCH):
            yield streams, batch


def by_event(needs: Needs) -> dict[str, list[Stream]]:
    """Streams by the event name that they ask for."""
    found: dict[str, list[Stream]] = {}
    for stream in needs.streams:
        found.setdefault(stream.event, []).append(stream)
    return found


def events_query(rows: Rows, streams: Sequence[Stream], needs: Needs, now: Instant) -> tuple[exp.Select, Binding]:
    """The query for the events of streams with one name, as far back as a window reaches at an instant."""
    binding = Binding(now, rows.types)
    starts = [window.span(now).start for stream in streams for window in needs.streams[stream]]
    known = [start for start in starts if start is not None]
    span = Span(Instant(min(known)) if len(known) == len(starts) else None, LATEST)
    query = _told("events", rows).where(*stream_conditions(Stream(streams[0].event), span, binding))
    for place, one in enumerate(_plain_filters(streams)):
        query = query.select(exp.alias_(_flag(filter_condition(one, binding)), f"f{place}", quoted=True))
    for number, stream in enumerate(streams):
        query = query.select(*_timing(number, stream, binding))
        query = query.select(*_measuring(number, needs.numbers.get(stream, ()), binding))
    return _current(query) if rows.superseded else query, binding


def _plain_filters(streams: Sequence[Stream]) -> tuple[Filter, ...]:
    """Filters whose answer does not change with time, each once, whatever streams have it."""
    return tuple(dict.fromkeys(one for stream in streams for one in _plain(stream)))


def _plain(stream: Stream) -> list[Filter]:
    timed = timed_filters(stream)
    return [one for one in stream.filters if one not in timed]


def _timing(number: int, stream: Stream, binding: Binding) -> Iterator[exp.Expr]:
    """The instants that the stream's timed filters compare."""
    for place, one in enumerate(timed_filters(stream)):
        value = variant.at_path(column("properties"), one.path, binding)
        yield exp.alias_(_instant(value), f"s{number}_{place}", quoted=True)


def _measuring(number: int, paths: Sequence[tuple[str, ...]], binding: Binding) -> Iterator[exp.Expr]:
    """The number of each property in the two parts of `Numbers`, and whether it is one."""
    for place, path in enumerate(paths):
        value = millionths(variant.at_path(column("properties"), path, binding))
        parts = parse_one(_PARTS, dialect="duckdb").transform(
            lambda part, value=value: value.copy() if isinstance(part, exp.Column) else part
        )
        for name, part in zip(_PART_NAMES, parts.expressions, strict=True):
            yield exp.alias_(part, f"s{number}_{place}{name}", quoted=True)


# `//` cuts off towards 0, so it is asked of what is above 0.
_PART_NAMES = ("low", "high", "there")
_HIGH = f"((coalesce(measured, 0) + {(1 << 80) + HALF}) // {1 << BITS} - {1 << (80 - BITS)})"
_PARTS = f"""
    SELECT (coalesce(measured, 0) - {_HIGH} * {1 << BITS})::BIGINT, {_HIGH}::BIGINT, (measured IS NOT NULL)::UTINYINT
"""


def of_streams(
    streams: Sequence[Stream], columns: Mapping[str, npt.NDArray[Any]], needs: Needs
) -> tuple[Happened, ...]:
    """What rows of `events_query` say of each stream."""
    most = most_of_one(columns["who"])
    passing = {one: columns[f"f{place}"].view(np.bool_) for place, one in enumerate(_plain_filters(streams))}
    found = (
        _of_stream(number, stream, needs.numbers.get(stream, ()), columns, passing)
        for number, stream in enumerate(streams)
    )
    return tuple(replace(happened, most=most) for happened in found)


def _of_stream(
    number: int,
    stream: Stream,
    paths: Sequence[tuple[str, ...]],
    columns: Mapping[str, npt.NDArray[Any]],
    passing: Mapping[Filter, Truth],
) -> Happened:
    who, at = columns["who"], columns["at"]
    timed = [one.comparison for one in timed_filters(stream)]
    spans = [spans_of_dates(columns[f"s{number}_{place}"], one) for place, one in enumerate(timed)]
    since = np.maximum.reduce([start for start, _ in spans]) if spans else None
    until = np.minimum.reduce([end for _, end in spans]) if spans else None
    passes = None if since is None or until is None else (since, until)
    numbers = {path: _numbers_of(f"s{number}_{place}", columns) for place, path in enumerate(paths)}
    plain = _plain(stream)
    if not plain:
        return Happened(stream, who, at, passes, numbers=numbers)
    some = np.flatnonzero(reduce(np.logical_and, (passing[one] for one in plain)))
    passes = None if passes is None else (passes[0][some], passes[1][some])
    numbers = {path: each.take(some) for path, each in numbers.items()}
    return Happened(stream, who.take(some, mode="clip"), at.take(some, mode="clip"), passes, numbers=numbers)


def _numbers_of(name: str, columns: Mapping[str, npt.NDArray[Any]]) -> Numbers:
    low, high, there = (columns[f"{name}{part}"] for part in _PART_NAMES)
    return Numbers(low, high, there.view(np.bool_))


def stated_query(rows: Rows, name: str, comparisons: Sequence[Tested]) -> tuple[exp.Select, Binding]:
    """The query for statements about a trait, with what each comparison says of their values."""
    binding = Binding(Instant(0))
    answers = [
        exp.alias_(_date_of(one, binding) if is_timed(one) else _flag(_of_value(one, binding)), f"c{place}")
        for place, one in enumerate(comparisons)
    ]
    query = _told("traits", rows).where(exp.EQ(this=column("name"), expression=binding.value(name)))
    return query.select(column("event_id"), *answers), binding


def stated(name: str, comparisons: Sequence[Tested], columns: Mapping[str, npt.NDArray[Any]]) -> Stated:
    """What rows of `stated_query` say."""
    held: list[Held] = [
        spans_of_dates(columns[f"c{place}"], one) if is_timed(one) else columns[f"c{place}"].view(np.bool_)
        for place, one in enumerate(comparisons)
    ]
    return Stated(name, columns["who"], columns["at"], columns["event_id"], tuple(held))


def _read_stated(stored: Stored, places: Finder, name: str, comparisons: Sequence[Tested]) -> Stated:
    query, binding = stated_query(stored.rows, name, comparisons)
    found = _asked(stored, query, binding).to_arrow_table().combine_chunks()
    return stated(name, comparisons, placed(found, places))


CONSENTS = f"""
SELECT {{key}} AS key, epoch_ms("at") AS "at", event_id, list_position($states, state)::BIGINT - 1 AS state,
       ("at" < received_at)::UTINYINT AS dated, {KEY_ID_SQL.format(text="source || '/' || contact")} AS source, address,
       coalesce(method = $complaint, false)::UTINYINT AS complaint, changed
FROM {{rows}} WHERE channel = $channel AND purpose = $purpose
"""
"""The query for statements of one consent; `address` and `changed` are as in the view `consents`."""


def consents_asked(channel: str, purpose: str) -> dict[str, object]:
    """The values that `CONSENTS` binds."""
    return {"states": list(CAUTION), "channel": channel, "purpose": purpose, "complaint": COMPLAINT}


def consented(channel: str, purpose: str, columns: Mapping[str, npt.NDArray[Any]]) -> Consented:
    """What rows of `CONSENTS` say."""
    dated, complaint = (columns[name].view(np.bool_) for name in ("dated", "complaint"))
    who, at, event_id, state, source, whose = (columns[name] for name in _CONSENTED)
    return Consented(channel, purpose, who, at, event_id, state, dated, source, whose, complaint, columns["changed"])


def _read_consented(stored: Stored, places: Finder, channel: str, purpose: str) -> Consented:
    query = CONSENTS.format(key="subscriber", rows="consents")
    found = stored.duck.sql(query, params=consents_asked(channel, purpose)).to_arrow_table().combine_chunks()
    return consented(channel, purpose, placed(found, places))


_CONSENTED = ("who", "at", "event_id", "state", "source", "address")


def _told(view: str, rows: Rows) -> exp.Select:
    """Rows of a view with whom they are about and their instant."""
    more = [column(name) for name in _VERSION] if rows.superseded and view == "events" else []
    key = exp.alias_(column(rows.key), "key", quoted=True)
    told = exp.select(key, column("at"), *more).from_(exp.to_table(_SCANNED.format(view), quoted=True))
    return told.where(column("name").is_(exp.null()).not_())  # a record without a name only states facts


_SCANNED = "the files of {}"
"""Stands for the scan of a view until the query is text."""


def _asked(stored: Stored, query: exp.Select, binding: Binding) -> duckdb.DuckDBPyRelation:
    return stored.duck.sql(text_of(stored.rows, query), params=binding.of(query))


def text_of(rows: Rows, query: exp.Select) -> str:
    """The text of a query, which reads what stands for the views."""
    text = query.sql(dialect="duckdb")
    for view, scan in rows.scans.items():
        text = text.replace(f'"{_SCANNED.format(view)}"', scan)  # values are bound, so this is the table's name
    return text


_VERSION = ("event_id", "version", "digest")


def _current(told: exp.Select) -> exp.Select:
    """The same without rows that were replaced."""
    shown = [one.alias_or_name for one in told.expressions if one.alias_or_name not in _VERSION]
    return exp.select(*map(column, shown)).from_(told.subquery("stored")).where(_parsed_current())


@lru_cache(maxsize=1)
def _parsed_current() -> exp.Expr:
    found = parse_one(f"NOT EXISTS (SELECT 1 FROM superseded AS newer WHERE {REPLACED})", dialect="duckdb")
    assert isinstance(found, exp.Expr)
    return found


def _date_of(comparison: Tested, binding: Binding) -> exp.Expr:
    return _instant(variant.inside(column("value"), path_of(comparison), binding))


def _of_value(comparison: Tested, binding: Binding) -> exp.Expr:
    return comparison_condition(column("value"), comparison, binding)


def _flag(condition: exp.Expr) -> exp.Expr:
    known = exp.func("COALESCE", condition, exp.false())
    return exp.cast(known, "UTINYINT", dialect="duckdb")


def _instant(value: exp.Expr) -> exp.Expr:
    return exp.func("COALESCE", variant.instant(value), exp.Literal.number(NEVER))


def placed(rows: pa.RecordBatch | pa.Table, places: Finder) -> dict[str, npt.NDArray[Any]]:
    """Columns by name, with the places of subscribers as `who`, of those who have one."""
    return found_at({name: rows.column(name).to_numpy() for name in rows.schema.names}, places)


def found_at(found: Mapping[str, npt.NDArray[Any]], places: Finder) -> dict[str, npt.NDArray[Any]]:
    """The same of columns that are arrays already."""
    columns = {name: _numbers(column) for name, column in found.items()}
    who = places.find(columns.pop("key"))
    known = np.flatnonzero(who >= 0)
    if len(known) == len(who):
        return {**columns, "who": who}
    return {
        "who": who.take(known, mode="clip"),
        **{name: column.take(known, mode="clip") for name, column in columns.items()},
    }


def _numbers(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Instants in ms, and all else as it is."""
    return values.view(np.int64) // 1_000 if values.dtype == "datetime64[us]" else values  # DuckDB's epoch_ms is slow
