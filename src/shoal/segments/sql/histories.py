"""The histories of all subscribers, for readings that go from one person to the next."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.sql.people import default_zone

BATCH = 10_000
"""Rows that are in memory at once."""

_PERSON, _EVENT, _TRAIT, _CONSENT = range(4)

# One row a fact, in order of the subscriber: told once by the lake, whatever its size.
_ROWS = f"""
SELECT subscriber, {_PERSON} AS kind, NULL::BIGINT AS event_id, NULL::BIGINT AS "at", NULL::BIGINT AS received_at,
       NULL::VARCHAR AS name, identified::VARCHAR AS value, NULL::VARCHAR AS purpose, NULL::VARCHAR AS source,
       NULL::VARCHAR AS method, NULL::BIGINT AS contact, NULL::BIGINT AS address, NULL::BIGINT AS changed
FROM subscribers
UNION ALL SELECT subscriber, {_EVENT}, event_id, epoch_ms("at"), NULL, name, properties::JSON::VARCHAR, NULL, source,
       NULL, NULL, NULL, NULL
FROM events
UNION ALL SELECT subscriber, {_TRAIT}, event_id, epoch_ms("at"), epoch_ms(received_at), name, value::JSON::VARCHAR,
       NULL, source, NULL, NULL, NULL, NULL FROM traits
UNION ALL SELECT subscriber, {_CONSENT}, event_id, epoch_ms("at"), epoch_ms(received_at), channel, state, purpose,
       source, method, contact, address, changed FROM consents
ORDER BY subscriber, kind
"""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Histories:
    """Every subscriber's history, in order of their ids; can be gone through again and again, in little memory."""

    file: Path
    size: int  # subscribers
    default_zone: str  # the workspace's

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[History]:
        for subscriber, rows in groupby(self._rows(), itemgetter(0)):
            found = _history(subscriber, list(rows), self.default_zone)
            if found is not None:
                yield found

    def _rows(self) -> Iterator[Row]:
        with pq.ParquetFile(self.file) as stored:
            for batch in stored.iter_batches(BATCH):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@contextmanager
def all_histories(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Histories]:
    """All that the views hold, sorted into a file below `folder` that is gone afterwards."""
    (people,) = connection.execute("SELECT count(*) FROM subscribers").fetchall()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="histories-", dir=folder) as scratch:
        file = Path(scratch) / "histories.parquet"
        reader = connection.sql(_ROWS).to_arrow_reader(BATCH)
        with pq.ParquetWriter(file, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
        yield Histories(file, int(people[0]), default_zone(connection))


def _history(subscriber: int, rows: list[Row], zone: str) -> History | None:
    """A subscriber's history from their rows; None for somebody whom an import has not unified yet."""
    kinds: tuple[list[Row], ...] = ([], [], [], [])
    for row in rows:
        kinds[row[1]].append(row[2:])
    people, events, traits, consents = kinds
    if not people:
        return None
    return History(
        subscriber=subscriber,
        identified=people[0][4] == "true",
        events=tuple(
            Event(key, name, at, json.loads(value or "{}"), source) for key, at, _, name, value, _, source, *_ in events
        ),
        traits=tuple(
            TraitStatement(name, None if value is None else json.loads(value), at, received_at, key, source)
            for key, at, received_at, name, value, _, source, *_ in traits
        ),
        consents=tuple(
            ConsentStatement(channel, purpose, state, at, received_at, key, source, *whose)
            for key, at, received_at, channel, state, purpose, source, *whose in consents
        ),
        default_zone=zone,
    )
