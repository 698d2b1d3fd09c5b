from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.time import Instant
from shoal.ingest import lake_rows
from shoal.ingest.canonical import Record, to_batch
from shoal.ingest.shredding import MOST, shredding
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


def stored(rows: list[dict[str, Any]], sampled: list[dict[str, Any]]) -> list[Any]:
    """What the lake gives back for some properties, parted as a sample of them suggests."""
    with tempfile.TemporaryDirectory() as name, open_duck(Path(name)) as duck:
        batch = to_batch([(i, Record(("user:1",), "X", Instant(i), f"m{i}", row)) for i, row in enumerate(rows)], LATER)
        table = pa.Table.from_batches([batch]).append_column("source", pa.repeat("test", len(rows)))
        table = table.append_column("received_at", pa.repeat(pa.scalar(LATER, pa.timestamp("ms")), len(rows)))
        duck.register("batch", table.append_column("origin", pa.repeat("import:1", len(rows))))
        duck.execute(f"CREATE TABLE batch_keys AS {lake_rows.SEEN}")
        duck.execute(f"CREATE TABLE records AS {lake_rows.RECORDS}")
        structure = None
        if sampled:
            texts = [json.dumps(row) for row in sampled]
            structure = duck.execute(
                "SELECT json_group_structure(text::JSON)::VARCHAR FROM (SELECT unnest(?) AS text)", [texts]
            ).fetchall()[0][0]
        keys = [name for event, name, _ in duck.execute(lake_rows.NAMES).fetchall() if event and name]
        file = lake.write_file(
            Path(name),
            duck,
            table="events",
            stem="a",
            rows=lake_rows.EVENTS.format(rows="records", part="true"),
            shredding=shredding(keys, structure),
        )
        assert file is not None
        scan = lake.scan(Path(name), [file])
        found = duck.execute(f'SELECT properties::JSON::VARCHAR FROM {scan} ORDER BY "at"').fetchall()
        return [json.loads(row[0] or "{}") for row in found]


def named(rows: list[dict[str, Any]]) -> list[Any]:
    """The rows as the lake keeps them: an empty name, and one that differs in case only, become others."""
    return [json.loads(sound_object(json.dumps(row).encode())) for row in rows]


@given(st.lists(objects, min_size=1, max_size=6), st.data())
def test_properties_come_back_as_they_were_whatever_the_columns(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    sampled = data.draw(st.lists(st.sampled_from(rows), max_size=2))
    assert stored(rows, sampled) == named(rows)


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
