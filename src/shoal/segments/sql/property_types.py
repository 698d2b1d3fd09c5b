"""Which properties of events hold values of one type only: a filter on them need not ask each value for its type."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb


def property_types(connection: duckdb.DuckDBPyConnection) -> Mapping[str, str]:
    """Names of properties with the DuckDB type of all their values; empty where the connection doesn't know.

    It knows where it has a view `property_types` (name, type), which the first call reads.
    """
    known = connection.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'property_types'").fetchall()
    if known == [(0,)]:
        return {}
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS known_types AS FROM property_types")
    return dict(connection.execute("FROM known_types").fetchall())
