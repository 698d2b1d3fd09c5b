"""An upgrade from every released schema, killed at each of its statements: the old schema or the new, never between."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event

from shoal.flow import home as _all_tables  # noqa: F401 - declares the tables of all rooms
from shoal.store import migrations
from shoal.store.database import connect, sqlite_url
from shoal.store.migrations import HEAD, known_versions, migrate

FIRST = min(known_versions())
EVERY = 1 if os.environ.get("SHOAL_SOAK") else 9
"""Of the schemas after the first one in so many statements is tried."""


def made(path: Path, number: str) -> None:
    """A database as a program of that schema left it, with an entry in its journal."""
    database = connect(sqlite_url(path))
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, number)
        connection.execute(
            sa.text(
                'INSERT INTO journal (origin, source, received_at, "rows", sha256, payload) '
                "VALUES ('import:1', 'web', 1, 1, 'x', :payload)"
            ),
            {"payload": b"\0kept"},
        )
    database.close()


def state(path: Path) -> tuple[object, ...]:
    """Schema, version, content, soundness."""
    with sqlite3.connect(path) as connection:
        schema = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        journal = connection.execute('SELECT origin, "rows", payload FROM journal').fetchall()
        sound = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return tuple(schema), version, tuple(journal), sound


def upgraded(path: Path, killed_at: int | None) -> int:
    """Upgrade in a process that ends without a word before one of its statements; how many there were in all."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def step(*_: object) -> None:
            nonlocal count
            count += 1
            if count == killed_at:
                os._exit(9)

        database = connect(sqlite_url(path))
        event.listen(database.engine, "before_cursor_execute", step)
        event.listen(database.engine, "commit", step)
        try:
            migrate(database)
            os.write(writer, str(count).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as told:
        return int(told.read() or 0)


@pytest.mark.parametrize("number", sorted(known_versions() - {HEAD}))
def test_old_or_new_and_never_between(tmp_path, number):
    old, new, tried = tmp_path / "old.db", tmp_path / "new.db", tmp_path / "tried.db"
    made(old, number)
    shutil.copy(old, new)
    statements = upgraded(new, None)
    assert statements > 2
    before, after = state(old), state(new)
    assert (before[1], after[1]) == ((number,), (HEAD,))
    assert before[2] == after[2] == (("import:1", 1, b"\0kept"),)
    each = range(1, statements + 1, 1 if number == FIRST else EVERY)
    for place in [*each, statements]:  # the last one is the commit
        for leftover in tmp_path.glob("tried.db*"):
            leftover.unlink()
        shutil.copy(old, tried)
        upgraded(tried, place)
        assert state(tried) == before, f"killed at statement {place}"
        assert upgraded(tried, None) > 0
        assert state(tried) == after, f"upgraded after it was killed at statement {place}"
