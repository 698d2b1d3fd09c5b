"""The tables that warehouse SQL reads: CREATE TABLE for each dialect. docs/concepts/warehouse-sql.md shows them."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.segments.warehouse.dialects import dialect_of

_TYPES: Mapping[str, tuple[str, str, str, str, str]] = {
    "duckdb": ("BIGINT", "TEXT", "TIMESTAMP", "VARIANT", "BOOLEAN"),
    "clickhouse": ("Int64", "String", "DateTime64(3, 'UTC')", "String", "Bool"),
    "postgres": ("BIGINT", "TEXT", "TIMESTAMPTZ", "JSONB", "BOOLEAN"),
    "spark": ("BIGINT", "STRING", "TIMESTAMP", "VARIANT", "BOOLEAN"),
    "bigquery": ("INT64", "STRING", "TIMESTAMP", "JSON", "BOOL"),
    "snowflake": ("BIGINT", "VARCHAR", "TIMESTAMP_TZ", "VARIANT", "BOOLEAN"),
}
"""By dialect: whole numbers, texts, instants, JSON, truth values."""

_ENDS = {"clickhouse": " ENGINE = MergeTree ORDER BY ({order})"}

_QUOTES = {"spark": "`", "bigquery": "`"}

_TABLES: Mapping[str, tuple[Mapping[str, int], str]] = {
    "events": (
        {"event_id": 0, "subscriber": 0, "name": 1, "at": 2, "properties": 3, "source": 1},
        "name, subscriber, at",
    ),
    "subscribers": ({"subscriber": 0, "identified": 4, "traits": 3, "consents": 3}, "subscriber"),
    "zone_offsets": ({"zone": 1, "starts": 0, "ends": 0, "offset": 0}, "zone, starts"),
}
"""Columns with the place of their type in `_TYPES`, and the order in which the rows are best kept."""


def table_statements(dialect: str) -> tuple[str, ...]:
    """CREATE TABLE of events, subscribers, and zone_offsets, which only local time needs.

    Raises UserError `unknown_dialect`.
    """
    name = dialect_of(dialect).identifier
    quote = _QUOTES.get(dialect, '"')
    found = []
    for table, (columns, order) in _TABLES.items():
        typed = ",\n".join(f"  {quote}{name(one)}{quote} {_TYPES[dialect][kind]}" for one, kind in columns.items())
        end = _ENDS.get(dialect, "").format(order=order)
        found.append(f"CREATE TABLE {quote}{name(table)}{quote} (\n{typed}\n){end}")
    return tuple(found)
