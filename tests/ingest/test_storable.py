"""What is accepted can be held: no record stops the way from the journal to the lake."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.time import Instant
from shoal.ingest import lake_rows
from shoal.ingest.canonical import Record, Records, to_batch
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.parse import Chunk, parse
from shoal.ingest.recognise import named_source
from shoal.ingest.shredding import shredding
from shoal.ingest.source import Context
from shoal.ingest.storable import DEEPEST, LONGEST_KEY, LONGEST_NAME, MOST_NAMES, UnstorableError
from shoal.store import lake
from shoal.store.duck import open_duck

LATER = Instant(1_000)


def nested(depth: int, lists: bool = False) -> Any:
    """An object of so many levels."""
    value: Any = 1
    for _ in range(depth - 1):
        value = [value] if lists else {"a": value}
    return {"a": value}


def reason_of(record: Record) -> str | None:
    try:
        to_batch([(1, record)], LATER)
    except UnstorableError as error:
        return error.reason
    return None


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("part", ["properties", "traits"])
def test_values_are_nested_so_deep_and_no_deeper(part: str, lists: bool) -> None:
    assert reason_of(Record(("user:1",), "X", **{part: nested(DEEPEST, lists)})) is None
    for depth in (DEEPEST + 1, 130, 100_000):
        assert reason_of(Record(("user:1",), "X", **{part: nested(depth, lists)})) == "nested_too_deeply"


WHO = ("user:1",)
UNSTORABLE = [
    (Record(("user:a\0b",)), "nul_character"),
    (Record((*WHO, "anonymous:\ud83d")), "bad_encoding"),
    (Record((f"user:{'é' * LONGEST_KEY}",)), "key_too_long"),
    (Record(WHO, "Se\0en"), "nul_character"),
    (Record(WHO, "Se\ud83den"), "bad_encoding"),
    (Record(WHO, "n" * (LONGEST_NAME + 1)), "name_too_long"),
    (Record(WHO, "X", message_id="m\0"), "nul_character"),
    (Record(WHO, "X", properties={"a\0b": 1}), "nul_character"),
    (Record(WHO, "X", properties={"a": ["b\0"]}), "nul_character"),
    (Record(WHO, "X", properties={"a": "\\\0"}), "nul_character"),
    (Record(WHO, "X", properties={"a": "\ud83d"}), "bad_encoding"),
    (Record(WHO, "X", properties={"\ud83d": 1}), "bad_encoding"),
    (Record(WHO, "X", properties={"n" * (LONGEST_NAME + 1): 1}), "name_too_long"),
    (Record(WHO, traits={"é" * (LONGEST_NAME // 2 + 1): 1}), "name_too_long"),
    (Record(WHO, traits={str(number): 1 for number in range(MOST_NAMES + 1)}), "too_many_names"),
    (Record(WHO, "X", properties={"a": {str(number): 1 for number in range(MOST_NAMES + 1)}}), "too_many_names"),
    (Record(WHO, "X", at=Instant(-(10**15))), "bad_time"),
]


@pytest.mark.parametrize(("record", "reason"), UNSTORABLE)
def test_what_cannot_be_held_is_refused_with_a_reason(record: Record, reason: str) -> None:
    assert reason_of(record) == reason


def test_what_only_looks_like_it_is_kept() -> None:
    said = {"a": "\\u0000", "b": "{[" * 200, "c": '"":', "d": "x" * 5_000, "e": [{}] * 200}
    assert json.loads(to_batch([(1, Record(WHO, "X", properties=said))], LATER)["properties"][0].as_py()) == said


def test_an_empty_name_and_one_that_says_blank_are_two() -> None:
    said = {"": 1, "(blank)": 2, "in": [{"": 3, "(blank)": 4, "(blank) (2)": 5}]}
    text = to_batch([(1, Record(WHO, traits=said))], LATER)["traits"][0].as_py()
    inner = {"(blank) (3)": 3, "(blank)": 4, "(blank) (2)": 5}
    assert json.loads(text) == {"(blank) (2)": 1, "(blank)": 2, "in": [inner]}


def test_of_the_records_of_a_row_all_are_added_or_none() -> None:
    records = Records(LATER)
    with pytest.raises(UnstorableError):
        records.add(1, Record(WHO, "X"), Record(WHO, "Y", properties=nested(70)))
    assert len(records) == 0


# ---- the way through a file ----


def calls(path: Path, *lines: str) -> Chunk:
    path.write_text("".join(f"{line}\n" for line in lines))
    (chunk,) = parse(FilePart(path), named_source("segment"), Context(received_at=LATER))
    return chunk


def call(**fields: Any) -> str:
    return json.dumps({"type": "track", "event": "Seen", "userId": "u1", "messageId": "m", **fields})


ODD_LINES = [
    (call(properties=nested(129)), "nested_too_deeply"),
    (call(properties=nested(600)), "nested_too_deeply"),
    ('{"type":"track","userId":"u","properties":' + "[" * 20_000 + "]" * 20_000 + "}", "nested_too_deeply"),
    (call(type="identify", traits=nested(129)), "nested_too_deeply"),
    (call(userId="u\0x"), "nul_character"),
    (call(event="Se\0en"), "nul_character"),
    (call(properties={"a\0b": 1}), "nul_character"),
    (call(properties={"a": "\ud83d"}), "bad_json"),
]


@pytest.mark.parametrize(("line", "reason"), ODD_LINES)
def test_a_line_that_cannot_be_held_is_refused_alone(tmp_path: Path, line: str, reason: str) -> None:
    chunk = calls(tmp_path / "calls.jsonl", call(), line, call())
    assert [(where, why) for where, why, _ in chunk.rejects] == [(2, reason)]
    assert chunk.records["line"].to_pylist() == [1, 3]
    assert chunk.rows_read == 3


# ---- what is accepted reaches the lake ----

TEXTS = st.text(max_size=6) | st.sampled_from(["\0", "\ud83d", "\udc00x", "(blank)", "", '"":', "\\u0000", "\u2028"])
NAMES = st.sampled_from(["Plan", "plan", "PLAN", "", "(blank)", "\0", "select", "n" * 900, "n" * 1_001]) | TEXTS
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS | st.builds(nested, st.integers(50, 140), st.booleans()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)
RECORDS = st.builds(
    Record,
    keys=st.lists(TEXTS.map(lambda text: f"user:{text}"), min_size=1, max_size=2).map(tuple),
    name=st.none() | NAMES.filter(bool),
    at=st.none() | st.integers(-(2**62), 2**62).map(Instant),
    message_id=st.none() | TEXTS,
    properties=OBJECTS,
    traits=OBJECTS,
)


def drain(records: list[Record]) -> None:
    """The statements that a turn of the drain runs on them."""
    accepted = Records(LATER)
    for record in records:
        try:
            accepted.add(1, record)
        except UnstorableError:
            continue
    with tempfile.TemporaryDirectory() as name, open_duck(Path(name)) as duck:
        table = pa.Table.from_batches([accepted.batch()])
        table = table.append_column("source", pa.repeat("test", len(table)))
        table = table.append_column("received_at", pa.repeat(pa.scalar(LATER, pa.timestamp("ms")), len(table)))
        duck.register("batch", table.append_column("origin", pa.repeat("import:1", len(table))))
        duck.execute(f"CREATE TABLE batch_keys AS {lake_rows.SEEN}")
        duck.execute(f"CREATE TABLE records AS {lake_rows.RECORDS}")
        named = duck.execute(lake_rows.NAMES.format(rows="records")).fetchall()
        texts = [text for event, text, _ in named] + [event for event, _, _ in named]
        assert all(len(text.encode()) <= LONGEST_NAME and "\0" not in text for text in texts)
        structure = duck.execute(
            lake_rows.STRUCTURE.format(rows="records", part="true", sample=lake_rows.SAMPLE)
        ).fetchall()[0][0]
        columns = shredding([text for event, text, _ in named if event and text], structure)
        rows = lake_rows.EVENTS.format(rows="records", part="true")
        lake.write_file(Path(name), duck, table="events", stem="a", rows=rows, shredding=columns)
        for kind, stated in lake_rows.facts("records").items():
            lake.write_file(Path(name), duck, table=kind, stem="a", rows=stated)


@settings(max_examples=60, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=8))
def test_no_accepted_record_stops_the_drain(records: list[Record]) -> None:
    drain(records)


def test_the_largest_of_everything_reaches_the_lake() -> None:
    many = {f"name {number}": number for number in range(MOST_NAMES)}
    drain(
        [
            Record((f"user:{'k' * (LONGEST_KEY - 5)}",), "n" * LONGEST_NAME, properties=many, traits=many),
            Record(WHO, "Deep", properties=nested(DEEPEST), traits=nested(DEEPEST, lists=True)),
            Record(WHO, "Names", properties={"p" * LONGEST_NAME: 1, "o": {"p" * 100_000: 1}}),
            Record(WHO, "Sizes", properties={"a": [1e308, 5e-324, -(2**63), 2**63, 2**64, 10**400 // 10**100]}),
        ]
    )
