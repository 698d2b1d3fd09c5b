"""Who is who: resolved in the database, and kept as a file beside the lake for those who read.

Millions of rows take a second from Parquet and half a minute from the database.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.flow.home import Opened
from shoal.profiles import identity
from shoal.profiles.identity import Resolved
from shoal.profiles.tables import identity_keys, identity_map
from shoal.store import rows

_SCHEMA = pa.schema({"key": pa.int64(), "kind": pa.string(), "subscriber": pa.int64()})
_AT_ONCE = 1 << 18
"""Rows that are held in memory while the file is written anew."""

_GROWTH = 4
"""A difference is put together with the file before it once that has less than so many times as many rows."""

_STAYS_S = 60.0
"""For so long a file that was replaced stays for those who are reading it."""


class _NotKeptError(Exception):
    """There is no file to read, or none that can be trusted."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file of people: everybody as of a map (version, ms), or what differs from an earlier one."""

    folder: Path
    map: tuple[int, int]
    before: tuple[int, int] | None = None  # None: everybody

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / f"people-{'-'.join(map(str, (*self.map, *(self.before or ()))))}.parquet"


def unify(opened: Opened) -> None:
    """Resolve who is who from all that was seen and decided, and keep it for readers."""
    keep(opened, identity.resolve(opened.database))


def keep(opened: Opened, resolved: Resolved, *, connection: sa.Connection | None = None) -> None:
    """Keep what a resolve found for readers.

    A small difference makes a small file, as in a log-structured merge tree. `connection` is that of the transaction
    in which it was resolved, where that is still open.
    """
    if resolved.people is None:
        return
    made = _Kept(opened.home.derived, (resolved.version, resolved.at), resolved.differs_from)
    try:
        chain = [] if made.before is None else _chain(opened.home.derived, *made.before)
        _write_chain(chain, made, resolved.people)
    except _NotKeptError:
        with nullcontext(connection) if connection else opened.database.read() as asked:
            _write(_from_database(asked, resolved.version).to_batches(), _Kept(made.folder, made.map))
    _sweep(opened.home.derived, {each.path for each in _chain(opened.home.derived, *made.map)})


def unified(home: Home, connection: sa.Connection) -> pa.Table:
    """Each unified key with its kind and subscriber: `key`, `kind`, `subscriber`."""
    version, resolved_at = identity.version_and_time(connection)
    try:
        first, *others = _chain(home.derived, version, resolved_at)
        batches: Iterable[pa.RecordBatch] = _batches(first)
        for each in others:
            batches = _replaced(batches, pa.Table.from_batches(_batches(each), _SCHEMA))
        return pa.Table.from_batches(batches, _SCHEMA)
    except _NotKeptError:
        people = _from_database(connection, version)
        _write(people.to_batches(), _Kept(home.derived, (version, resolved_at)))
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


def _chain(folder: Path, version: int, resolved_at: int) -> list[_Kept]:
    """The files that together say who is who: everybody, and then differences. Raises _NotKeptError."""
    whole = _Kept(folder, (version, resolved_at))
    if whole.path.exists():
        return [whole]
    for path in folder.glob(f"people-{version}-{resolved_at}-*.parquet"):
        *_, before, before_at = path.stem.split("-")
        earlier = (int(before), int(before_at))
        return [*_chain(folder, *earlier), _Kept(folder, whole.map, earlier)]
    raise _NotKeptError


def _write_chain(chain: list[_Kept], made: _Kept, people: pa.Table) -> None:
    """Write a difference, put together with as many files before it as are small beside it."""
    batches: Iterable[pa.RecordBatch] = people.to_batches()
    size = people.num_rows
    while chain and (before := _rows(chain[-1])) < _GROWTH * size:
        last = chain.pop()
        batches = list(_replaced(_batches(last), pa.Table.from_batches(batches, _SCHEMA)))
        made, size = _Kept(made.folder, made.map, last.before), size + before
    _write(batches, made)


def _rows(kept: _Kept) -> int:
    with _reading(), pq.ParquetFile(kept.path) as file:
        return int(file.metadata.num_rows)


def _batches(kept: _Kept) -> Iterator[pa.RecordBatch]:
    """The kept rows; raises _NotKeptError where the file is not there, empty or damaged, as after a loss of power."""
    with _reading(), pq.ParquetFile(kept.path, page_checksum_verification=True) as file:
        if not file.schema_arrow.equals(_SCHEMA):
            raise _NotKeptError
        yield from file.iter_batches(_AT_ONCE)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
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


def _write(batches: Iterable[pa.RecordBatch], kept: _Kept) -> None:
    path = kept.path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
    try:
        with partial.open("wb") as file:
            with pq.ParquetWriter(
                file, _SCHEMA, compression="lz4", use_dictionary=["kind"], write_page_checksum=True
            ) as writer:
                for batch in batches:
                    writer.write_batch(batch)
            if kept.before is None:  # a difference that is lost with the power is found in the database again
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _sweep(folder: Path, wanted: Set[Path]) -> None:
    """Remove files that nobody reads any more; one of everybody at once, for it is large."""
    old = time.time() - _STAYS_S
    for path in folder.glob("people-*.parquet"):
        if path in wanted:
            continue
        with suppress(FileNotFoundError):
            if path.stem.count("-") == 2 or path.stat().st_mtime < old:
                path.unlink()
