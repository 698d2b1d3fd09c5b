"""Who is who: resolved in the database, and kept as a file beside the lake for those who read.

Millions of rows take a second from Parquet and half a minute from the database.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.flow.home import Opened
from shoal.profiles import identity
from shoal.profiles.tables import identity_keys, identity_map
from shoal.store import rows

_SCHEMA = pa.schema({"key": pa.int64(), "kind": pa.string(), "subscriber": pa.int64()})
_AT_ONCE = 1 << 18
"""Rows that are held in memory while the file is written anew."""


class _NotKeptError(Exception):
    """There is no file to read, or none that can be trusted."""


def unify(opened: Opened) -> None:
    """Resolve who is who from all that was seen and decided, and keep it for readers."""
    resolved = identity.resolve(opened.database)
    if resolved.people is None:
        return
    path = _file(opened.home, resolved.version, resolved.at)
    if resolved.differs_from is None:
        _keep(resolved.people.to_batches(), path)
        return
    before = _file(opened.home, *resolved.differs_from)
    try:
        _keep(_replaced(_batches(before), resolved.people), path)
    except _NotKeptError:
        with opened.database.read() as connection:
            unified(opened.home, connection)


def unified(home: Home, connection: sa.Connection) -> pa.Table:
    """Each unified key with its kind and subscriber: `key`, `kind`, `subscriber`."""
    version, resolved_at = identity.version_and_time(connection)
    path = _file(home, version, resolved_at)
    try:
        return pa.Table.from_batches(_batches(path), _SCHEMA)
    except _NotKeptError:
        people = _from_database(connection, version)
        _keep(people.to_batches(), path)
        return people


def _from_database(connection: sa.Connection, version: int) -> pa.Table:
    keys = rows.fetch(connection, identity_keys.c.id, identity_keys.c.kind, identity_keys.c.since)
    merged = rows.fetch(connection, identity_map.c.key, identity_map.c.subscriber)
    with duckdb.connect() as own:
        own.register("seen", keys)
        own.register("merged", merged)
        return own.sql(
            "SELECT seen.id AS key, seen.kind, coalesce(merged.subscriber, seen.id) AS subscriber "
            "FROM seen LEFT JOIN merged ON merged.key = seen.id WHERE seen.since <= ?",
            params=[version],
        ).to_arrow_table()


def _file(home: Home, version: int, resolved_at: int) -> Path:
    return home.derived / f"people-{version}-{resolved_at}.parquet"


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The kept rows; raises _NotKeptError where the file is not there, empty or damaged, as after a loss of power."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if not file.schema_arrow.equals(_SCHEMA):
                raise _NotKeptError
            yield from file.iter_batches(_AT_ONCE)
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise _NotKeptError from error
    except OSError as error:
        if error.errno is not None:  # Arrow's own, for a page that it can't read, has no number
            raise
        raise _NotKeptError from error


def _replaced(batches: Iterable[pa.RecordBatch], people: pa.Table) -> Iterator[pa.RecordBatch]:
    """The batches with the rows of `people` in the place of those with the same key."""
    keys = people["key"].combine_chunks()
    for batch in batches:
        yield batch.filter(pc.invert(pc.is_in(batch["key"], keys)))
    yield from people.to_batches()


def _keep(batches: Iterable[pa.RecordBatch], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            with pq.ParquetWriter(
                file, _SCHEMA, compression="lz4", use_dictionary=["kind"], write_page_checksum=True
            ) as writer:
                for batch in batches:
                    writer.write_batch(batch)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    for older in path.parent.glob("people-*.parquet"):
        if older != path:
            older.unlink(missing_ok=True)
