"""The journal: everything accepted, in order, until it is in the lake and its retention is over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.store.columns import whole_numbers
from shoal.store.tables import journal, offsets

_IPC = pa.ipc.IpcWriteOptions(compression="zstd")


class CorruptJournalError(UserError):
    """A journal entry does not have the checksum it was written with (`damaged_journal`)."""


RECEIVED_AT = "received_at"


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted batch of records."""

    offset: int
    origin: str
    source: str
    received_at: Instant  # of the last of them
    batch: pa.RecordBatch

    def records(self) -> pa.Table:
        """Its records, with when each was received: together, unless the batch says so of each."""
        told = pa.Table.from_batches([self.batch])
        if RECEIVED_AT in self.batch.schema.names:
            return told
        return told.append_column(RECEIVED_AT, times([self.received_at], [told.num_rows]))


def times(received_at: Sequence[Instant], rows: Sequence[int]) -> pa.Array:
    """The column `received_at` of a batch in which several were received, so many rows each."""
    return whole_numbers(np.repeat(np.array(received_at, np.int64), rows)).view(pa.timestamp("ms"))


def append(connection: sa.Connection, *, origin: str, source: str, received_at: Instant, batch: pa.RecordBatch) -> int:
    """Write one batch in the caller's transaction; its offset is greater than all before it."""
    result = connection.execute(sa.insert(journal).values(packed(origin, source, received_at, batch)))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def packed(origin: str, source: str, received_at: Instant, batch: pa.RecordBatch) -> dict[str, object]:
    """One batch as a row, for `append_all`: what takes time of it needs no transaction."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_IPC) as writer:
        writer.write_batch(batch)
    payload = sink.getvalue().to_pybytes()
    return {
        "origin": origin,
        "source": source,
        "received_at": received_at,
        "rows": batch.num_rows,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "payload": payload,
    }


def append_all(connection: sa.Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Write batches in their order, in the caller's transaction."""
    if rows:
        connection.execute(sa.insert(journal), rows)


def read(connection: sa.Connection, *, after: int, most_rows: int, until: int | None = None) -> Iterator[Entry]:
    """Entries behind an offset and not behind `until`, in order: whole ones until `most_rows` is reached, one at least.

    Raises CorruptJournalError.
    """
    query = sa.select(journal).where(journal.c.offset > after).order_by(journal.c.offset)
    if until is not None:
        query = query.where(journal.c.offset <= until)
    taken = 0
    for row in connection.execution_options(yield_per=4).execute(query):
        if taken and taken + row.rows > most_rows:
            return
        taken += row.rows
        yield Entry(row.offset, row.origin, row.source, Instant(row.received_at), _batch(row))


def take_out(connection: sa.Connection, entry: Entry, places: Sequence[int]) -> None:
    """Write an entry anew without the records at these places, in the caller's transaction.

    Where none is left the entry is forgotten. Only the one writer may call this, and only for what is in no lake file.
    """
    stays = np.setdiff1d(np.arange(entry.batch.num_rows), places)
    this = journal.c.offset == entry.offset
    if not len(stays):
        connection.execute(sa.delete(journal).where(this))
        return
    values = packed(entry.origin, entry.source, entry.received_at, entry.batch.take(whole_numbers(stays)))
    connection.execute(sa.update(journal).where(this).values(values))


def is_waiting(connection: sa.Connection, *, after: int) -> bool:
    """Whether there is an entry behind an offset."""
    return connection.execute(sa.select(journal.c.offset).where(journal.c.offset > after).limit(1)).first() is not None


def waiting(connection: sa.Connection, *, after: int) -> int:
    """Number of rows behind an offset."""
    total = sa.select(sa.func.coalesce(sa.func.sum(journal.c.rows), 0)).where(journal.c.offset > after)
    return int(connection.execute(total).scalar_one())


def trim(connection: sa.Connection, *, up_to: int, received_before: Instant) -> int:
    """Forget entries that are in the lake and older than their retention; returns how many."""
    old = sa.delete(journal).where(journal.c.offset <= up_to, journal.c.received_at < received_before)
    return connection.execute(old).rowcount


def offset_of(connection: sa.Connection, stage: str) -> int:
    """The last journal offset that a stage includes; 0 before its first."""
    found = connection.execute(sa.select(offsets.c.offset).where(offsets.c.stage == stage)).scalar()
    return int(found or 0)


def move_offset(connection: sa.Connection, stage: str, offset: int) -> None:
    """Say, in the transaction that holds the effects, that a stage now includes an offset."""
    moved = connection.execute(sa.update(offsets).where(offsets.c.stage == stage).values(offset=offset))
    if moved.rowcount == 0:
        connection.execute(sa.insert(offsets).values(stage=stage, offset=offset))


def _batch(row: sa.Row[tuple[object, ...]]) -> pa.RecordBatch:
    payload = row.payload
    if hashlib.sha256(payload).hexdigest() != row.sha256:
        raise CorruptJournalError(
            "damaged_journal",
            "An entry of the journal is damaged, so nothing behind it can be taken over.",
            where=f"journal entry {row.offset}, from {row.origin}",
            fix="Restore the workspace from a backup, or import its files into a new one.",
        )
    return pa.ipc.open_stream(payload).read_next_batch()
