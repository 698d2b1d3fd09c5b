"""Warehouses that tests run: each takes people into the tables of the layout and answers a printed query."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from typing import Any, Protocol

from shoal.core.time import format_instant
from shoal.segments import clocks
from shoal.segments.history import History
from shoal.segments.warehouse.tables import table_statements


class Warehouse(Protocol):
    """A running engine."""

    def fill(self, people: Sequence[History]) -> None: ...

    def members(self, query: str) -> list[int]: ...


Row = dict[str, Any]


def events(people: Sequence[History]) -> list[Row]:
    return [
        {
            "event_id": e.event_id,
            "subscriber": one.subscriber,
            "name": e.name,
            "at": format_instant(e.at),
            "properties": json.dumps(dict(e.properties), sort_keys=True),
            "source": e.source,
        }
        for one in people
        for e in one.events
    ]


def subscribers(people: Sequence[History]) -> list[Row]:
    return [
        {
            "subscriber": one.subscriber,
            "identified": one.identified,
            "traits": json.dumps([_trait(t) for t in one.traits], sort_keys=True),
            "consents": json.dumps([_fields(c) for c in one.consents], sort_keys=True),
        }
        for one in people
    ]


def _fields(stated: Any) -> Row:
    return {name: getattr(stated, name) for name in stated.__dataclass_fields__}


def _trait(stated: Any) -> Row:
    return {name: one for name, one in _fields(stated).items() if name != "received_at"}


def rows(people: Sequence[History]) -> dict[str, list[Row]]:
    """What is in each table."""
    return {"events": events(people), "subscribers": subscribers(people), "zone_offsets": zone_offsets(people)}


def zone_offsets(people: Sequence[History]) -> list[Row]:
    names = {one.default_zone for one in people} | {z.name for one in people for z in one.zones()}
    return clocks.offsets(frozenset(names)).to_pylist()


class DuckDB:
    def __init__(self) -> None:
        import duckdb

        self.connection = duckdb.connect()
        for statement in table_statements("duckdb"):
            self.connection.execute(statement)

    def fill(self, people: Sequence[History]) -> None:
        for table, filled in rows(people).items():
            self.connection.execute(f"DELETE FROM {table}")
            for row in filled:
                values = ", ".join(f"${name}{_DUCK.get(name, '')}" for name in row)
                names = ", ".join(f'"{name}"' for name in row)
                self.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", row)

    def members(self, query: str) -> list[int]:
        return [row[0] for row in self.connection.execute(query).fetchall()]


_DUCK = {
    **dict.fromkeys(("properties", "traits", "consents"), "::JSON::VARIANT"),
    "at": "::TIMESTAMPTZ AT TIME ZONE 'UTC'",
}


class Postgres:
    def __init__(self, url: str) -> None:
        import psycopg

        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("DROP SCHEMA IF EXISTS warehouse CASCADE")  # other tests have the same database
        self.connection.execute("CREATE SCHEMA warehouse")
        self.connection.execute("SET search_path TO warehouse")
        for statement in table_statements("postgres"):
            self.connection.execute(statement)

    def fill(self, people: Sequence[History]) -> None:
        for table, filled in rows(people).items():
            self.connection.execute(f"DELETE FROM {table}")
            if filled:
                names = ", ".join(f'"{name}"' for name in filled[0])
                values = ", ".join(f"%({name})s" for name in filled[0])
                with self.connection.cursor() as cursor:
                    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({values})", filled)

    def members(self, query: str) -> list[int]:
        return [row[0] for row in self.connection.execute(query).fetchall()]


class ClickHouse:
    def __init__(self) -> None:
        from chdb import session

        self.session = session.Session()
        self.session.query("CREATE DATABASE IF NOT EXISTS tests")
        self.session.query("USE tests")
        self.session.query("SET max_query_size = 10000000")  # docs/concepts/warehouse-sql.md
        for statement in table_statements("clickhouse"):
            self.session.query(statement)

    def fill(self, people: Sequence[History]) -> None:
        for table, filled in rows(people).items():
            self.session.query(f"TRUNCATE TABLE {table}")
            if filled:
                lines = "\n".join(json.dumps(row) for row in filled)
                self.session.query(
                    f"INSERT INTO {table} SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow {lines}"
                )

    def members(self, query: str) -> list[int]:
        return [int(line) for line in str(self.session.query(query, "CSV")).split()]


class Spark:
    def __init__(self) -> None:
        from pyspark.sql import SparkSession

        settings = {
            "spark.sql.shuffle.partitions": "1",
            "spark.default.parallelism": "1",
            "spark.ui.enabled": "false",
            "spark.sql.session.timeZone": "America/New_York",  # printed queries must not go by it
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.codegen.wholeStage": "false",
            "spark.driver.memory": "1g",
            "spark.sql.warehouse.dir": tempfile.mkdtemp(prefix="shoal-spark-"),  # by default in the current folder
        }
        builder = SparkSession.builder.master("local[1]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")

    def fill(self, people: Sequence[History]) -> None:
        for table, filled in rows(people).items():
            types, read = _SPARK[table]
            found = self.spark.createDataFrame([tuple(row.values()) for row in filled], types)
            found.createOrReplaceTempView("arriving")
            self.spark.sql(f"SELECT {read} FROM arriving").createOrReplaceTempView(table)

    def members(self, query: str) -> list[int]:
        return [row[0] for row in self.spark.sql(query).collect()]


_SPARK = {
    "events": (
        "event_id BIGINT, subscriber BIGINT, name STRING, at STRING, properties STRING, source STRING",
        "event_id, subscriber, name, TO_TIMESTAMP(at) AS at, PARSE_JSON(properties) AS properties, source",
    ),
    "subscribers": (
        "subscriber BIGINT, identified BOOLEAN, traits STRING, consents STRING",
        "subscriber, identified, PARSE_JSON(traits) AS traits, PARSE_JSON(consents) AS consents",
    ),
    "zone_offsets": ("zone STRING, starts BIGINT, ends BIGINT, offset BIGINT", "*"),
}
