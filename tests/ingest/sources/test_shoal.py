"""Canonical records as Parquet."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.ingest.canonical import SCHEMA, Consent, Record, to_batch
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.parse import Chunk, parse
from shoal.ingest.recognise import read_head, recognise
from shoal.ingest.source import Context
from shoal.ingest.sources.shoal import SOURCE

HERE = Context(received_at=parse_instant("2026-06-01"))
AT = dt.datetime(2026, 3, 1, 10)  # noqa: DTZ001 - Arrow's own form of UTC
SOUND = {"message_id": "m", "at": AT, "name": "Seen", "keys": ["user:1"], "properties": '{"a":1}', "traits": None}
TYPES = pa.schema([field.with_nullable(True) for field in SCHEMA if field.name != "line"])


def parsed(folder: Path, rows: list[dict[str, Any]], schema: pa.Schema = TYPES) -> list[Chunk]:
    path = folder / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return list(parse(FilePart(path), SOURCE, HERE))


def test_records_survive_the_way_through_a_file(tmp_path: Path) -> None:
    records = [
        Record(("user:1", "email:a@example.org"), "Seen", parse_instant("2026-03-01"), "m1", {"a": 1}),
        Record(("user:2",), None, parse_instant("2026-03-02"), "m2", traits={"plan": None}),
        Record(("user:3",), None, parse_instant("2026-03-02"), "m3", consent=(Consent("email", "granted"),)),
    ]
    batch = to_batch(list(enumerate(records, start=1)), HERE.received_at)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_batches([batch]).drop_columns("line"), path)
    assert recognise(read_head(FilePart(path))) is SOURCE
    (chunk,) = parse(FilePart(path), SOURCE, HERE)
    assert chunk.records == batch
    assert chunk.stored == {"shoal": 3}


def test_a_time_after_the_arrival_is_the_arrival(tmp_path: Path) -> None:
    (chunk,) = parsed(tmp_path, [SOUND | {"at": dt.datetime(2030, 1, 1)}])  # noqa: DTZ001
    assert chunk.records["at"].cast(pa.int64()).to_pylist() == [HERE.received_at]


def test_zoned_and_finer_times_are_utc_milliseconds(tmp_path: Path) -> None:
    schema = TYPES.set(1, pa.field("at", pa.timestamp("us", "Europe/Paris")))
    moment = dt.datetime(2026, 3, 1, 10, 0, 0, 1_999, tzinfo=dt.UTC)
    (chunk,) = parsed(tmp_path, [SOUND | {"at": moment}], schema)
    assert chunk.records["at"].to_pylist() == [dt.datetime(2026, 3, 1, 10, 0, 0, 1_000)]  # noqa: DTZ001


BROKEN = [
    ({"message_id": None}, "incomplete_row"),
    ({"message_id": ""}, "incomplete_row"),
    ({"at": None}, "incomplete_row"),
    ({"keys": None}, "incomplete_row"),
    ({"keys": []}, "incomplete_row"),
    ({"keys": ["user:1", "ana"]}, "incomplete_row"),
    ({"keys": ["user:1", None]}, "incomplete_row"),
    ({"properties": "[1]"}, "bad_json"),
    ({"properties": '{"a":'}, "bad_json"),
    ({"properties": '{"a":1}{"b":2}'}, "bad_json"),
    ({"properties": '{"a":1}\n{"b":2}'}, "bad_json"),
    ({"traits": "text"}, "bad_json"),
    ({"version": 1, "traits": "{}"}, "versioned_facts"),
    ({"version": 1, "consent": '[{"channel":"email","state":"denied"}]'}, "versioned_facts"),
    ({"version": 1, "name": None}, "versioned_facts"),
    ({"properties": '{"a":1e400}'}, "bad_json"),
    ({"traits": '{"a":"\\ud83d"}'}, "bad_json"),
    ({"properties": '{"a":' * 70 + "1" + "}" * 70}, "nested_too_deeply"),
    ({"traits": '{"a":' + "[" * 9_000 + "]" * 9_000 + "}"}, "nested_too_deeply"),
    ({"traits": '{"a\\u0000":1}'}, "nul_character"),
    ({"consent": '[{"channel":"em\\u0000ail","state":"denied"}]'}, "nul_character"),
    ({"message_id": "m\0"}, "nul_character"),
    ({"message_id": "m" * 4_001}, "key_too_long"),
    ({"name": "Se\0en"}, "nul_character"),
    ({"name": "n" * 1_001}, "name_too_long"),
    ({"keys": ["user:1", "user:\0"]}, "nul_character"),
    ({"at": dt.datetime(1, 1, 1) - dt.timedelta(0)}, None),  # noqa: DTZ001
    ({"consent": '[{"channel":"email"}]'}, "bad_json"),
    ({"consent": '[{"channel":"email","state":"perhaps"}]'}, "bad_json"),
]


@pytest.mark.parametrize(("change", "reason"), BROKEN)
def test_broken_rows_are_refused_one_by_one(tmp_path: Path, change: dict[str, Any], reason: str | None) -> None:
    if reason is None:
        assert not parsed(tmp_path, [SOUND | change])[0].rejects
        return
    (chunk,) = parsed(tmp_path, [SOUND, SOUND | change, SOUND | {"traits": '{"b":2}'}])
    assert [(line, why) for line, why, _ in chunk.rejects] == [(2, reason)]
    assert chunk.records["line"].to_pylist() == [1, 3]
    assert chunk.rows_read == 3
    assert chunk.stored == {"shoal": 2}


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_time_beyond_the_calendar_is_refused_alone(tmp_path: Path, unit: str) -> None:
    per_second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    sound = 1_772_359_200 * per_second
    far = [sound, -(2**63) + 1, 2**63 - 1, 0]
    table = pa.Table.from_pylist([SOUND | {"at": None}] * 4, schema=TYPES)
    table = table.set_column(1, "at", pa.array(far, pa.timestamp(unit, "Europe/Paris")))
    pq.write_table(table, tmp_path / "a.parquet")
    (chunk,) = parse(FilePart(tmp_path / "a.parquet"), SOURCE, HERE)
    lines = {"ms": [2, 3], "us": [2, 3], "ns": []}[unit]
    assert [(line, reason) for line, reason, _ in chunk.rejects] == [(line, "bad_time") for line in lines]


def test_texts_that_are_none_are_refused_alone(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([SOUND] * 3, schema=TYPES)
    odd = pa.array([b"Seen", b"Se\xed\xa0\x80en", b"Seen"], pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.schema.get_field_index("name"), "name", odd), tmp_path / "a.parquet")
    (chunk,) = parse(FilePart(tmp_path / "a.parquet"), SOURCE, HERE)
    assert [(line, reason) for line, reason, _ in chunk.rejects] == [(2, "bad_encoding")]


def test_a_name_that_stands_twice_is_kept_once(tmp_path: Path) -> None:
    said = {
        "traits": '{"a": 1, "a": {"b": 2, "b": 3}, "": 4, "(blank)": 5}',
        "properties": '{"n": 18446744073709551616}',
    }
    (chunk,) = parsed(tmp_path, [SOUND | said])
    assert chunk.records["traits"].to_pylist() == ['{"a":{"b":3},"(blank) (2)":4,"(blank)":5}']
    assert chunk.records["properties"].to_pylist() == ['{"n":1.8446744073709552e19}']


def test_a_row_with_several_faults_is_refused_once(tmp_path: Path) -> None:
    (chunk,) = parsed(tmp_path, [SOUND | {"keys": [], "properties": "x", "traits": "y"}])
    assert len(chunk.rejects) == 1


def test_a_column_of_another_type_is_named(tmp_path: Path) -> None:
    schema = TYPES.set(3, pa.field("keys", pa.string()))
    with pytest.raises(UserError, match="keys") as error:
        parsed(tmp_path, [SOUND | {"keys": "user:1"}], schema)
    assert error.value.code == "wrong_type"
    assert str(tmp_path) in str(error.value.where)


def test_chunks_resume(tmp_path: Path) -> None:
    rows = [SOUND | {"message_id": str(number)} for number in range(85_000)]
    whole = parsed(tmp_path, rows)
    assert [chunk.rows_read for chunk in whole] == [40_000, 40_000, 5_000]
    assert list(parse(FilePart(tmp_path / "a.parquet"), SOURCE, HERE, 2)) == whole[2:]
