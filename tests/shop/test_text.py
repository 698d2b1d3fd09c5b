"""Columns of text, made without a loop."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shoal.shop import text

INSTANTS = st.integers(0, 4_102_444_800_000)


@given(st.lists(INSTANTS, min_size=1, max_size=20))
def test_iso_is_what_the_standard_library_says(instants: list[int]) -> None:
    written = text.iso(np.array(instants)).to_pylist()
    for instant, found in zip(instants, written, strict=True):
        moment = dt.datetime.fromtimestamp(instant // 1_000, dt.UTC) + dt.timedelta(milliseconds=instant % 1_000)
        assert dt.datetime.fromisoformat(found) == moment


@given(st.lists(st.text(alphabet='ab,"\n é'), min_size=1, max_size=20))
def test_csv_words_are_read_back(words: list[str]) -> None:
    written = text.csv_lines([pa.array(text.csv_words(words)), "x"]).to_pylist()
    read = list(csv.reader(io.StringIO("".join(written), newline="")))
    assert read == [[word, "x"] for word in words]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_money_has_two_places(cents: list[int]) -> None:
    assert text.money(np.array(cents)).to_pylist() == [f"{value / 100:.2f}" for value in cents]


def test_lines_are_written_in_blocks(tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    count = text.BLOCK + 3
    text.write_lines(file, count, lambda rows: text.csv_lines([text.digits(np.arange(rows.start, rows.stop))]), ["n"])
    lines = file.read_text().split("\n")
    assert lines[0] == "n"
    assert lines[1:-1] == [str(value) for value in range(count)]
    assert lines[-1] == ""


def test_nothing_to_write_is_an_empty_file(tmp_path: Path) -> None:
    text.write_lines(tmp_path / "none.jsonl", 0, lambda rows: pa.array([], pa.string()))
    assert (tmp_path / "none.jsonl").read_bytes() == b""
