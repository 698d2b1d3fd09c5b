"""Copies of the database in one consistent state, made while others read and write, and put back.

SQLite by its online backup (https://www.sqlite.org/backup.html), PostgreSQL by `pg_dump` and `pg_restore`
(https://www.postgresql.org/docs/current/app-pgdump.html).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from shoal.core.errors import UserError, require
from shoal.store.database import Database, connect, sqlite_url

SQLITE = "sqlite"
POSTGRESQL = "postgresql"


@contextmanager
def copied(database: Database, target: Path) -> Iterator[sa.Connection]:
    """Write a copy to a file; the connection sees exactly the state that is in the copy.

    Raises UserError `damaged_database`, `no_pg_dump` and `no_dump`.
    """
    if database.engine.dialect.name == POSTGRESQL:
        with database.read() as connection:
            snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            _run("pg_dump", database.engine.url, "--format=custom", "--no-owner", f"--snapshot={snapshot}", out=target)
            yield connection
        return
    _copy(Path(database.engine.url.database or ""), target)
    copy = connect(sqlite_url(target))
    try:
        with copy.read() as connection:
            check(connection)
            yield connection
    finally:
        copy.close()  # the last one to leave takes the log into the file


def check(connection: sa.Connection, *, deep: bool = False) -> None:
    """Raise UserError `damaged_database` where SQLite finds its file damaged; `deep` compares the indexes too.

    PostgreSQL checks its pages by itself.
    """
    if connection.dialect.name != SQLITE:
        return
    try:
        found = connection.exec_driver_sql(f"PRAGMA {'integrity_check' if deep else 'quick_check'}(1)").scalar()
    except sa.exc.DatabaseError as error:
        found = type(error.orig).__name__
    if found != "ok":
        raise UserError(
            "damaged_database",
            "The database of the workspace is damaged.",
            where=Path(connection.engine.url.database or "").name,
            fix="Restore the workspace from its newest backup: `shoal restore BACKUP --into DIR`.",
        )


def load(url: str, dump: Path) -> None:
    """Fill an empty PostgreSQL database with what `copied` wrote, all of it or nothing.

    Raises UserError `not_empty`, `no_pg_restore` and `no_dump`.
    """
    database = connect(url)
    try:
        with database.read() as connection:
            tables = sa.inspect(connection).get_table_names()
        require(
            database.engine.dialect.name == POSTGRESQL and not tables,
            "not_empty",
            "The backup has to go into an empty PostgreSQL database, and this one is not.",
            fix="Create a database of its own (`createdb NAME`) and name it with --database.",
        )
        words = ("--no-owner", "--single-transaction", "--exit-on-error", str(dump))
        _run("pg_restore", database.engine.url, f"--dbname={database.engine.url.database}", *words)
    finally:
        database.close()


def _copy(source: Path, target: Path) -> None:
    """All pages in one step, so that no writer comes between."""
    with closing(sqlite3.connect(source, timeout=30)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _run(program: str, url: sa.URL, *words: str, out: Path | None = None) -> None:
    """Run a client of PostgreSQL; where it connects to stands in its environment, for passwords are among it."""
    path = shutil.which(program)
    if path is None:
        raise UserError(
            f"no_{program}",
            f"{program} is not on this machine, and a database of PostgreSQL is copied with it.",
            fix="Install the client of your PostgreSQL's version (`apt-get install postgresql-client`).",
        )
    written = [f"--file={out}"] if out else []
    command = [path, *words, *written]
    told = subprocess.run(command, env=_environment(url), capture_output=True, check=False)  # noqa: S603 - our words
    if told.returncode:
        raise UserError(
            "no_dump",
            f"{program} ended with status {told.returncode}.",
            fix=f"Check that {program} is as new as the server, and that the account may read all tables.",
        )


def _environment(url: sa.URL) -> dict[str, str]:
    """https://www.postgresql.org/docs/current/libpq-envars.html."""
    given = {**url.query, "host": url.host or url.query.get("host"), "port": url.port or url.query.get("port")}
    named = {
        "PGHOST": given["host"],
        "PGPORT": given["port"],
        "PGUSER": url.username or given.get("user"),
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": given.get("sslmode"),
    }
    return {**os.environ, **{name: str(value) for name, value in named.items() if value}}
