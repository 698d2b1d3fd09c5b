"""A DuckDB connection that sees the workspace's people and their history (docs/decisions/0001-backbone.md)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb
import pyarrow as pa

from shoal.core.settings import Home
from shoal.flow import waiting
from shoal.flow.home import Opened
from shoal.flow.unifying import unified
from shoal.flow.zones import load_zones
from shoal.ingest import versions
from shoal.ingest.keys import IDENTIFYING
from shoal.ingest.lake_rows import CURRENT, TABLES
from shoal.ingest.shredding import TYPES_SQL
from shoal.profiles.consent import ADDRESS_SQL
from shoal.store import lake
from shoal.store.duck import open_duck

_COLUMNS = {
    "events": 'event_id, "at", name, source, received_at, properties',
    "traits": 'name, value, "at", received_at, event_id, source',
    "consents": 'channel, purpose, state, method, text_version, "at", received_at, event_id, source, contact, '
    f"{ADDRESS_SQL} AS address, coalesce(epoch_ms(changed), 0) AS changed",
}

_SUBSCRIBER = "coalesce(merged.subscriber, stored.key)"

_ABOUT = {
    **dict.fromkeys(("events", "traits"), _SUBSCRIBER),
    "consents": f"""unnest(CASE WHEN {ADDRESS_SQL} <> 0 AND contacts.subscriber <> {_SUBSCRIBER}
        THEN [{_SUBSCRIBER}, contacts.subscriber] ELSE [{_SUBSCRIBER}] END)""",
}
"""Whom a row is about: who stated it, and for consent to an address also who has that address."""

_JOINED = {
    **dict.fromkeys(("events", "traits"), ""),
    "consents": "LEFT JOIN keys AS contacts ON contacts.key = stored.contact",
}


def open_reading(opened: Opened, *, memory: str = "4GB", waiting_of: Collection[str] = ()) -> duckdb.DuckDBPyConnection:
    """Views `events`, `traits`, `consents`, `subscribers`, `keys`, `workspace`, `zone_offsets` of one consistent state.

    `records` is `events` with the rows that only state facts (their name is NULL); the table `scans` has the expression
    that reads each view's files, by key and with replaced events, and where there are events the view `property_types`
    has the type of the properties that have but one. People that an import has seen and not yet unified
    are left out. `waiting_of` are identity keys of whom also that is read which is in no file yet: the views have it
    as if it were, and `scans` has not. Raises UserError `damaged_lake`, and with these keys `damaged_journal`.
    """
    with opened.database.read() as connection:
        files = lake.catalogued(connection)
        lake.check(opened.home.lake, files)
        duck = open_duck(opened.home.lake, memory=memory, scratch=opened.home.scratch, again=True)
        _load_people(duck, unified(opened.home, connection))
        superseded = versions.superseded(connection)
        records = waiting.rows_about(connection, waiting_of) if waiting_of else None
    load_zones(duck, opened)
    duck.execute("CREATE TEMP TABLE scans (view VARCHAR, scan VARCHAR)")
    stored = {table: _stored(duck, opened.home, table, files) for table in TABLES}
    if records is not None:
        superseded = waiting.superseded(superseded, waiting.load(duck, records, stored["events"]))
        stored = {table: f"(FROM {scan} UNION ALL BY NAME FROM waiting_{table})" for table, scan in stored.items()}
    is_current = _load_superseded(duck, superseded)
    for table, scan in stored.items():
        _view(duck, table, scan, is_current if table == "events" else "")
    duck.execute("CREATE TEMP VIEW events AS SELECT * FROM records WHERE name IS NOT NULL")
    return duck


def _stored(duck: duckdb.DuckDBPyConnection, home: Home, table: str, all_files: Sequence[lake.LakeFile]) -> str:
    """The expression that reads a table's files, which `scans` gets too."""
    files = [file for file in all_files if file.table == table]
    duck.execute(f"CREATE TEMP TABLE no_{table} ({TABLES[table]})")
    stored = f"no_{table}"
    if files and table == "consents":  # lakes that are older than the column `changed`
        stored = f"(FROM {lake.scan(home.lake, files, by_name=True)} UNION ALL BY NAME FROM {stored})"
    elif files:
        stored = lake.scan(home.lake, files)
    if files and table == "events":
        duck.execute(f"CREATE TEMP VIEW property_types AS {TYPES_SQL.format(files=lake.paths(home.lake, files))}")
    duck.execute("INSERT INTO scans VALUES (?, ?)", [table, stored])
    return stored


def _view(duck: duckdb.DuckDBPyConnection, table: str, stored: str, only: str) -> None:
    name = "records" if table == "events" else table
    duck.execute(
        f"CREATE TEMP VIEW {name} AS SELECT {_ABOUT[table]} AS subscriber, {_COLUMNS[table]} "
        f"FROM {stored} AS stored LEFT JOIN merged ON merged.key = stored.key {_JOINED[table]} {only}"
    )


def _load_superseded(duck: duckdb.DuckDBPyConnection, superseded: pa.Table) -> str:
    """The clause that leaves out rows with a newer version; none where there is no such row."""
    if not superseded.num_rows:
        return ""
    duck.register("loading", superseded)
    duck.execute('CREATE TEMP TABLE superseded AS SELECT * REPLACE (make_timestamp_ms("at") AS "at") FROM loading')
    duck.unregister("loading")
    return CURRENT


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
