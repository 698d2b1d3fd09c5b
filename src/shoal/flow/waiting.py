"""What was accepted of somebody and is in no file of the lake yet, so that whoever was answered with 200 sees it.

It is read from the journal, by the same rules by which `flow.drain` takes it to the lake.
An event of theirs in the lake whose newer state, which waits, names only somebody else is theirs until it is there.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shoal.flow.drain import STAGE, records_of
from shoal.ingest import conflicts, lake_rows, versions
from shoal.store import journal

MOST_ROWS = 100_000
"""So many rows of the journal are looked through; what waits behind them is seen once it is in the lake."""


def rows_about(connection: sa.Connection, keys: Collection[str]) -> pa.Table | None:
    """Waiting records that name one of these identity keys, and others with their ids; None where there are none.

    As `Drain` reads them: columns of `canonical.SCHEMA` with `received_at`, `source` and `origin`. To be asked in the
    transaction that reads which files there are. Raises CorruptJournalError.
    """
    after = journal.offset_of(connection, STAGE)
    entries = list(journal.read(connection, after=after, most_rows=MOST_ROWS))
    named, ids = pa.array(keys, pa.string()), set[str]()
    for entry in entries:
        each = entry.batch["keys"]
        places = pc.unique(pc.list_parent_indices(each).filter(pc.is_in(pc.list_flatten(each), named)))
        ids.update(entry.batch["message_id"].take(places).to_pylist())
    if not ids:
        return None
    wanted = pa.array(ids, pa.string())
    return pa.concat_tables(
        [records_of(entry).filter(pc.is_in(entry.batch["message_id"], wanted)) for entry in entries]
    )


def load(duck: duckdb.DuckDBPyConnection, records: pa.Table, stored: str) -> pa.Table:
    """Make tables `waiting_events`, `waiting_traits` and `waiting_consents`, with the columns of the lake's.

    `stored` reads the events of the lake, which hold some of them already. Gives the events of which another statement
    stands now, as `versions.superseded` has them.
    """
    duck.register("batch", records)
    for table, rows in (("batch_keys", lake_rows.SEEN), ("seen", "FROM batch_keys"), ("fresh", lake_rows.RECORDS)):
        duck.execute(f"CREATE TABLE {table} AS {rows}")
    duck.unregister("batch")
    duck.execute(f"CREATE TEMP TABLE known AS {lake_rows.KNOWN.format(rows=stored)}")
    conflicts.set_apart(duck, repeated=True, known=True)  # the engine makes letters of them
    for step in (lake_rows.FORGET_REPEATED, lake_rows.FORGET_STATED, lake_rows.STANDING, lake_rows.FORGET_KNOWN):
        duck.execute(step)
    for table, rows in {"events": lake_rows.TOLD, **lake_rows.facts("fresh")}.items():
        duck.execute(f"CREATE TABLE waiting_{table} AS {rows}")
    return duck.sql(lake_rows.SUPERSEDING).to_arrow_table()


def superseded(before: pa.Table, now: pa.Table) -> pa.Table:
    """What no longer counts of the lake, with what waits: of each event the later of two statements stands."""
    others = before.filter(pc.invert(pc.is_in(before["event_id"], now["event_id"].combine_chunks())))
    columns = list(versions.COLUMNS)
    return pa.concat_tables([others.select(columns), now.select(columns).cast(others.select(columns).schema)])
