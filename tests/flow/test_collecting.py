"""Which files below a folder are collected where a workspace is among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.core.errors import UserError
from shoal.flow.collecting import collect
from shoal.flow.home import create
from shoal.flow.importing import import_paths


def names(root, listed):
    return [str(file.relative_to(root)) for file in (*listed.files, *listed.others)]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "exports"
    (made / "more").mkdir(parents=True)
    (made / "a.csv").write_text("a\n")
    (made / "more" / "b.csv").write_text("a\n")
    return made


def fill(home: Path) -> None:
    create(home)
    for place in ("lake/x.parquet", "derived/people-1.parquet", "rejects/1.csv", "segments/at-risk.yaml", "shoal.db"):
        (home / place).parent.mkdir(exist_ok=True)
        (home / place).write_text("x\n")


@pytest.mark.parametrize("place", ["ws", "more/ws"])
def test_a_workspace_below_the_folder_is_left_out(folder, place):
    fill(folder / place)
    (folder / place / "notes.csv").write_text("a\n")
    assert names(folder, collect(folder)) == ["a.csv", "more/b.csv"]


def test_exports_beside_a_workspace_in_the_same_folder_are_read(folder):
    fill(folder)
    assert names(folder, collect(folder)) == ["a.csv", "more/b.csv"]


def test_a_folder_is_named_relative_to_where_we_are(folder, monkeypatch):
    fill(folder / "ws")
    monkeypatch.chdir(folder)
    for path in (Path(), Path("."), Path("../exports")):
        assert [file.name for file in collect(path).files] == ["a.csv", "b.csv"]


def test_what_only_looks_like_a_workspace_is_read(folder):
    (folder / "lake").mkdir()
    (folder / "lake" / "swans.csv").write_text("a\n")
    (folder / "more" / "settings.yaml").write_text("zone: UTC\n")
    assert names(folder, collect(folder)) == ["a.csv", "lake/swans.csv", "more/b.csv", "more/settings.yaml"]


def test_a_file_of_a_workspace_can_be_named(folder):
    fill(folder / "ws")
    assert collect(folder / "ws" / "rejects" / "1.csv").files == (folder / "ws" / "rejects" / "1.csv",)


def test_a_folder_with_a_workspace_alone_holds_nothing(folder, tmp_path):
    fill(tmp_path / "alone" / "ws")
    with pytest.raises(UserError, match="those of a workspace"):
        collect(tmp_path / "alone")


def test_a_second_import_of_the_folder_names_no_file_of_the_workspace(sqlite, write, shop, tmp_path):
    write("exports/events.jsonl", shop)
    for _ in range(2):
        run = import_paths(sqlite, [tmp_path])
        assert [each.line.rows_read for each in run] == [len(shop)]
        assert run.not_imported == ()
