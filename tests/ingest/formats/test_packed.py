"""Plain, gzip and zip files hold the same rows; damaged and hostile ones say what is wrong."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoal.core.errors import UserError
from shoal.ingest.formats.limits import MIB, Limits
from shoal.ingest.formats.packed import FilePart, parts_of
from shoal.ingest.formats.reading import open_rows

ROWS = [{"id": "1", "name": "Zoë"}, {"id": "2", "name": "Bo"}]


def content(kind: str) -> bytes:
    if kind == "csv":
        return "id,name\n1,Zoë\n2,Bo\n".encode()
    if kind == "jsonl":
        return '{"id":"1","name":"Zoë"}\n{"id":"2","name":"Bo"}\n'.encode()
    if kind == "json":
        return '[\n {"id":"1","name":"Zoë"},\n {"id":"2","name":"Bo"}\n]'.encode()
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), file)
    return file.getvalue()


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inner in members.items():
            archive.writestr(name.replace("__", "/"), inner)
    return file.getvalue()


def rows_of(part: FilePart, limits: Limits | None = None) -> list[object]:
    with open_rows(part, limits or Limits()) as (rows, _):
        return [row for _, row in rows]


def refused(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(UserError) as error:
        [rows_of(part, limits) for part in parts_of(path, limits or Limits())]
    assert path.name in str(error.value.where)
    return error.value.code


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
@pytest.mark.parametrize("packing", ["", ".gz", ".zip", ".gz.zip"])
def test_every_format_in_every_packing(tmp_path: Path, kind: str, packing: str) -> None:
    inner = content(kind)
    outer = {
        "": inner,
        ".gz": gzip.compress(inner),
        ".zip": zipped(**{f"a.{kind}": inner}),
        ".gz.zip": zipped(**{f"a.{kind}.gz": gzip.compress(inner)}),
    }[packing]
    path = tmp_path / f"a.{kind}{packing}"
    path.write_bytes(outer)
    (part,) = parts_of(path, Limits())
    assert part.name == f"a.{kind}"
    assert rows_of(part) == ROWS


def test_members_of_a_zip_are_sorted_and_clutter_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(**{"b.csv": b"x", "x__a.csv": b"x", ".hidden": b"x", "x__.DS_Store": b"x"}))
    names = [part.member for part in parts_of(path, Limits())]
    assert names == ["b.csv", "x/a.csv"]
    assert parts_of(path, Limits())[0].label.startswith(str(path))


def test_a_zip_with_two_files_of_one_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", b"id\n1\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", b"id\n2\n")
    assert refused(path) == "repeated_member"


def test_a_gzip_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id,name\n1,a\n") + gzip.compress(b"2,b\n"))
    assert len(rows_of(FilePart(path))) == 2


def _bomb(name: str, folder: Path) -> Path:
    inner = b"id,a\n" + b"1,2\n" * 2_000_000
    path = folder / name
    path.write_bytes(gzip.compress(inner) if name.endswith("gz") else zipped(**{"a.csv": inner}))
    return path


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.zip"])
def test_bombs(tmp_path: Path, name: str) -> None:
    path = _bomb(name, tmp_path)
    assert refused(path, Limits(unpacked_free=MIB, ratio=50)) == "unpacks_too_large"
    assert refused(path, Limits(unpacked=MIB, unpacked_free=0, ratio=10**6)) == "unpacks_too_large"


def test_damage_and_disguise(tmp_path: Path) -> None:
    noise = os.urandom(20_000)
    whole = gzip.compress(b"id,name\n" + noise.hex().encode())
    cases = {
        "half.csv.gz": (whole[: len(whole) // 2], "truncated_file"),
        "start.csv.gz": (whole[:5], "truncated_file"),
        "checksum.csv.gz": (whole[:-8] + b"\0" * 8, "unreadable_file"),
        "junk.csv.gz": (b"\x1f\x8b" + noise, "unreadable_file"),
        "half.zip": (zipped(**{"a.csv": noise})[:9_000], "unreadable_file"),
        "nothing.zip": (zipped(), "empty_file"),
        "book.xlsx": (zipped(**{"[Content_Types].xml": b"x"}), "unreadable_file"),
        "page.pdf": (b"%PDF-1.7 ...", "unreadable_file"),
        "none.csv": (b"", "empty_file"),
        "blank.csv": (b" \n\n", "empty_file"),
        "none.csv.gz": (gzip.compress(b""), "empty_file"),
    }
    for name, (inner, code) in cases.items():
        (tmp_path / name).write_bytes(inner)
        assert refused(tmp_path / name) == code, name


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert refused(tmp_path / "missing.csv") == "unreadable_file"
    assert refused(tmp_path) == "unreadable_file"


def test_too_many_members(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    path.write_bytes(zipped(**{f"{i}.csv": b"a" for i in range(6)}))
    assert refused(path, Limits(members=5)) == "too_many_files"
