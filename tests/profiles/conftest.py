"""Databases for the tests of identity: each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import pyarrow as pa
import pytest

from shoal.core.ids import key_id
from shoal.ingest.keys import ordered
from shoal.profiles import identity
from shoal.store.database import connect, metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'shoal.db'}"
    else:
        url = request.getfixturevalue("postgresql_url")
    database = connect(url)
    with database.write() as connection:
        metadata.create_all(connection)
    yield database
    with database.write() as connection:
        metadata.drop_all(connection)
    database.close()


@pytest.fixture
def observe(database):
    """Record what was seen: observe("user:1 email:a@example.org", at=5)."""

    def record(*records: str, at: int = 0, source: str = "test") -> int:
        keys, links = [], []
        for each in records:
            first, *others = ordered(each.split())
            for text in (first, *others):
                kind, value = text.split(":", 1)
                keys.append({"id": key_id(text), "kind": kind, "value": value, "first_at": at})
            links += [{"a": key_id(first), "b": key_id(text), "first_at": at, "source": source} for text in others]
        link_schema = pa.schema({"a": "i8", "b": "i8", "first_at": "i8", "source": "str"})
        with database.write() as connection:
            return identity.observe(connection, pa.Table.from_pylist(keys), pa.Table.from_pylist(links, link_schema))

    return record
