"""The segments of the benchmarks in ClickHouse's engine (chDB), one query each, written as an expert would.

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

from benchmarks.rows import Clock, timed
from shoal.core.time import Instant
from shoal.flow import live as lake
from shoal.segments.comparison import PropertyFilter
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.groups import All, Either, Not
from shoal.segments.nodes import Node

TEXTS = ("campaign_name", "subject", "title", "path", "link_url", "category", "coupon", "topic", "version")
NUMBERS = ("price", "quantity", "total", "discount", "seconds")
REPEATED = ("campaign_name", "subject", "category", "coupon", "topic", "version")
"""Texts of few values."""

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
            counts = {name: int(str(engine.query(query(node, now), "CSV"))) for name, node in nodes.items()}
    return clock, counts


@contextmanager
def _opened(folder: Path) -> Iterator[Any]:
    from chdb import session  # noqa: PLC0415 (it would be in the memory of the other parts)

    engine: Any = session.Session(str(folder))  # type: ignore[no-untyped-call]
    engine.query("CREATE DATABASE IF NOT EXISTS kept")
    engine.query("USE kept")
    yield engine
    engine.close()


def query(node: Node, now: Instant) -> str:
    """The number of members: those whose events decide, and those without any where nothing is enough."""
    leaves: dict[Did, str] = {}
    member, of_nobody = _member(node, leaves)
    tests = [_matching(leaf, now) for leaf in leaves]
    counted = (
        [f"countIf({test}) AS c{place}" for place, test in enumerate(tests)] if len(tests) > 1 else ["count() AS c0"]
    )
    rest = " + (SELECT count() FROM people) - count()" if of_nobody else ""
    return f"""SELECT countIf({member}){rest} FROM (
        SELECT subscriber, {", ".join(counted)} FROM events WHERE {" OR ".join(tests)}
        GROUP BY subscriber HAVING subscriber IN identified)"""


def _member(node: Node, leaves: dict[Did, str]) -> tuple[str, bool]:
    """Whether somebody is a member, by their counts; and what that says of somebody with no such events."""
    match node:
        case Did():
            low, high = node.times.bounds
            count = leaves.setdefault(node, f"c{len(leaves)}")
            bounds = [f"{count} >= {low}"] if low else []
            bounds += [] if high is None else [f"{count} <= {high}"]
            return f"({' AND '.join(bounds)})", low == 0
        case Not(part):
            test, of_nobody = _member(part, leaves)
            return f"NOT {test}", not of_nobody
        case All(parts) | Either(parts):
            found = [_member(part, leaves) for part in parts]
            word, join = (" AND ", all) if isinstance(node, All) else (" OR ", any)
            return f"({word.join(test for test, _ in found)})", join(one for _, one in found)
    raise TypeError(f"the benchmark has no {type(node).__name__}")


def _matching(leaf: Did, now: Instant) -> str:
    span = leaf.window.span(now)
    tests = [f"name = '{leaf.stream.event}'", f"at < {span.end}"]
    tests += [] if span.start is None else [f"at >= {span.start}"]
    tests += [_passing(one) for one in leaf.stream.where]
    return f"({' AND '.join([*tests, *(['NOT machine'] if leaf.stream.by_person else [])])})"


def _passing(one: PropertyFilter) -> str:
    (name,), operand = one.path, one.comparison.operand
    text = f"'{operand}'"
    signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    match one.comparison.operator:
        case "is":
            return f"{name} = {text}"
        case "starts_with":
            return f"startsWith({name}, {text})"
        case "contains":
            return f"position({name}, {text}) > 0"
        case "is_set":
            return f"isNotNull({name})"
    return f"{name} {signs[one.comparison.operator]} {operand}"


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
    rows = lake.rows_of(duck)
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
