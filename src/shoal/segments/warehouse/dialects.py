"""The warehouses that a definition can be written for."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.core.errors import UserError, nearest
from shoal.segments.warehouse.bigquery import BigQuery
from shoal.segments.warehouse.clickhouse import ClickHouse
from shoal.segments.warehouse.dialect import Dialect
from shoal.segments.warehouse.duckdb import DuckDB
from shoal.segments.warehouse.postgres import Postgres
from shoal.segments.warehouse.snowflake import Snowflake
from shoal.segments.warehouse.spark import Spark

DIALECTS: Mapping[str, Dialect] = {
    one.name: one for one in (DuckDB(), ClickHouse(), Postgres(), Spark(), BigQuery(), Snowflake())
}
"""By name, in the order of the documentation."""


def dialect_of(name: str) -> Dialect:
    """The dialect of this name; raises UserError `unknown_dialect`."""
    if name not in DIALECTS:
        fix = nearest(name, DIALECTS) or f"Use {', '.join(DIALECTS)}."
        raise UserError("unknown_dialect", f"There is no dialect {name!r}.", fix=fix)
    return DIALECTS[name]
