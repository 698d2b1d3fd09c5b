from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.access import tables as _access  # noqa: F401
from shoal.ingest import tables as _ingest  # noqa: F401
from shoal.profiles import tables as _profiles  # noqa: F401
from shoal.segments import tables as _segments  # noqa: F401
from shoal.store.database import Database, connect, sqlite_url
from shoal.store.migrations import migrate


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    url = sqlite_url(tmp_path / "shoal.db") if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = connect(url)
    migrate(database)
    yield database
    database.close()
