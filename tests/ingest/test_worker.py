"""The parsing process may break; its parent tells what happened and goes on."""

from __future__ import annotations

import gzip
import os
import random
import signal
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.ingest.canonical import SCHEMA
from shoal.ingest.formats.limits import MIB, Limits
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.mapped import source_of
from shoal.ingest.mapping import mapping_from
from shoal.ingest.parse import parse
from shoal.ingest.source import Context
from shoal.ingest.worker import ParseRequest, Worker

HERE = Context(received_at=parse_instant("2026-06-01"), zone=zoneinfo.ZoneInfo("Europe/Paris"))
MAPPING = mapping_from({"source": "probe", "keys": {"user": "id"}, "keep_unmapped": True})


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as running:
        yield running


def code(worker: Worker, path: Path) -> str | None:
    """The error code of importing a file; None when it is read."""
    error = None
    try:
        for _ in worker.parse(ParseRequest(path, MAPPING, HERE)):
            pass
    except UserError as found:
        error = found
    assert error is None or (error.fix and str(path) in str(error.where)), str(error)
    return error.code if error else None


def test_chunks_are_those_of_parsing_in_this_process(tmp_path: Path, worker: Worker) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,city\n" + "".join(f"{i},Paris\n" for i in range(25_000)) + "1\n")
    here = list(parse(FilePart(path), source_of(MAPPING), HERE))
    assert len(here) == 3
    assert list(worker.parse(ParseRequest(path, MAPPING, HERE))) == here
    assert list(worker.parse(ParseRequest(path, MAPPING, HERE, start_chunk=2))) == here[2:]
    assert here[0].records.schema == SCHEMA


def test_one_process_answers_many_requests(tmp_path: Path, worker: Worker) -> None:
    for number in range(20):
        (tmp_path / f"{number}.csv").write_text("id,a\n1,2\n")
        assert code(worker, tmp_path / f"{number}.csv") is None
    process = worker._process
    assert code(worker, tmp_path / "missing.csv") == "unreadable_file"
    assert code(worker, tmp_path / "0.csv") is None
    assert worker._process is process


def test_inspection_names_the_source_of_each_member(tmp_path: Path, worker: Worker) -> None:
    (tmp_path / "e.jsonl.gz").write_bytes(
        gzip.compress(b'{"type":"track","event":"X","userId":"1","timestamp":"2026-01-01T00:00:00Z"}\n')
    )
    (found,) = worker.inspect(tmp_path / "e.jsonl.gz")
    assert found.source == "segment"
    assert found.head.name == "e.jsonl"
    assert found.head.sample[0]["event"] == "X"


HOSTILE = {
    "wide.csv": (",".join(f"c{i}" for i in range(100_000)).encode() + b"\n1\n", "too_many_columns"),
    "wide.jsonl": (b'{"id":1,' + b",".join(b'"c%d":1' % i for i in range(100_000)) + b"}\n", "too_many_columns"),
    "field.csv": (b"id,a\n1," + b"x" * (5 * MIB) + b"\n", "field_too_large"),
    "line.csv": (b"id,a\n1," + b"x" * (17 * MIB), "line_too_long"),
    "line.jsonl": (b'{"id":"' + b"x" * (17 * MIB), "line_too_long"),
    "quote.csv": (b'id,"a\n1,x\n2,3\n', "endless_quote"),
    "half.csv.gz": (gzip.compress(os.urandom(10_000).hex().encode())[:6_000], "truncated_file"),
    "zeros.csv.gz": (gzip.compress(b"id,a\n" + b"\0" * (20 * MIB)), "line_too_long"),
    "deep.jsonl": (b'{"a":' * 1_000_000 + b"\n", None),
    "deep.json": (b"[" * 1_000_000, "bad_json"),
    "nul.csv": (b"\0" * 100_000, "unreadable_file"),
    "noise.csv": (random.Random(1).randbytes(100_000), "unreadable_file"),
    "noise.parquet": (b"PAR1" + random.Random(1).randbytes(100_000) + b"PAR1", "unreadable_file"),
    "empty.csv": (b"", "empty_file"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_a_reason(tmp_path: Path, worker: Worker, name: str) -> None:
    content, want = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    found = code(worker, tmp_path / name)
    assert found is not None or name == "deep.jsonl"
    assert want is None or found == want


def test_a_hundred_corrupt_parquet_files(tmp_path: Path, worker: Worker) -> None:
    table = pa.table({"id": [str(i) for i in range(500)], "city": ["Paris", "Rome"] * 250, "n": list(range(500))})
    pq.write_table(table, tmp_path / "sound.parquet", row_group_size=100)
    sound = (tmp_path / "sound.parquet").read_bytes()
    dice = random.Random(7)
    refused = 0
    for _ in range(100):
        damaged = bytearray(sound)
        for _ in range(dice.randint(1, 8)):
            damaged[dice.randrange(4, len(damaged))] = dice.randrange(256)
        if dice.random() < 0.2:
            damaged = damaged[: dice.randrange(8, len(damaged))]
        (tmp_path / "damaged.parquet").write_bytes(damaged)
        refused += code(worker, tmp_path / "damaged.parquet") is not None
    assert refused > 30
    assert code(worker, tmp_path / "sound.parquet") is None


def _large(path: Path) -> Path:
    path.write_text("id,city\n" + "".join(f"{i},{'x' * 400}\n" for i in range(30_000)))
    return path


@pytest.mark.parametrize(("killed_by", "want"), [(signal.SIGSEGV, "parse_crashed"), (signal.SIGKILL, "out_of_memory")])
def test_a_killed_process_is_an_error_of_the_file_and_is_replaced(
    tmp_path: Path, killed_by: signal.Signals, want: str
) -> None:
    path = _large(tmp_path / "a.csv")
    with Worker() as worker:
        chunks = worker.parse(ParseRequest(path, MAPPING, HERE))
        assert next(chunks).index == 0
        assert worker._process is not None
        worker._process.send_signal(killed_by)
        with pytest.raises(UserError) as error:
            list(chunks)
        assert error.value.code == want
        assert code(worker, path) is None


def test_silence_is_ended(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")  # opening it waits for a writer that never comes
    with Worker(Limits(silence=1.0)) as worker:
        assert code(worker, tmp_path / "pipe.csv") == "file_too_hostile"


def test_memory_is_bounded(tmp_path: Path) -> None:
    rows = 40_000
    table = pa.table({"id": ["1"] * rows, "text": ["x" * 20_000] * rows})
    pq.write_table(table, tmp_path / "a.parquet", use_dictionary=False, compression="zstd")
    with Worker(Limits(memory=400 * MIB)) as worker:
        assert code(worker, tmp_path / "a.parquet") == "out_of_memory"


def test_leaving_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    path = _large(tmp_path / "a.csv")
    with Worker() as worker:
        chunks = worker.parse(ParseRequest(path, MAPPING, HERE))
        next(chunks)
        process = worker._process
        chunks.close()  # type: ignore[attr-defined]
        assert process is not None
        assert process.poll() is not None
        assert code(worker, path) is None
    assert worker._process is None


def test_a_wrong_source_names_the_columns_and_the_right_one(tmp_path: Path, worker: Worker) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"type":"track","event":"X","userId":"1"}\n')
    with pytest.raises(UserError, match="userId") as error:
        list(worker.parse(ParseRequest(path, "klaviyo_profiles", HERE)))
    assert error.value.code == "wrong_source"
    assert "segment" in str(error.value.fix)
    with pytest.raises(UserError, match="segment") as error:
        list(worker.parse(ParseRequest(path, "segmnt", HERE)))
    assert error.value.code == "no_such_source"


def test_the_parents_secrets_do_not_reach_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOAL_DATABASE", "postgresql://user:secret@host/db")
    (tmp_path / "a.csv").write_text("id,a\n1,2\n")
    with Worker() as worker:
        assert code(worker, tmp_path / "a.csv") is None
        assert worker._process is not None
        environment = Path(f"/proc/{worker._process.pid}/environ").read_bytes()
    assert b"secret" not in environment
