"""Events written as lake files hold the same, whether each row is parsed or each different text once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from shoal.flow.parts import Rows, write_events
from shoal.ingest import lake_rows
from shoal.ingest.names import Name
from shoal.ingest.shredding import TYPES_SQL
from shoal.store import lake

ROWS = 6_000
PROPERTIES = {
    "Email Opened": "CASE WHEN n % 9 > 0 THEN '{\"campaign\": \"c' || n % 5 || '\", \"n\": ' || n % 3 || '}' END",
    "Page Viewed": "'{\"path\": \"/p' || n || '\"}'",
    "Rare": 'CASE WHEN n < 7 THEN \'{"a": {"b": [1, 2.5, null]}}\' END',
}


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        parts = [
            f"SELECT row_number() OVER () AS event_id, "
            f"TIMESTAMP '2026-01-01' + to_seconds((n * 7919) % {ROWS}) AS \"at\", "
            f"'{name}' AS name, n % 50 AS key, 's' AS source, TIMESTAMP '2026-02-01' AS received_at, "
            f"{properties} AS properties, NULL::BIGINT AS version, NULL::BIGINT AS digest "
            f"FROM range({ROWS if name != 'Rare' else 10}) AS numbers(n)"
            for name, properties in PROPERTIES.items()
        ]
        connection.execute(f"CREATE TABLE records AS {' UNION ALL '.join(parts)}")
        yield connection


def test_parsing_each_text_once_writes_the_same_rows(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    named = [Name("Email Opened", "campaign", 9), Name("Page Viewed", "path", 9), Name("Rare", "a", 7)]
    read = {}
    for folder, repeating in (("each", None), ("once", lake_rows.EVENTS_REPEATING)):
        rows = Rows("records", lake_rows.EVENTS, of_json=True, repeating=repeating)
        files = write_events(tmp_path / folder, duck, rows, stem="t", named=named, row_group=4_096)
        read[folder] = duck.execute(
            f'SELECT event_id, "at", name, key, properties::VARCHAR, filename[-7:] FROM '
            f"{lake.scan(tmp_path / folder, files)[:-1]}, filename = true) ORDER BY ALL"
        ).fetchall()
    assert len(read["each"]) == 2 * ROWS + 10
    assert read["once"] == read["each"]


def test_properties_of_rare_events_have_their_types(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Rare names share a file, in which the first rows have the properties of the first name only."""
    duck.execute("""CREATE TABLE rare AS
        SELECT * REPLACE ('B' AS name, '{"total": 1.5}' AS properties) FROM records WHERE name = 'Rare' UNION ALL
        (SELECT * REPLACE ('A' AS name, '{"path": "/"}' AS properties) FROM records LIMIT 4990)""")
    named = [Name("A", "path", 9), Name("B", "total", 9)]
    files = write_events(tmp_path, duck, Rows("rare", lake_rows.EVENTS, True), stem="t", named=named, row_group=4_096)
    found = dict(duck.execute(TYPES_SQL.format(files=lake.paths(tmp_path, files))).fetchall())
    assert (len(files), found["path"], found["total"]) == (1, "VARCHAR", "DOUBLE")
