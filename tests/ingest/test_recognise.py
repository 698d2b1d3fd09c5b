"""Finding files, and telling where they come from."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from shoal.core.errors import UserError
from shoal.ingest.recognise import Recognised, Unreadable, inspect, list_files, recognise, unknown_source
from shoal.ingest.source import FileHead, Source


def test_folders_are_read_whole_sorted_and_without_hidden_files(tmp_path: Path) -> None:
    clutter = ("a/.hidden.csv", ".git/d.csv", "Thumbs.db", "a/desktop.ini", "~$b.xlsx", "__MACOSX/e.csv")
    for name in ("b.csv", "a/c.jsonl.gz", "notes.md", "b.xlsx", "z.PARQUET", "p.zip", *clutter):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    listed = list_files(tmp_path)
    assert listed.files == tuple(tmp_path / name for name in ("a/c.jsonl.gz", "b.csv", "p.zip", "z.PARQUET"))
    assert listed.others == (tmp_path / "b.xlsx", tmp_path / "notes.md")
    assert list_files(tmp_path / "notes.md").files == (tmp_path / "notes.md",)


def test_nothing_to_read(tmp_path: Path) -> None:
    for path, code in ((tmp_path, "empty_folder"), (tmp_path / "x", "no_such_file")):
        with pytest.raises(UserError) as error:
            list_files(path)
        assert error.value.code == code


def _scored(name: str, score: float) -> Source:
    return Source(name, name, lambda head: score, lambda rows, context: ())


def test_the_best_score_wins_from_one_half_on() -> None:
    head = FileHead("a.csv", "csv", ("a",))
    low, good, best = _scored("low", 0.49), _scored("good", 0.5), _scored("best", 0.9)
    assert recognise(head, [low]) is None
    assert recognise(head, [low, good]) is good
    assert recognise(head, [best, good]) is best
    assert recognise(head, []) is None


def test_an_unknown_file_is_told_by_its_columns_and_never_by_its_values(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("colour,taste\nred,secret\n")
    (found,) = inspect(path)
    assert found.source is None
    error = unknown_source(found.head, found.part.label)
    assert error.code == "unknown_source"
    assert "colour, taste" in error.message
    assert "--map" in str(error.fix)
    assert "secret" not in str(error)


def test_a_member_that_cant_be_read_leaves_the_others_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("b.csv", "colour\nred\n"), ("a.csv", ""), ("c.pdf", "%PDF-1.7"), ("Thumbs.db", "x")):
            archive.writestr(name, content)
    empty, sound, page = inspect(path)
    assert isinstance(sound, Recognised)
    assert isinstance(empty, Unreadable)
    assert isinstance(page, Unreadable)
    assert (empty.error.code, page.error.code) == ("empty_file", "unreadable_file")
    assert empty.error.where == f"{path} (a.csv)"


def test_every_export_header_and_warehouse_table_is_recognised(shared_data: Path) -> None:
    folders = ("payloads/export_headers", "warehouse_seeds")
    files = [file for folder in folders for file in list_files(shared_data / folder).files]
    unknown = [found.part.label for path in files for found in inspect(path) if found.source is None]
    assert len(files) == 192
    assert unknown == []
