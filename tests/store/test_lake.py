from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from shoal.store import lake
from shoal.store.database import Database
from shoal.store.duck import open_duck

ROWS = """SELECT epoch_ms(i * 1000) AS "at", i FROM range({first}, {last}) rows(i)"""


def write(folder: Path, stem: str, first: int, last: int) -> lake.LakeFile | None:
    with open_duck(folder) as duck:
        return lake.write_file(folder, duck, table="events", stem=stem, rows=ROWS.format(first=first, last=last))


def test_a_file_tells_its_rows_and_instants(tmp_path: Path) -> None:
    file = write(tmp_path, "a", 3, 8)
    assert file is not None
    assert (file.rows, file.min_at, file.max_at, file.path) == (5, 3_000, 7_000, "events/a.parquet")
    assert file.bytes == (tmp_path / file.path).stat().st_size
    lake.verify(tmp_path, [file])


def test_no_rows_make_no_file(tmp_path: Path) -> None:
    assert write(tmp_path, "a", 3, 3) is None
    assert list((tmp_path / "events").iterdir()) == []


def test_the_catalogue_gives_back_what_it_got(database: Database, tmp_path: Path) -> None:
    files = [file for file in (write(tmp_path, "a", 0, 2), write(tmp_path, "b", 2, 9)) if file]
    with database.write() as connection:
        lake.catalogue(connection, files)
        lake.catalogue(connection, [])
    with database.read() as connection:
        assert lake.catalogued(connection)[-2:] == tuple(files)


def test_left_overs_are_swept_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, stale = write(tmp_path, "a", 0, 2), write(tmp_path, "b", 2, 9)
    assert kept is not None
    assert stale is not None
    (tmp_path / "events" / "c.partial").write_text("half a file")
    assert lake.sweep(tmp_path, [kept]) == 0, "somebody may be reading them"
    monkeypatch.setattr(lake, "KEPT", 0)
    assert lake.sweep(tmp_path, [kept]) == 2
    lake.verify(tmp_path, [kept])


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_harm_is_noticed_by_name(tmp_path: Path, harm: str) -> None:
    file = write(tmp_path, "a", 0, 50)
    assert file is not None
    path = tmp_path / file.path
    if harm == "missing":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(lake.CorruptLakeError, match=rf"events/a.parquet is {harm}"):
        lake.verify(tmp_path, [file])


@pytest.mark.parametrize(
    "hostile",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH '/tmp/elsewhere.db'",
        "COPY (SELECT 1) TO '/tmp/elsewhere.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SELECT getenv('HOME')",
    ],
)
def test_duckdb_is_shut_in(tmp_path: Path, hostile: str) -> None:
    with open_duck(tmp_path) as duck, pytest.raises(duckdb.Error):
        duck.execute(hostile)
