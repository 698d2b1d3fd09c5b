"""Chunks: every row is accounted for, and the same file always gives the same chunks."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoal.core.time import Instant, parse_instant
from shoal.ingest import parse as parsing
from shoal.ingest.canonical import SCHEMA, Record
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.mapped import source_of
from shoal.ingest.mapping import mapping_from
from shoal.ingest.parse import FUTURE, Chunk, parse
from shoal.ingest.recognise import named_source
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError, Source

HERE = Context(received_at=parse_instant("2026-06-01"))


def check(row: Row, context: Context) -> None:
    if row["v"] == "check rejects":
        raise RowRejectedError("checked", "no")
    if row["v"] == "check skips":
        raise RowSkippedError("checked")


def map_rows(rows: Sequence[Row], context: Context) -> Iterable[Record]:
    first = rows[0]["v"]
    if first == "reject":
        raise RowRejectedError("told", "no")
    if first == "skip":
        raise RowSkippedError("told")
    if first == "nobody":
        yield Record((), "Seen")
    elif first == "late":
        yield Record(("user:late",), "Seen")
        raise RowRejectedError("late", "after a record")
    elif first != "nothing":
        yield Record((f"user:{rows[0]['g']}",), "Seen", Instant(1), properties={"rows": len(rows)})
        yield Record((f"user:{rows[0]['g']}",), traits={"v": first})


def source(group_by: str | None) -> Source:
    return Source("probe", "Probe", lambda head: 1.0, map_rows, group_by=group_by, check=check)


def write(path: Path, rows: Iterable[tuple[str, str]]) -> FilePart:
    path.write_text("g,v\n" + "".join(f"{g},{v}\n" for g, v in rows))
    return FilePart(path)


def summed(chunks: Iterable[Chunk]) -> tuple[int, int]:
    chunks = list(chunks)
    for chunk in chunks:
        accounted = sum(chunk.stored.values()) + len(chunk.rejects) + sum(chunk.skipped.values())
        assert chunk.rows_read == accounted
    return sum(chunk.rows_read for chunk in chunks), sum(len(chunk.records) for chunk in chunks)


VALUES = [
    "x",
    "y",
    "reject",
    "skip",
    "nobody",
    "late",
    "nothing",
    "check rejects",
    "check skips",
    "ragged,",
    '"bad"quote',
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from(VALUES)), max_size=60),
    group_by=st.sampled_from([None, "g"]),
    size=st.integers(1, 20),
)
def test_the_accounting_law_and_resuming_anywhere(
    tmp_path: Path, rows: list[tuple[str, str]], group_by: str | None, size: int
) -> None:
    part = write(tmp_path / "a.csv", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "CHUNK_ROWS", size)
        whole = list(parse(part, source(group_by), HERE))
        assert summed(whole)[0] == len(rows)
        assert [chunk.index for chunk in whole] == list(range(len(whole)))
        for start in range(len(whole) + 1):
            again = list(parse(part, source(group_by), HERE, start))
            assert again == whole[start:]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_each_format_resumes_from_every_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(parsing, "CHUNK_ROWS", 700)
    rows = [{"g": f"g{i // 3}", "v": "x" * (i % 7 + 1)} for i in range(5_000)]
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        write(path, ((row["g"], row["v"]) for row in rows))
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=900)
    whole = list(parse(FilePart(path), source("g"), HERE))
    assert len(whole) > 5
    assert summed(whole) == (5_000, 2 * 1_667)
    for start in range(len(whole)):
        assert list(parse(FilePart(path), source("g"), HERE, start)) == whole[start:]
    sizes = {json.loads(text)["rows"] for chunk in whole for text in chunk.records["properties"].to_pylist() if text}
    assert sizes == {3, 2}  # no group was cut by a chunk; the last has two rows


def test_a_chunk_ends_by_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "CHUNK_BYTES", 2**19)
    part = write(tmp_path / "a.csv", ((str(i), "x" * 1_000) for i in range(3_000)))
    chunks = list(parse(part, source(None), HERE))
    assert len(chunks) > 3
    assert summed(chunks)[0] == 3_000


def test_a_group_is_cut_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "GROUP_ROWS", 10)
    (chunk,) = parse(write(tmp_path / "a.csv", [("a", "x")] * 25), source("g"), HERE)
    assert [json.loads(text)["rows"] for text in chunk.records["properties"].to_pylist() if text] == [10, 10, 5]


def test_a_record_that_was_followed_by_an_error_is_not_stored(tmp_path: Path) -> None:
    (chunk,) = parse(write(tmp_path / "a.csv", [("a", "late"), ("b", "x")]), source(None), HERE)
    assert chunk.records["keys"].to_pylist() == [["user:b"], ["user:b"]]
    assert chunk.rejects == ((2, "late", "after a record"),)


def test_records_have_the_canonical_shape_line_and_clamped_time(tmp_path: Path) -> None:
    (chunk,) = parse(write(tmp_path / "a.csv", [("a", "x")]), source(None), HERE)
    assert chunk.records.schema == SCHEMA
    assert chunk.records["line"].to_pylist() == [2, 2]
    assert chunk.stored == {"Seen": 1}
    assert chunk.position == len("g,v\na,x\n")


ORDERS = mapping_from({"source": "o", "at": "Date", "keys": {"user": "id"}, "events": [{"name": "Seen"}]})


@pytest.mark.parametrize(("at", "warned"), [("2026-01-01T00:00:00Z", False), ("2099-01-01T00:00:00Z", True)])
def test_an_instant_in_the_future_is_clamped_with_a_warning(tmp_path: Path, at: str, warned: bool) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_text(f'{{"type": "track", "event": "X", "userId": "u1", "messageId": "m1", "timestamp": "{at}"}}\n')
    context = Context(received_at=parse_instant("2026-06-01"))
    (chunk,) = parse(FilePart(file), named_source("segment"), context)
    assert (FUTURE in chunk.warnings) == warned
    assert chunk.records["at"].cast("int64").to_pylist() == [min(parse_instant(at), context.received_at)]


@pytest.mark.parametrize(
    ("dates", "day", "warned"),
    [
        (["03/04/2026", "25/04/2026"], "2026-04-03", False),
        (["03/04/2026", "04/25/2026"], "2026-03-04", False),
        (["03/04/2026", "05/04/2026"], "2026-03-04", True),
        (["2026-03-04"], "2026-03-04", False),
    ],
)
def test_the_files_own_dates_tell_the_order_of_day_and_month(
    tmp_path: Path, dates: list[str], day: str, warned: bool
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,Date\n" + "".join(f"{i},{date}\n" for i, date in enumerate(dates, start=1)))
    (chunk,) = parse(FilePart(path), source_of(ORDERS), HERE)
    assert str(chunk.records["at"][0].as_py().date()) == day
    assert bool(chunk.warnings) is warned


@pytest.mark.parametrize(("proof", "day_first"), [("13/04/2026", True), ("04/13/2026", False)])
def test_a_date_late_in_the_file_tells_the_order_of_all(tmp_path: Path, proof: str, day_first: bool) -> None:
    path = tmp_path / "a.csv"
    dates = ["03/05/2026"] * 1_500 + [proof] * 500
    path.write_text("id,Date\n" + "".join(f"{i},{date}\n" for i, date in enumerate(dates, start=1)))
    chunks = list(parse(FilePart(path), source_of(ORDERS), HERE))
    days = {str(at.date()) for chunk in chunks for at in chunk.records["at"].to_pylist()}
    assert days == {"2026-05-03" if day_first else "2026-03-05", "2026-04-13"}
    assert not any(chunk.warnings or chunk.rejects for chunk in chunks)


def test_a_date_against_the_order_of_the_file_rejects_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    dates = ["03/05/2026", "25/04/2026", "26/04/2026", "04/25/2026", "2026-04-25", "25 Apr 2026"]
    path.write_text("id,Date\n" + "".join(f"{i},{date}\n" for i, date in enumerate(dates, start=1)))
    (chunk,) = parse(FilePart(path), source_of(ORDERS), HERE)
    assert [(line, reason) for line, reason, _ in chunk.rejects] == [(5, "date_order")]
    assert len(chunk.records) == 5


def test_tables_of_the_same_folder_are_handed_over(tmp_path: Path) -> None:
    (tmp_path / "campaign_data.csv").write_text("ID,name\n7,Spring\n")
    (tmp_path / "other.csv").write_text("x\n1\n")

    def look_up(rows: Sequence[Row], context: Context) -> Iterable[Record]:
        yield Record(("user:a",), str(context.siblings["campaign"][rows[0]["v"]]["name"]))

    looking = Source("p", "P", lambda head: 1.0, look_up, siblings={"campaign": "id", "absent": "id"})
    (chunk,) = parse(write(tmp_path / "a.csv", [("a", "7")]), looking, HERE)
    assert chunk.stored == {"Spring": 1}


def test_online_retail_is_accounted_for(shared_data: Path) -> None:
    from shoal.ingest.mapping import load_mapping

    example = Path(__file__).resolve().parents[2] / "examples/mappings/uci_online_retail.yaml"
    part = FilePart(shared_data / "transactions/uci_online_retail_to_2011-09-08.csv.gz")
    chunks = list(parse(part, source_of(load_mapping(example)), HERE))
    assert summed(chunks)[0] == 332_447
    stored = {
        name: sum(chunk.stored.get(name, 0) for chunk in chunks) for name in ("Order Completed", "Order Cancelled")
    }
    assert stored == {"Order Completed": 235_104, "Order Cancelled": 5_702}
    reasons = {reason for _, reason, _ in itertools.chain.from_iterable(chunk.rejects for chunk in chunks)}
    assert reasons == {"no_identity"}
    revenue = [
        json.loads(text)["total"]
        for chunk in chunks
        for name, text in zip(chunk.records["name"].to_pylist(), chunk.records["properties"].to_pylist(), strict=True)
        if name == "Order Completed"
    ]
    assert round(sum(revenue), 2) == _revenue(part)


def _revenue(part: FilePart) -> float:
    import csv
    import gzip

    with gzip.open(part.path, "rt") as file:
        rows = csv.DictReader(file)
        kept = (row for row in rows if row["CustomerID"] and not row["InvoiceNo"].startswith("C"))
        return round(sum(int(row["Quantity"]) * float(row["UnitPrice"]) for row in kept), 2)
