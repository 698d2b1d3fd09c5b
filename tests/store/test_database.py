from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.store import database as database_module
from shoal.store import journal
from shoal.store.database import Database, connect, metadata, sqlite_url
from shoal.store.migrations import HEAD, migrate, version


def test_sqlite_commits_to_disk(tmp_path: Path) -> None:
    database = connect(sqlite_url(tmp_path / "a.db"))
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_a_sqlite_that_does_not_wait_for_the_disk_is_refused(tmp_path, monkeypatch, level):
    monkeypatch.setattr(database_module, "PRAGMAS", ("journal_mode=WAL", f"synchronous={level}"))
    with pytest.raises(UserError) as error:
        migrate(connect(sqlite_url(tmp_path / "a.db")))
    assert error.value.code == "unsafe_database"


def test_a_postgresql_that_does_not_wait_for_the_disk_is_refused(postgresql_url):
    engine = sa.create_engine(postgresql_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as own:
        own.exec_driver_sql("CREATE DATABASE hasty")
        own.exec_driver_sql("ALTER DATABASE hasty SET synchronous_commit = off")
        with pytest.raises(UserError) as error:
            connect(postgresql_url.replace("/postgres?", "/hasty?"))
        assert error.value.code == "unsafe_database"
        own.exec_driver_sql("DROP DATABASE hasty WITH (FORCE)")
    engine.dispose()


@pytest.mark.parametrize("url", ["nonsense", "mysql://h/d"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(UserError) as error:
        connect(url)
    assert error.value.code == "bad_database_url"


def test_a_database_that_does_not_answer() -> None:
    with pytest.raises(UserError) as error:
        connect("postgresql://nobody@127.0.0.1:1/none")
    assert error.value.code == "no_database"


def test_the_log_is_taken_into_the_file_from_time_to_time(tmp_path, monkeypatch):
    path = tmp_path / "a.db"
    database = connect(sqlite_url(path))
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE texts (text TEXT)")
    before = path.stat().st_size
    for wait_s, has_grown in ((3_600, False), (0, True)):
        monkeypatch.setattr(database_module, "CHECKPOINT_S", wait_s)
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO texts VALUES (?)", ("x" * 100_000,))
        assert (path.stat().st_size > before + 100_000) is has_grown
    database.close()


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def half_done() -> None:
        with database.write() as connection:
            journal.move_offset(connection, "lake", 7)
            raise RuntimeError("the machine stops here")

    with pytest.raises(RuntimeError):
        half_done()
    with database.read() as connection:
        assert journal.offset_of(connection, "lake") == 0


def test_a_reader_sees_one_state_while_another_writes(database: Database) -> None:
    with database.read() as reader:
        before = journal.offset_of(reader, "lake")
        with database.write() as writer:
            journal.move_offset(writer, "lake", before + 1)
        assert journal.offset_of(reader, "lake") == before
    with database.read() as reader:
        assert journal.offset_of(reader, "lake") == before + 1


def test_the_migrations_make_exactly_the_declared_tables(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_version(database: Database) -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__code__.co_filename).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
    assert version(database) == HEAD
    migrate(database)
    assert version(database) == HEAD


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = connect(sqlite_url(tmp_path / "a.db"))
    from alembic import op

    made: list[str] = []
    create = op.create_table

    def fail_on_third(name: str, *columns: object, **options: object) -> object:
        made.append(name)
        if len(made) == 3:
            raise RuntimeError("the machine stops here")
        return create(name, *columns, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_table", fail_on_third)
    with pytest.raises(RuntimeError):
        migrate(database)
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() == []


def test_a_schema_of_a_newer_program_is_refused_and_left_alone(database):
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError) as caught:
        migrate(database)
    assert caught.value.code == "newer_workspace"
    assert "newer Shoal" in caught.value.message
    assert version(database) == "9999"
    with database.write() as connection:  # PostgreSQL's database is that of the other tests too
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
