"""Who is who: resolved in the database, and kept as a file beside the lake for those who read.

Millions of rows take a second from Parquet and half a minute from the database.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.flow.home import Opened
from shoal.profiles import identity
from shoal.profiles.tables import identity_keys, identity_map
from shoal.store import rows


def unify(opened: Opened) -> None:
    """Resolve who is who from all that was seen and decided, and keep it for readers."""
    resolved = identity.resolve(opened.database)
    if resolved.people is not None:
        _keep(resolved.people, _file(opened.home, resolved.version, resolved.at))


def unified(home: Home, connection: sa.Connection) -> pa.Table:
    """Each unified key with its kind and subscriber: `key`, `kind`, `subscriber`."""
    version, resolved_at = identity.version_and_time(connection)
    path = _file(home, version, resolved_at)
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        people = _from_database(connection, version)
        _keep(people, path)
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


def _keep(people: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    pq.write_table(people, partial)
    partial.replace(path)
    for older in path.parent.glob("people-*.parquet"):
        if older != path:
            older.unlink(missing_ok=True)
