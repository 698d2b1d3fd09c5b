"""What the machine refuses is told as a user's error; nothing else is, and nothing is left half-written."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.core.failures import failure, replacing, writing
from shoal.store.database import connect


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EFBIG, "disk_full"),
        (errno.EACCES, "no_access"),
        (errno.EROFS, "no_access"),
        (errno.EIO, "disk_error"),
    ],
)
def test_what_the_system_refuses(number: int, code: str) -> None:
    told = failure(OSError(number, os.strerror(number), "list.csv"), "elsewhere")
    assert told is not None
    assert (told.code, told.where) == (code, "list.csv")
    assert told.fix


@pytest.mark.parametrize(
    "error",
    [
        ValueError("No space left on device"),
        FileNotFoundError(errno.ENOENT, "No such file"),
        OSError("no number"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        sqlite3.OperationalError("no such table: people"),
        duckdb.IOException("IO Error: No files found that match the pattern"),
    ],
)
def test_our_own_mistakes_stay_what_they_are(error: Exception) -> None:
    assert failure(error) is None


def test_a_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "damaged.db").write_bytes(b"no database" * 1_000)
    with pytest.raises(sa.exc.DatabaseError) as raised, connect(f"sqlite:///{tmp_path / 'damaged.db'}").read():
        pytest.fail("it was opened")
    told = failure(raised.value)
    assert told is not None
    assert told.code == "damaged_database"
    assert told.fix


def test_a_full_database(tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path / 'small.db'}")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE texts (text TEXT)")
        connection.exec_driver_sql("PRAGMA max_page_count = 4")
    with pytest.raises(sa.exc.OperationalError) as raised, database.write() as connection:
        connection.exec_driver_sql("INSERT INTO texts VALUES (?)", ("x" * 100_000,))
    told = failure(raised.value)
    assert told is not None
    assert (told.code, told.where) == ("disk_full", "the workspace's database")


def test_a_full_disk_under_duckdb(tmp_path: Path) -> None:
    with duckdb.connect() as duck, pytest.raises(duckdb.Error) as raised:
        duck.execute("COPY (SELECT range AS n FROM range(3000000)) TO '/dev/full' (FORMAT csv, USE_TMP_FILE false)")
    told = failure(raised.value)
    assert told is not None
    assert told.code == "disk_full"


def test_a_file_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("before")
    file.chmod(0o600)

    def write() -> None:
        with replacing(file) as place:
            place.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError) as raised:
        write()
    assert (raised.value.code, raised.value.where) == ("disk_full", str(file))
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
    assert file.read_text() == "before"
    with replacing(file) as place:
        place.write_text("after")
    assert file.read_text() == "after"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "list.csv"
    link.symlink_to(tmp_path / "there" / "list.csv")
    with replacing(link) as place:
        place.write_text("text")
    assert link.is_symlink()
    assert (tmp_path / "there" / "list.csv").read_text() == "text"


def test_a_device_is_written_to_as_it_is() -> None:
    with pytest.raises(UserError) as raised, replacing(Path("/dev/full")) as place:
        place.write_text("text")
    assert (raised.value.code, raised.value.where) == ("disk_full", "/dev/full")


def test_a_place_that_cant_be_written(tmp_path: Path) -> None:
    place = tmp_path / "none" / "list.csv"
    with pytest.raises(UserError) as raised, writing(place):
        place.write_text("text")
    assert (raised.value.code, raised.value.where) == ("cannot_write", str(place))


def test_a_reader_that_went_away_is_no_full_disk(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), writing(tmp_path):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
