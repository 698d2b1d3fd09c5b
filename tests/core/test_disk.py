"""Files and folders on disk; what a loss of power leaves of them is in `tests/durability/test_power.py`."""

from __future__ import annotations

import os

import pytest

from shoal.core.disk import flush_all, make_folder


def test_a_folder_is_made_with_those_above_it_and_their_names_are_flushed(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.readlink(f"/proc/self/fd/{handle}")))
    make_folder(tmp_path / "a" / "b", 0o700)
    assert flushed == [str(tmp_path), str(tmp_path / "a")]
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    make_folder(tmp_path / "a" / "b")
    assert len(flushed) == 2, "it is there already"
    (tmp_path / "a" / "b" / "file").touch()
    flush_all(tmp_path / "a")
    assert sorted(flushed[2:]) == [str(tmp_path / place) for place in ("a", "a/b", "a/b/file")]


def test_a_file_in_its_place_stays(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")
