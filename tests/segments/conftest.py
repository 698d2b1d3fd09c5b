"""A connection as the product opens it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from shoal.store.duck import open_duck


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """Sealed and offline; `cases.fill` gives it people."""
    connection = open_duck(threads=1, memory="1GB")
    yield connection
    connection.close()
