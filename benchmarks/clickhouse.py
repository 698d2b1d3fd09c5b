"""The segments of the benchmarks in ClickHouse's engine (chDB), one query each, written by hand (`benchmarks.by_hand`).

Events are a MergeTree ordered by name, subscriber and time. Properties that are filtered are columns of their own
types, not JSON: the rival gets every advantage that a table made for these very questions has. Who is identified is a
table of the Set engine, which stays in memory. Tables are loaded once and kept; loading is shown and not counted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from benchmarks.by_hand import NUMBERS, TEXTS, Engine, query
from benchmarks.rows import Clock, timed
from shoal.core.time import Instant
from shoal.flow import facts
from shoal.segments.nodes import Node

REPEATED = ("campaign_name", "subject", "category", "coupon", "topic", "version")
"""Texts of few values."""

ENGINE = Engine(
    events="events", people="people", identified="identified", begins="startsWith({}, {})", holds="position({}, {}) > 0"
)

LOADED = "loaded"
"""A file that is there when the tables are whole."""


def load(duck: duckdb.DuckDBPyConnection, folder: Path) -> Clock:
    """Load the rows of an open reading into tables in a folder; the seconds that took."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with timed() as clock, _opened(folder / "tables") as engine:
        for name, (columns, rows) in _tables(duck).items():
            file = folder / f"{name}.parquet"
            _write(duck, rows, file)
            engine.query(f"CREATE TABLE {name} {columns}")
            engine.query(f"INSERT INTO {name} SELECT * FROM file('{file}', Parquet)")
            file.unlink()
        engine.query("OPTIMIZE TABLE events FINAL")
    (folder / LOADED).touch()
    return clock


def answers(folder: Path, nodes: Mapping[str, Node], now: Instant) -> tuple[Clock, dict[str, int]]:
    """Ask the tables in a folder for each segment; the seconds that took, and the counts."""
    with _opened(folder / "tables") as engine:
        engine.query("SELECT count() FROM people")  # tables are found when they are first asked for
        with timed() as clock:
            counts = {name: int(str(engine.query(query(node, now, ENGINE), "CSV"))) for name, node in nodes.items()}
    return clock, counts


@contextmanager
def _opened(folder: Path) -> Iterator[Any]:
    from chdb import session  # noqa: PLC0415 (it would be in the memory of the other parts)

    engine: Any = session.Session(str(folder))  # type: ignore[no-untyped-call]
    engine.query("CREATE DATABASE IF NOT EXISTS kept")
    engine.query("USE kept")
    yield engine
    engine.close()


def _write(duck: duckdb.DuckDBPyConnection, rows: str, file: Path) -> None:
    reader = duck.sql(rows).to_arrow_reader(500_000)
    with pq.ParquetWriter(file, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


def _tables(duck: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """For each table of ClickHouse its columns and engine, and the rows as DuckDB has them."""
    texts = [f"{one} {'LowCardinality(Nullable(String))' if one in REPEATED else 'Nullable(String)'}" for one in TEXTS]
    columns = ["name LowCardinality(String)", "subscriber Int64", "at Int64", "machine Bool", *texts]
    columns += [f"{one} Nullable(Float64)" for one in NUMBERS]
    people = "SELECT subscriber FROM subscribers WHERE identified"
    return {
        "people": ("(subscriber Int64) ENGINE = MergeTree ORDER BY subscriber", people),
        "identified": ("(subscriber Int64) ENGINE = Set", people),
        "events": (f"({', '.join(columns)}) ENGINE = MergeTree ORDER BY (name, subscriber, at)", _events(duck)),
    }


def _events(duck: duckdb.DuckDBPyConnection) -> str:
    """Properties are taken straight from the files, which is much faster than through a view."""
    rows = facts.rows_of(duck)
    taken = ", ".join(
        ["coalesce(TRY_CAST(properties['machine'] AS BOOLEAN), false) AS machine"]
        + [f"TRY_CAST(properties['{one}'] AS VARCHAR) AS {one}" for one in TEXTS]
        + [f"TRY_CAST(properties['{one}'] AS DOUBLE) AS {one}" for one in NUMBERS]
    )
    if rows.superseded:
        return f'SELECT name, subscriber, epoch_ms("at") AS "at", {taken} FROM events'
    names = ", ".join(("machine", *TEXTS, *NUMBERS))
    return f"""SELECT name, coalesce(merged.subscriber, stored.key) AS subscriber, stored."at", {names}
        FROM (SELECT name, key, epoch_ms("at") AS "at", {taken} FROM {rows.scans["events"]} WHERE name IS NOT NULL)
            AS stored
        LEFT JOIN merged ON merged.key = stored.key"""
