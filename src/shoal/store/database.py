"""The SQL database of a workspace: SQLite by default, PostgreSQL by URL.

A commit means that the data is on disk: SQLite runs with a write-ahead log and `synchronous=FULL`
(https://www.sqlite.org/pragma.html#pragma_synchronous), PostgreSQL must not run with
`synchronous_commit=off`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event

from shoal.core.errors import UserError, require
from shoal.core.failures import is_unflushed
from shoal.core.happenings import tell

metadata = sa.MetaData()
"""All tables of all rooms; each room declares its own in its `tables.py`."""

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A 64-bit number that may be an automatic primary key on both databases."""


PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=0",  # `_take_log_in` does it: SQLite itself is silent about a sync that fails there
    "foreign_keys=ON",
    "busy_timeout=30000",
)
_FULL = 2
CHECKPOINT_S = 2.0
"""After so many seconds the next commit is followed by taking SQLite's log into its file."""


@dataclass(frozen=True, slots=True)
class Database:
    """A place to read and write rows; make one with `connect`."""

    engine: sa.Engine

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one consistent state and writes nothing."""
        # PostgreSQL's default lets each statement see a newer state; SQLite knows one level only.
        options = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
        with self.engine.connect().execution_options(**options) as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction: committed and on disk when the block ends, gone when it raises."""
        with self.engine.connect().execution_options(shoal_write=True) as connection, connection.begin():
            if self.engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7301)")
            yield connection
        if self.engine.dialect.name == "sqlite":
            _take_log_in(self.engine)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def connect(url: str) -> Database:
    """Open a database by its SQLAlchemy URL (`sqlite:///…` or `postgresql://…`).

    Raises UserError `bad_database_url`, `no_database` or `unsafe_database`.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise UserError(
            "bad_database_url",
            "The database URL can't be read.",
            fix="Write sqlite:///path or postgresql://user@host/db.",
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return Database(_sqlite(parsed))
    if parsed.get_backend_name() == "postgresql":
        return Database(_postgresql(parsed))
    raise UserError(
        "bad_database_url",
        f"{parsed.get_backend_name()} is not a database that Shoal keeps its records in.",
        fix="Use SQLite or PostgreSQL.",
    )


def sqlite_url(path: Path) -> str:
    """URL of a SQLite file."""
    return f"sqlite:///{path}"


def _sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling is off, so that BEGIN is exactly where we say.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        require(
            synchronous >= _FULL,
            "unsafe_database",
            "SQLite does not wait for the disk here, so a commit may be lost.",
            fix="Use a build of SQLite that knows synchronous=FULL.",
        )

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if not options.get(_NO_TRANSACTION):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("shoal_write") else "BEGIN")

    return engine


_NO_TRANSACTION = "shoal_no_transaction"
_taken_in: WeakKeyDictionary[sa.Engine, float] = WeakKeyDictionary()


def _take_log_in(engine: sa.Engine) -> None:
    """Take what is in SQLite's log into its file, unless that was done a little ago.

    What was committed is on disk in the log. So a failure is told and the next commit tries again, but for a sync that
    failed: to repeat it may succeed although pages are lost, so that is raised.
    """
    if time.monotonic() - _taken_in.setdefault(engine, time.monotonic()) < CHECKPOINT_S:
        return
    try:
        with engine.connect().execution_options(**{_NO_TRANSACTION: True}) as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    except sa.exc.DatabaseError as error:
        if is_unflushed(error):
            raise
        tell("checkpoint_failed", error=type(error).__name__)
    _taken_in[engine] = time.monotonic()


def _postgresql(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)
    try:
        with engine.connect() as connection:
            setting = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    except sa.exc.OperationalError as error:
        raise UserError(
            "no_database",
            f"PostgreSQL at {url.host or 'the local socket'} does not answer: {type(error.orig).__name__}.",
            fix="Check that it runs, and the host, port, user and database of the URL.",
        ) from None
    require(
        setting != "off",
        "unsafe_database",
        "PostgreSQL runs with synchronous_commit=off, so a commit may be lost.",
        fix="Set synchronous_commit=on for this database.",
    )
    return engine
