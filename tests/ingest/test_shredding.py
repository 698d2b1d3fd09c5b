from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.time import Instant
from shoal.ingest import lake_rows
from shoal.ingest.canonical import Record, to_batch
from shoal.ingest.shredding import MOST, TYPES_SQL, shredding
from shoal.ingest.storable import sound_object
from shoal.store import lake
from shoal.store.duck import open_duck

LATER = Instant(1_000)

names = st.sampled_from(
    ["path", "Path", "PATH", "price", "a b", 'we"ird', "it's", "x.y", "ünï", "", "select", "1st", "(a)"]
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
objects = st.dictionaries(names, values, max_size=5)


def stored(rows: list[dict[str, Any]], sampled: list[dict[str, Any]], *, twice: bool = False) -> list[Any]:
    """What the lake gives back for some properties, parted as a sample of them suggests."""
    with tempfile.TemporaryDirectory() as name, open_duck(Path(name)) as duck:
        scan = lake.scan(Path(name), [written(duck, Path(name), rows, sampled, twice=twice)])
        found = duck.execute(f'SELECT properties::JSON::VARCHAR FROM {scan} ORDER BY "at"').fetchall()
        return [json.loads(row[0] or "{}") for row in found]


def written(
    duck: duckdb.DuckDBPyConnection,
    folder: Path,
    rows: list[dict[str, Any]],
    sampled: list[dict[str, Any]],
    stem: str = "a",
    *,
    twice: bool = False,
) -> lake.LakeFile:
    """A file of events with some properties."""
    batch = to_batch([(i, Record(("user:1",), "X", Instant(i), f"m{i}", row)) for i, row in enumerate(rows)], LATER)
    table = pa.Table.from_batches([batch]).append_column("source", pa.repeat("test", len(rows)))
    table = table.append_column("received_at", pa.repeat(pa.scalar(LATER, pa.timestamp("ms")), len(rows)))
    duck.register("batch", table.append_column("origin", pa.repeat("import:1", len(rows))))
    duck.execute(f"CREATE OR REPLACE TABLE batch_keys AS {lake_rows.SEEN}")
    duck.execute(f"CREATE OR REPLACE TABLE records AS {lake_rows.RECORDS}")
    structure = None
    if sampled:
        texts = [json.dumps(row) for row in sampled]
        structure = duck.execute(
            "SELECT json_group_structure(text::JSON)::VARCHAR FROM (SELECT unnest(?) AS text)", [texts]
        ).fetchall()[0][0]
    keys = [
        name for event, name, _ in duck.execute(lake_rows.NAMES.format(rows="records")).fetchall() if event and name
    ]
    file = lake.write_file(
        folder,
        duck,
        table="events",
        stem=stem,
        rows=lake_rows.EVENTS.format(rows="records", part="true"),
        shredding=shredding(keys, structure),
        twice=twice,
    )
    assert file is not None
    return file


def named(rows: list[dict[str, Any]]) -> list[Any]:
    """The rows as the lake keeps them: an empty name, and one that differs in case only, become others."""
    return [json.loads(sound_object(json.dumps(row).encode())) for row in rows]


@given(st.lists(objects, min_size=1, max_size=6), st.data())
def test_properties_come_back_as_they_were_whatever_the_columns(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    sampled = data.draw(st.lists(st.sampled_from(rows), max_size=2))
    assert stored(rows, sampled, twice=data.draw(st.booleans())) == named(rows)


TYPES = {
    "VARCHAR": {"VARCHAR"},
    "BIGINT": {"INT64"},
    "DOUBLE": {"DOUBLE"},
    "BOOLEAN": {"BOOL_TRUE", "BOOL_FALSE"},
    "OBJECT": {"OBJECT"},
}


@given(
    st.lists(st.tuples(st.lists(objects, min_size=1, max_size=3), st.booleans(), st.booleans()), min_size=1, max_size=3)
)
def test_a_property_said_to_have_one_type_has_no_other(
    files: list[tuple[list[dict[str, Any]], bool, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as name, open_duck(Path(name)) as duck:
        folder = Path(name)
        kept = [
            written(duck, folder, rows, rows * sampled, f"f{place}", twice=twice)
            for place, (rows, sampled, twice) in enumerate(files)
        ]
        for known, kind in duck.execute(TYPES_SQL.format(files=lake.paths(folder, kept))).fetchall():
            stored_types = duck.execute(
                f"SELECT DISTINCT variant_type(properties[$name]) FROM {lake.scan(folder, kept)} "
                "WHERE variant_type(properties[$name]) IS NOT NULL",
                {"name": known},
            ).fetchall()
            assert {one for (one,) in stored_types} <= TYPES[kind]


def test_whole_numbers_get_a_column_when_they_are_written_twice() -> None:
    with tempfile.TemporaryDirectory() as name, open_duck(Path(name)) as duck:
        rows = [{"seconds": 5}, {"seconds": 0}]
        types = {}
        for twice in (False, True):
            file = written(duck, Path(name), rows, rows, f"{twice}", twice=twice)
            types[twice] = duck.execute(TYPES_SQL.format(files=lake.paths(Path(name), [file]))).fetchall()
    assert ("seconds", "BIGINT") in types[True]
    assert "seconds" not in dict(types[False])


def test_only_plain_names_get_a_column_and_each_one_once() -> None:
    assert (
        shredding(["path", "PATH", 'we"ird', "", "a b"], None)
        == 'STRUCT("machine" BOOLEAN, "path" VARCHAR, "a b" VARCHAR)'
    )
    assert shredding(['"'], None) == shredding([], None) == 'STRUCT("machine" BOOLEAN)'


def test_nested_values_and_unsettled_types() -> None:
    structure = '{"n":"UBIGINT","l":["DOUBLE"],"o":{"k":"BOOLEAN"},"x":"JSON","e":["NULL"],"z":{}}'
    found = shredding(["n", "l", "o", "x", "e", "z"], structure)
    nested = '"l" DOUBLE[], "o" STRUCT("k" BOOLEAN)'
    assert found == f'STRUCT("machine" BOOLEAN, "n" BIGINT, {nested}, "x" VARCHAR, "e" VARCHAR[], "z" VARCHAR)'


def test_there_is_an_end_to_columns() -> None:
    found = shredding([f"p{number}" for number in range(MOST + 5)], None)
    assert found.count("VARCHAR") == MOST - 1


def test_objects_are_told_from_lists() -> None:
    with tempfile.TemporaryDirectory() as name, open_duck(Path(name)) as duck:
        rows: list[dict[str, Any]] = [
            {"o": {"list": {"element": "a"}}, "l": [{"a": "b"}], "m": {"a": "b"}},
            {"m": ["a"]},
        ]
        file = written(duck, Path(name), rows, rows, "f")
        types = dict(duck.execute(TYPES_SQL.format(files=lake.paths(Path(name), [file]))).fetchall())
    assert types["o"] == "OBJECT"
    assert not {"l", "m"} & set(types)
