"""Everybody's history in one pass is what reading them one by one gives."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from shoal.segments.sql import histories
from shoal.segments.sql.histories import all_histories
from shoal.segments.sql.people import read_history

TABLES = """
CREATE TABLE subscribers AS FROM (VALUES (1, true), (2, false), (-5, true), (9, true)) AS t(subscriber, identified);
CREATE TABLE events AS SELECT * FROM (VALUES
    (2, 20, TIMESTAMP '2026-01-02', 'Order Completed', '{"total": 5, "sku": ["a"]}', 'shop'),
    (1, 10, TIMESTAMP '2026-01-01 00:00:00.005', 'Email Opened', NULL, 'crm'),
    (2, 21, TIMESTAMP '2025-01-02', 'Page Viewed', '{}', 'web'),
    (7, 70, TIMESTAMP '2026-01-02', 'Page Viewed', '{}', 'web'))
    AS t(subscriber, event_id, "at", name, properties, source);
CREATE TABLE traits AS SELECT * FROM (VALUES
    (1, 'plan', '"paid"'::JSON, TIMESTAMP '2026-01-03', TIMESTAMP '2026-01-04', 11, 'crm'),
    (1, 'plan', NULL, TIMESTAMP '2026-01-05', TIMESTAMP '2026-01-05', 12, 'shop'),
    (-5, 'age', '7'::JSON, TIMESTAMP '1969-01-03', TIMESTAMP '2026-01-04', 50, 'crm'))
    AS t(subscriber, name, value, "at", received_at, event_id, source);
CREATE TABLE consents AS SELECT * FROM (VALUES
    (2, 'email', 'marketing', 'granted', TIMESTAMP '2026-01-06', TIMESTAMP '2026-01-07', 22, 'till', 'form', 22, 23, 5))
    AS t(subscriber, channel, purpose, state, "at", received_at, event_id, source, method, contact, address, changed);
CREATE TABLE workspace AS SELECT 'Europe/Paris' AS zone;
"""


@pytest.mark.parametrize("batch", [1, 3, 10_000])
def test_all_at_once_is_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(histories, "BATCH", batch)
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        with all_histories(connection, tmp_path / "scratch") as everyone:
            found, again = list(everyone), list(everyone)
        alone = [read_history(connection, number) for number in (-5, 1, 2, 9)]
    assert found == again
    assert len(everyone) == len(found) == 4
    for one, other in zip(found, alone, strict=True):
        assert other is not None
        assert (one.subscriber, one.identified) == (other.subscriber, other.identified)
        assert one.default_zone == other.default_zone == "Europe/Paris"
        for kind in ("events", "traits", "consents"):
            assert sorted(map(repr, getattr(one, kind))) == sorted(map(repr, getattr(other, kind)))
    assert list((tmp_path / "scratch").iterdir()) == []
