"""Folders and archives with files that can't be read: those are listed with the reason, the others are imported."""

from __future__ import annotations

import gzip
import json
import zipfile

import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.flow import importing
from shoal.flow.importing import import_paths
from shoal.flow.previewing import preview_paths
from shoal.ingest.tables import imports
from shoal.ingest.worker import FileError

ODD = {
    "README.txt": (b"These are the exports of our shop.\nAsk Kim, please, before use.\n", "unknown_source", False),
    "notes.pdf": (b"%PDF-1.7", "not_a_table", False),
    "logo.png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_a_table", False),
    "colours.txt": (b"colour\tshape\nred\tround\nblue\tflat\n", "unknown_source", True),
    "colours.csv": (b"colour,shape\nred,round\n", "unknown_source", True),
    "empty.csv": (b"", "empty_file", True),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(100), "unreadable_file", True),
    "half.jsonl.gz": (gzip.compress(bytes(range(256)) * 40)[:100], "truncated_file", True),
    "half.zip": (b"PK\x03\x04 half", "unreadable_file", True),
    "package.json": (b'{"name": "x", "version": 1}', "unknown_source", True),
    "book.xlsx": (b"PK\x03\x04", "not_a_table", True),
    "dump.sql": (b"INSERT", "not_a_table", True),
}
IGNORED = (".DS_Store", "Thumbs.db", "desktop.ini", "~$book.xlsx", ".hidden/orders.csv")


@pytest.fixture
def folder(write, shop, tmp_path):
    """A folder with one sound file."""
    return write("in/events.jsonl", shop).parent


def put(folder, odd):
    for name, content in odd.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def count_imports(opened):
    with opened.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(imports))


def test_every_odd_file_is_listed_with_its_reason_and_the_rest_is_imported(sqlite, folder, shop):
    put(folder, {name: content for name, (content, _, _) in ODD.items()})
    put(folder, dict.fromkeys(IGNORED, b"colour\nred\n"))
    run = import_paths(sqlite, [folder])
    assert [(each.line.file, each.line.rows_stored) for each in run] == [("events.jsonl", len(shop))]
    told = {each.file: (each.error.code, each.holds_data) for each in run.not_imported}
    assert told == {name: (code, holds) for name, (_, code, holds) in ODD.items()}
    for each in run.not_imported:
        assert each.error.fix
        assert str(folder / each.file) in each.error.where
        assert each.as_data()["file"] == each.file


@pytest.mark.parametrize("name", [name for name in ODD if name not in ("book.xlsx", "dump.sql")])
def test_an_odd_file_that_was_named_is_an_error_and_nothing_is_imported(sqlite, folder, name):
    put(folder, {name: ODD[name][0]})
    with pytest.raises(UserError) as error:
        import_paths(sqlite, [folder / "events.jsonl", folder / name])
    assert str(folder / name) in error.value.where
    assert count_imports(sqlite) == 0


def test_a_folder_without_any_readable_file_is_an_error(sqlite, tmp_path):
    put(tmp_path / "in", {"a.csv": b"colour,shape\nred,round\n"})
    with pytest.raises(UserError) as error:
        import_paths(sqlite, [tmp_path / "in"])
    assert error.value.code == "unknown_source"
    put(tmp_path / "in", {f"{number}.csv": b"" for number in range(20)})
    with pytest.raises(UserError) as error:
        import_paths(sqlite, [tmp_path / "in"])
    assert (error.value.code, error.value.where) == ("nothing_to_import", str(tmp_path / "in"))
    assert "None of the 21 files" in error.value.message
    assert "and 11 more" in error.value.message
    assert count_imports(sqlite) == 0


def test_each_named_folder_needs_a_readable_file(sqlite, folder, tmp_path):
    put(tmp_path / "other", {"a.csv": b""})
    with pytest.raises(UserError) as error:
        import_paths(sqlite, [folder, tmp_path / "other"])
    assert error.value.code == "empty_file"
    assert count_imports(sqlite) == 0


def test_odd_members_of_an_archive_are_listed(sqlite, tmp_path, shop):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("events.jsonl", "\n".join(map(json.dumps, shop)))
        archive.writestr("README.txt", "Our exports.")
        archive.writestr("inner/empty.csv", "")
        archive.writestr("inner/other.zip", b"PK\x03\x04 nothing")
    run = import_paths(sqlite, [path])
    assert [each.line.rows_stored for each in run] == [len(shop)]
    assert {each.file: each.holds_data for each in run.not_imported} == {
        "export.zip (README.txt)": False,
        "export.zip (inner/empty.csv)": True,
        "export.zip (inner/other.zip)": True,
    }


def test_an_archive_of_nothing_readable_is_an_error(sqlite, tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("a.csv", "")
        archive.writestr("b.csv", "colour\nred\n")
    with pytest.raises(UserError) as error:
        import_paths(sqlite, [tmp_path / "export.zip"])
    assert error.value.code == "nothing_to_import"
    assert "a.csv" in error.value.message


def test_with_a_source_the_files_of_others_are_listed(sqlite, folder):
    put(folder, {"colours.csv": b"colour,shape\nred,round\n"})
    run = import_paths(sqlite, [folder], source="segment")
    assert [each.error.code for each in run.not_imported] == ["wrong_source"]


def test_the_same_file_named_twice_is_read_once(sqlite, folder):
    put(folder, {"empty.csv": b""})
    run = import_paths(sqlite, [folder, folder / "events.jsonl", folder])
    assert (len(run), len(run.not_imported)) == (1, 1)


def test_a_file_that_breaks_in_the_middle_keeps_no_other_from_being_read(sqlite, write, shop, monkeypatch):
    first, other = write("in/a.jsonl", shop[:40]), write("in/b.jsonl", shop[40:])
    worker = importing.Worker()

    class Breaking:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        inspect = worker.inspect

        def parse(self, request):
            if request.path == first:
                raise FileError("unreadable_file", "The disk has gone.", where=str(first), fix="Find it.")
            yield from worker.parse(request)

    monkeypatch.setattr(importing, "Worker", Breaking)
    run = import_paths(sqlite, [first.parent])
    assert [each.line.file for each in run] == ["b.jsonl"]
    assert [(each.file, each.error.message) for each in run.not_imported] == [("a.jsonl", "The disk has gone.")]
    other.unlink()
    with pytest.raises(UserError):
        import_paths(sqlite, [first.parent])


def test_a_dry_run_lists_them_too(sqlite, folder):
    put(folder, {"empty.csv": b"", "colours.csv": b"colour,shape\nred,round\n", "people.csv": b"mail\na@example.org\n"})
    found = preview_paths(sqlite, [folder])
    assert [(each.file, each.proposed is None) for each in found] == [("events.jsonl", True), ("people.csv", False)]
    assert {each.file: each.error.code for each in found.not_imported} == {
        "empty.csv": "empty_file",
        "colours.csv": "nothing_to_propose",
    }
