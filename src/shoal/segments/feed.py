"""The change feed as it is kept: who entered and who left which segment, numbered for ever.

The engine writes it in the transaction that says how far it is, so a change has one number, whatever happens to
the server; whoever reads it remembers the last number, asks for those after it, and may see one twice but misses none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shoal.core.time import Instant
from shoal.segments.tables import changes, feed_state

Reason = Literal["event", "time", "definition", "people", "asked"]
"""Why: something was told (`event`), an instant came (`time`), the segment means something else (`definition`), people
were identified, merged or taken apart (`people`), or a condition that is asked for from time to time was (`asked`)."""

REASONS: tuple[Reason, ...] = get_args(Reason)

SCHEMA = pa.schema(
    [
        ("at", pa.int64()),
        ("subscriber", pa.int64()),
        ("segment", pa.string()),
        ("version", pa.int32()),
        ("entered", pa.bool_()),
        ("reason", pa.string()),
    ]
)
"""Columns of changes on their way into the feed."""

_IPC = pa.ipc.IpcWriteOptions(compression="lz4")
_PACKED = pa.schema(
    [
        field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.type == pa.string() else field
        for field in SCHEMA
    ]
)


@dataclass(frozen=True, slots=True)
class Told:
    """One change, with its number."""

    number: int  # 1, 2, …: also its id wherever it is delivered to
    at: Instant  # the first at which it is so
    told_at: Instant  # when the engine found it
    subscriber: int
    segment: str
    version: int  # of the segment's definition
    entered: bool  # else left
    reason: Reason


def append(connection: sa.Connection, rows: pa.Table, told_at: Instant) -> int:
    """Write changes (`SCHEMA`) in their order, in the caller's transaction; gives the number of the last one."""
    before = newest(connection)
    if not rows.num_rows:
        return before
    _write(connection, before + 1, rows, told_at)
    return before + int(rows.num_rows)


def leap(connection: sa.Connection, at: Instant) -> int:
    """Let the next change have a number that was never given, whoever went on from the same state before.

    That is for a copy of the feed: the original may have told more since the copy was taken, and so may another copy.
    Numbers follow the clock, 100,000 a second since 1970, so a feed that tells fewer than that in the mean can't have
    come so far. Gives the number that the next change comes behind; readers between are told of all that follows.
    """
    before = newest(connection)
    behind = max(at // 1_000 * _A_SECOND, before + _A_SECOND)
    nothing = SCHEMA.empty_table()
    if not before:
        _write(connection, 1, nothing, at)  # the feed begins there, not at the leap
    _write(connection, behind + 1, nothing, at)
    return behind


_A_SECOND = 100_000


def _write(connection: sa.Connection, first: int, rows: pa.Table, told_at: Instant) -> None:
    packed = rows.select(SCHEMA.names).cast(_PACKED).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, _PACKED, options=_IPC) as writer:
        writer.write_table(packed)
    row = {"first": first, "rows": rows.num_rows, "told_at": told_at, "payload": sink.getvalue().to_pybytes()}
    connection.execute(sa.delete(changes).where(changes.c.first == first, changes.c.rows == 0))  # that of a leap
    connection.execute(sa.insert(changes), row)


@dataclass(frozen=True, slots=True)
class State:
    """How far the feed is."""

    offset: int  # of the journal: what it says up to there has been told
    clock: Instant  # memberships as of this instant have been told


def state(connection: sa.Connection) -> State | None:
    """How far the feed is; None before its beginning."""
    row = connection.execute(sa.select(feed_state.c.offset, feed_state.c.clock)).one_or_none()
    return None if row is None else State(row.offset, Instant(row.clock))


def move(connection: sa.Connection, state: State) -> None:
    """Say, in the transaction that holds the changes, how far the feed is."""
    said = {"offset": state.offset, "clock": state.clock}
    if not connection.execute(sa.update(feed_state).values(said)).rowcount:
        connection.execute(sa.insert(feed_state).values(id=1, **said))


def newest(connection: sa.Connection) -> int:
    """Number of the last change; 0 before the first."""
    last = sa.select(changes.c.first + changes.c.rows - 1).order_by(changes.c.first.desc()).limit(1)
    return int(connection.scalar(last) or 0)


def oldest(connection: sa.Connection) -> int:
    """Number of the first change that is still kept; 1 where there is none."""
    return int(connection.scalar(sa.select(sa.func.min(changes.c.first))) or 1)


def count(connection: sa.Connection, after: int) -> int:
    """How many changes with greater numbers are kept: numbers may be left out (`leap`)."""
    last = changes.c.first + changes.c.rows - 1
    unknown = sa.case((changes.c.first > after, changes.c.rows), else_=last - after)
    return int(connection.scalar(sa.select(sa.func.sum(unknown)).where(last > after)) or 0)


def batches(connection: sa.Connection, *, after: int = 0) -> Iterator[tuple[int, Instant, pa.Table]]:
    """Changes with greater numbers as they were written: number of the first, when they were told, rows."""
    last = changes.c.first + changes.c.rows - 1
    query = sa.select(changes).where(changes.c.first > after - _MOST_ROWS, last > after).order_by(changes.c.first)
    for row in connection.execution_options(yield_per=16).execute(query):
        rows = pa.ipc.open_stream(row.payload).read_all()
        skipped = max(0, after + 1 - row.first)
        yield row.first + skipped, Instant(row.told_at), rows.slice(skipped)


_MOST_ROWS = 1 << 24
"""More than one batch ever has: an older batch can't reach behind a number."""


def read(
    connection: sa.Connection, *, after: int = 0, most: int = 1_000, segments: Collection[str] | None = None
) -> tuple[list[Told], int]:
    """Some changes with greater numbers, in order, and the number to go on after.

    Of some segments only, where they are named; the second number may then be greater than that of any change given.
    """
    found: list[Told] = []
    until = after
    for first, told_at, rows in batches(connection, after=after):
        numbered = rows.append_column("number", pa.array(range(first, first + rows.num_rows), pa.int64()))
        wanted = numbered if segments is None else numbered.filter(pc.is_in(rows["segment"], pa.array(list(segments))))
        some = wanted.slice(0, most - len(found)).to_pylist()
        found += [Told(told_at=told_at, **{**row, "at": Instant(row["at"])}) for row in some]
        if len(found) >= most:
            return found, found[-1].number
        until = first + rows.num_rows - 1
    return found, until


def named(connection: sa.Connection) -> frozenset[str]:
    """Names of all segments of which it tells."""
    found: set[str] = set()
    for _, _, rows in batches(connection):
        found.update(pc.unique(rows["segment"]).to_pylist())
    return frozenset(found)


def entered_at(connection: sa.Connection, subscriber: int, segments: Collection[str]) -> dict[str, Instant]:
    """When somebody entered these segments for the last time, as far as the feed reaches back."""
    found: dict[str, Instant] = {}
    query = sa.select(changes.c.payload).order_by(changes.c.first.desc())
    for (payload,) in connection.execution_options(yield_per=16).execute(query):
        rows = pa.ipc.open_stream(payload).read_all()
        for row in reversed(rows.filter(pc.equal(rows["subscriber"], subscriber)).to_pylist()):
            if row["entered"] and row["segment"] in segments:
                found.setdefault(row["segment"], Instant(row["at"]))
        if len(found) == len(segments):
            break
    return found


def forget(connection: sa.Connection, told_before: Instant) -> int:
    """Drop batches that were told before an instant, but the newest: the numbers go on from it. How many batches."""
    newest_batch = sa.select(sa.func.max(changes.c.first)).scalar_subquery()
    old = sa.delete(changes).where(changes.c.told_at < told_before, changes.c.first < newest_batch)
    return connection.execute(old).rowcount
