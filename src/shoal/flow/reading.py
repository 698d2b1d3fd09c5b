"""A DuckDB connection that sees the workspace's people and their history (docs/decisions/0001-backbone.md)."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.flow.home import Opened
from shoal.ingest.keys import IDENTIFYING
from shoal.ingest.lake_rows import TABLES
from shoal.profiles import identity
from shoal.profiles.tables import identity_keys, identity_map
from shoal.store import lake
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
        _load_people(duck, connection)
    for table in TABLES:
        _view(duck, opened.home, table, [file for file in files if file.table == table])
    duck.execute("CREATE TEMP VIEW events AS SELECT * FROM records WHERE name IS NOT NULL")
    return duck


def _view(duck: duckdb.DuckDBPyConnection, home: Home, table: str, files: Sequence[lake.LakeFile]) -> None:
    if files:
        rows = lake.scan(home.lake, files)
    else:
        duck.execute(f"CREATE TEMP TABLE no_{table} ({TABLES[table]})")
        rows = f"no_{table}"
    name = "records" if table == "events" else table
    duck.execute(
        f"CREATE TEMP VIEW {name} AS SELECT coalesce(merged.subscriber, stored.key) AS subscriber, {_COLUMNS[table]} "
        f"FROM {rows} AS stored LEFT JOIN merged ON merged.key = stored.key"
    )


def _load_people(duck: duckdb.DuckDBPyConnection, connection: sa.Connection) -> None:
    merged = connection.execute(sa.select(identity_map.c.key, identity_map.c.subscriber)).fetchall()
    _table(
        duck,
        "merged",
        {
            "key": pa.array([row[0] for row in merged], pa.int64()),
            "subscriber": pa.array([row[1] for row in merged], pa.int64()),
        },
    )
    unified = identity_keys.c.since <= identity.version(connection)
    keys = connection.execute(sa.select(identity_keys.c.id, identity_keys.c.kind).where(unified)).fetchall()
    _table(
        duck,
        "key_kinds",
        {
            "key": pa.array([row[0] for row in keys], pa.int64()),
            "kind": pa.array([row[1] for row in keys], pa.string()),
        },
    )
    duck.execute(
        "CREATE TEMP VIEW keys AS SELECT coalesce(merged.subscriber, key_kinds.key) AS subscriber, key_kinds.key, kind "
        "FROM key_kinds LEFT JOIN merged ON merged.key = key_kinds.key"
    )
    duck.execute(
        "CREATE TEMP TABLE subscribers AS SELECT subscriber, bool_or(list_contains(?, kind)) AS identified "
        "FROM keys GROUP BY subscriber",
        [sorted(IDENTIFYING)],
    )


def _table(duck: duckdb.DuckDBPyConnection, name: str, columns: dict[str, pa.Array]) -> None:
    duck.register("loading", pa.table(columns))
    duck.execute(f"CREATE TEMP TABLE {name} AS FROM loading")
    duck.unregister("loading")
