"""The warehouses that run here; each is left out, with the reason, where the machine has it not."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator

import pytest
import warehouses


@pytest.fixture(scope="session", params=("duckdb", "clickhouse", "postgres", "spark"))
def warehouse(request: pytest.FixtureRequest) -> Iterator[tuple[str, warehouses.Warehouse]]:
    """A name of a dialect, and an engine that speaks it."""
    match request.param:
        case "duckdb":
            yield "duckdb", warehouses.DuckDB()
        case "clickhouse":
            if importlib.util.find_spec("chdb") is None:
                pytest.skip("chdb is not installed: pip install -e '.[dev]'")
            yield "clickhouse", warehouses.ClickHouse()
        case "postgres":
            yield "postgres", warehouses.Postgres(request.getfixturevalue("postgresql_url"))
        case "spark":
            if importlib.util.find_spec("pyspark") is None:
                pytest.skip("PySpark is not installed: pip install -e '.[warehouses]'")
            if shutil.which("java") is None:
                pytest.skip("there is no Java for Spark: apt-get install default-jre-headless")
            yield "spark", warehouses.Spark()
