"""Parquet: a value that can't be told refuses its row, not the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.formats.reading import open_rows
from shoal.ingest.formats.rows import Broken, Numbered

NANO = 1_760_000_000_123_456_789
TOLD = "2025-10-09 08:53:20.123456"


def rows_of(folder: Path, table: pa.Table) -> list[Numbered]:
    path = folder / "a.parquet"
    pq.write_table(table, path)
    with open_rows(FilePart(path), Limits()) as (rows, _):
        return list(rows)


FINE = {
    "plain": (pa.timestamp("ns"), NANO),
    "zoned": (pa.timestamp("ns", "UTC"), NANO),
    "list": (pa.list_(pa.timestamp("ns")), [NANO]),
    "struct": (pa.struct([("t", pa.timestamp("ns"))]), {"t": NANO}),
    "map": (pa.map_(pa.string(), pa.timestamp("ns")), [("t", NANO)]),
}


@pytest.mark.parametrize("kind", FINE)
def test_times_finer_than_a_microsecond_are_cut(tmp_path: Path, kind: str) -> None:
    of, value = FINE[kind]
    ((_, row),) = rows_of(tmp_path, pa.table({"x": pa.array([value], of)}))
    assert isinstance(row, dict)
    found: Any = row["x"]
    while isinstance(found, dict | list | tuple):
        found = next(iter(found.values())) if isinstance(found, dict) else found[-1]
    assert str(found).startswith(TOLD)


def test_times_of_day_and_spans_finer_than_a_microsecond_are_cut(tmp_path: Path) -> None:
    table = pa.table({"x": pa.array([1_001], pa.time64("ns")), "y": pa.array([1_001], pa.duration("ns"))})
    ((_, row),) = rows_of(tmp_path, table)
    assert isinstance(row, dict)
    assert row["x"].microsecond == row["y"].microseconds == 1


FAR = {
    "date": pa.array([0, 10**8, 1], pa.date32()),
    "time": pa.array([0, 2**61, 1], pa.timestamp("us")),
    "inner": pa.array([[0], [2**61], []], pa.list_(pa.timestamp("us"))),
}


@pytest.mark.parametrize("kind", FAR)
def test_a_date_that_no_calendar_has_refuses_its_row_only(tmp_path: Path, kind: str) -> None:
    found = rows_of(tmp_path, pa.table({"id": pa.array(["a", "b", "c"]), "When": FAR[kind]}))
    assert [line for line, _ in found] == [1, 2, 3]
    assert [row["id"] for _, row in found if isinstance(row, dict)] == ["a", "c"]
    broken = found[1][1]
    assert isinstance(broken, Broken)
    assert broken.reason == "unreadable_value"
    assert "'When'" in broken.message


def test_bytes_that_are_no_text_refuse_their_row_only(tmp_path: Path) -> None:
    texts = pa.array([b"a", b"\xed\xa0\x80", b"c"], pa.binary()).view(pa.string())
    found = rows_of(tmp_path, pa.table({"x": texts}))
    assert [row.reason if isinstance(row, Broken) else row["x"] for _, row in found] == ["a", "bad_encoding", "c"]


def test_columns_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    columns = [pa.array(["1"]), pa.array(["2"]), pa.array(["3"])]
    ((_, row),) = rows_of(tmp_path, pa.Table.from_arrays(columns, names=["x", " y ", "x"]))
    assert row == {"x": "1", "y": "2", "x (2)": "3"}
    ((_, row),) = rows_of(tmp_path, pa.Table.from_arrays(columns, names=["x", " y ", "z"]))
    assert row == {"x": "1", " y ": "2", "z": "3"}
