"""The large form says the same as the small one, in the importer's columns."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from shoal.ingest import events
from shoal.ingest.canonical import SCHEMA
from shoal.shop import canonical, rates, simulate, write_canonical
from shoal.shop.mail import CLICKED, OPENED


def test_columns_are_the_importers() -> None:
    assert [field for field in SCHEMA if field.name not in ("line", "version")] == list(canonical.COLUMNS)


def test_names_are_canonical() -> None:
    assert set(canonical.MAIL_EVENTS) - events.NAMES == {"Email Read"}


def test_parts_hold_what_the_simulation_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical, "PART", 300)
    written = write_canonical(tmp_path, 700, 60)
    assert [file.name for file in written.files] == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    tables = [pq.read_table(file) for file in written.files]
    rows = [row for table in tables for row in table.to_pylist()]
    assert written.rows == len(rows)
    assert written.events == sum(row["name"] is not None for row in rows)
    parts = [simulate(count, 60, part=part, first=300 * part) for part, count in enumerate((300, 300, 100))]
    names = Counter(row["name"] for row in rows)
    assert names["Email Opened"] == sum((part.mail.kind == OPENED).sum() for part in parts)
    assert names["Order Completed"] == sum(len(part.orders) for part in parts)
    assert names[None] == 700
    assert len({row["message_id"] for row in rows}) == len(rows)
    assert len({tuple(row["keys"]) for row in rows if row["name"] is None}) == 700
    check_texts(rows)


def check_texts(rows: list[dict[str, object]]) -> None:
    """All JSON can be read, all keys are `kind:value`."""
    for row in rows:
        keys = row["keys"]
        assert isinstance(keys, list)
        assert keys
        assert all(key.split(":")[0] in {"user", "email", "phone", "anonymous"} and key == key.strip() for key in keys)
        assert all(key == key.lower() for key in keys if key.startswith("email:"))
        for column, kind in (("properties", dict), ("traits", dict), ("consent", list)):
            text = row[column]
            assert text is None or isinstance(json.loads(str(text)), kind)
        assert row["name"] is None or row["properties"] is not None


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical, "PART", 100)
    found = []
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        written = write_canonical(tmp_path / name, 250, 30, seed)
        found.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in written.files])
    assert found[0] == found[1]
    assert not set(found[0]) & set(found[2])


def test_orders_carry_their_products(tmp_path: Path) -> None:
    written = write_canonical(tmp_path, 300, 90)
    rows = pq.read_table(written.files[0]).to_pylist()
    orders = [json.loads(row["properties"]) for row in rows if row["name"] == "Order Completed"]
    assert orders
    for order in orders:
        lines = sum(item["price"] * item["quantity"] for item in order["products"])
        assert lines - order["discount"] == pytest.approx(order["revenue"])
        assert order["revenue"] + order["shipping"] + order["tax"] == pytest.approx(order["total"])


def test_machine_opens_are_marked_where_the_agent_tells() -> None:
    shop = simulate(500, 60)
    mails = [row for batch in canonical.batches(shop) for row in batch.to_pylist() if row["name"] == "Email Opened"]
    marked = sum("machine" in json.loads(row["properties"]) for row in mails)
    told = shop.mail.where((shop.mail.kind == OPENED) & shop.mail.by_machine)
    assert 0 < marked <= len(told)
    assert rates.BOT_LINKS * len(told) > (shop.mail.kind == CLICKED).sum()
