"""A DuckDB connection that sees the workspace's people and their history (docs/decisions/0001-backbone.md)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.flow.home import Opened
from shoal.ingest import versions
from shoal.ingest.keys import IDENTIFYING
from shoal.ingest.lake_rows import CURRENT, TABLES
from shoal.profiles import identity
from shoal.profiles.tables import identity_keys, identity_map
from shoal.store import lake, rows
from shoal.store.duck import open_duck

_COLUMNS = {
    "events": 'event_id, "at", name, source, received_at, properties',
    "traits": 'name, value, "at", received_at, event_id, source',
    "consents": 'channel, purpose, state, method, text_version, "at", received_at, event_id, source',
}


def open_reading(opened: Opened, *, memory: str = "4GB") -> duckdb.DuckDBPyConnection:
    """Views `events`, `traits`, `consents`, `subscribers` and `keys` over one consistent state.

    `records` is `events` with the rows that only state facts (their name is NULL). People that an import has
    seen and not yet unified are left out. Raises UserError `damaged_lake`.
    """
    with opened.database.read() as connection:
        files = lake.catalogued(connection)
        lake.check(opened.home.lake, files)
        duck = open_duck(opened.home.lake, memory=memory, scratch=opened.home.scratch, again=True)
        _load_people(duck, _people(opened.home, connection))
        is_current = _load_superseded(duck, versions.superseded(connection))
    for table in TABLES:
        of_table = [file for file in files if file.table == table]
        _view(duck, opened.home, table, of_table, is_current if table == "events" else "")
    duck.execute("CREATE TEMP VIEW events AS SELECT * FROM records WHERE name IS NOT NULL")
    return duck


def _view(duck: duckdb.DuckDBPyConnection, home: Home, table: str, files: Sequence[lake.LakeFile], only: str) -> None:
    if files:
        stored = lake.scan(home.lake, files)
    else:
        duck.execute(f"CREATE TEMP TABLE no_{table} ({TABLES[table]})")
        stored = f"no_{table}"
    name = "records" if table == "events" else table
    duck.execute(
        f"CREATE TEMP VIEW {name} AS SELECT coalesce(merged.subscriber, stored.key) AS subscriber, {_COLUMNS[table]} "
        f"FROM {stored} AS stored LEFT JOIN merged ON merged.key = stored.key {only}"
    )


def _load_superseded(duck: duckdb.DuckDBPyConnection, superseded: pa.Table) -> str:
    """The clause that leaves out rows with a newer version; none where there is no such row."""
    if not superseded.num_rows:
        return ""
    duck.register("loading", superseded)
    duck.execute("CREATE TEMP TABLE superseded AS FROM loading")
    duck.unregister("loading")
    return CURRENT


def _people(home: Home, connection: sa.Connection) -> pa.Table:
    """Each unified key with its kind and subscriber, from `derived/` where this version of the map was kept there.

    Millions of rows take a second from Parquet and half a minute from the database.
    """
    version, resolved_at = identity.version_and_time(connection)
    path = home.derived / f"people-{version}-{resolved_at}.parquet"
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        pass
    keys = rows.fetch(connection, identity_keys.c.id, identity_keys.c.kind, identity_keys.c.since)
    merged = rows.fetch(connection, identity_map.c.key, identity_map.c.subscriber)
    with duckdb.connect() as own:
        own.register("seen", keys)
        own.register("merged", merged)
        people = own.sql(
            "SELECT seen.id AS key, seen.kind, coalesce(merged.subscriber, seen.id) AS subscriber "
            "FROM seen LEFT JOIN merged ON merged.key = seen.id WHERE seen.since <= ?",
            params=[version],
        ).to_arrow_table()
    _keep(people, path)
    return people


def _keep(people: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    pq.write_table(people, partial)
    partial.replace(path)
    for older in path.parent.glob("people-*.parquet"):
        if older != path:
            older.unlink(missing_ok=True)


def _load_people(duck: duckdb.DuckDBPyConnection, people: pa.Table) -> None:
    duck.register("loading", people)
    duck.execute("CREATE TEMP TABLE keys AS SELECT subscriber, key, kind FROM loading")
    duck.unregister("loading")
    duck.execute("CREATE TEMP TABLE merged AS SELECT key, subscriber FROM keys WHERE key <> subscriber")
    duck.execute(
        "CREATE TEMP TABLE subscribers AS SELECT subscriber, bool_or(list_contains(?, kind)) AS identified "
        "FROM keys GROUP BY subscriber",
        [sorted(IDENTIFYING)],
    )
