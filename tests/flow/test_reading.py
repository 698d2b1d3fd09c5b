"""The views of a reading, on both databases."""

from __future__ import annotations

import json

import duckdb
import pytest

from shoal.core.ids import key_id
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading
from shoal.ingest.mapping import mapping_from
from shoal.store import journal, lake

VIEWS = ("events", "records", "traits", "consents", "subscribers", "keys")


def rows(opened, query):
    with open_reading(opened) as duck:
        return duck.execute(query).fetchall()


def test_a_workspace_without_any_import_has_empty_views(opened):
    with open_reading(opened) as duck:
        for view in VIEWS:
            assert duck.execute(f"SELECT count(*) FROM {view}").fetchall() == [(0,)]


def test_views_have_the_same_columns_with_and_without_data(sqlite, write, shop):
    def columns():
        with open_reading(sqlite) as duck:
            return {view: duck.execute(f"DESCRIBE {view}").fetchall() for view in VIEWS}

    before = columns()
    import_paths(sqlite, [write("events.jsonl", shop)])
    after = columns()
    assert {view: [row[:2] for row in found] for view, found in after.items()} == {
        view: [row[:2] for row in found] for view, found in before.items()
    }


def test_every_event_stands_under_its_subscriber(opened, write, shop):
    import_paths(opened, [write("events.jsonl", shop)])
    found = rows(opened, "SELECT subscriber, count(*) FROM events GROUP BY subscriber ORDER BY ALL")
    user = {person: key_id(f"user:u{person}") for person in range(30)}
    assert dict(found) == {user[person]: 1 + person % 5 + (person % 3 == 0) for person in range(30)}
    assert rows(opened, "SELECT count(*) FROM subscribers WHERE identified") == [(30,)]
    assert rows(opened, "SELECT kind, count(*) FROM keys GROUP BY kind ORDER BY kind") == [("email", 30), ("user", 30)]
    assert rows(opened, "SELECT count(*) FROM keys WHERE subscriber NOT IN (SELECT subscriber FROM subscribers)") == [
        (0,)
    ]


def test_records_that_state_facts_are_no_events(sqlite, write, shop):
    import_paths(sqlite, [write("events.jsonl", shop)])
    assert rows(sqlite, "SELECT count(*) FROM records WHERE name IS NULL") == [(30,)]
    assert rows(sqlite, "SELECT count(*) FROM events WHERE name IS NULL") == [(0,)]
    assert rows(sqlite, "SELECT DISTINCT name FROM traits ORDER BY name") == [("email",), ("plan",)]


def test_values_keep_the_type_they_were_stated_with(sqlite, write, call):
    values = {
        "n": 5,
        "f": 0.5,
        "t": "5",
        "b": True,
        "l": [1, "a"],
        "o": {"k": None},
        "big": 2**62 + 1,
        "date": "2026-01-01",
    }
    lines = [call(1, "u1", "2026-01-01", "Page Viewed", **values), call(2, "u1", "2026-01-01", **values, gone=None)]
    import_paths(sqlite, [write("events.jsonl", lines)])
    (event,) = rows(sqlite, "SELECT properties::JSON::VARCHAR FROM events")
    assert {name: value for name, value in json.loads(event[0]).items() if name in values} == values
    stated = dict(rows(sqlite, "SELECT name, value::JSON::VARCHAR FROM traits"))
    assert {name: json.loads(text) for name, text in stated.items() if text is not None} == values
    assert stated["gone"] is None


def test_consent_as_it_was_stated(opened, write):
    mapping = mapping_from(
        {
            "source": "till",
            "at": "when",
            "keys": {"email": "mail"},
            "consent": [{"column": "news", "channel": "email"}, {"column": "texts", "channel": "sms"}],
        }
    )
    text = ["when,mail,news,texts", "2026-01-01,a@example.org,yes,no", "2026-01-02,a@example.org,no,"]
    import_paths(opened, [write("till.csv", text)], source=mapping)
    found = rows(opened, "SELECT channel, state, strftime(\"at\", '%d') FROM consents ORDER BY ALL")
    assert found == [("email", "denied", "02"), ("email", "granted", "01"), ("sms", "denied", "01")]


def test_what_waits_in_the_journal_is_not_seen_before_it_is_in_the_lake(sqlite, write, shop):
    import_paths(sqlite, [write("events.jsonl", shop)])
    before = rows(sqlite, "SELECT count(*) FROM records")
    with sqlite.database.read() as connection:
        (entry, *_) = journal.read(connection, after=0, most_rows=1)
    with sqlite.database.write() as connection:
        journal.append(connection, origin="x", source="x", received_at=entry.received_at, batch=entry.batch)
    assert rows(sqlite, "SELECT count(*) FROM records") == before


def test_left_overs_of_a_killed_import_are_swept(sqlite, write, shop, monkeypatch):
    import_paths(sqlite, [write("a.jsonl", shop[:20])])
    stray = [
        sqlite.home.lake / "events" / "000000000007-000000000009.parquet",
        sqlite.home.lake / "traits" / "x.partial",
    ]
    for path in stray:
        path.write_bytes(b"half")
    assert rows(sqlite, "SELECT count(*) FROM records") == [(20,)]
    monkeypatch.setattr(lake, "KEPT", 0)
    import_paths(sqlite, [write("b.jsonl", shop)])
    assert not any(path.exists() for path in stray)


def test_a_reading_cant_leave_its_folder(sqlite):
    with open_reading(sqlite) as duck, pytest.raises(duckdb.Error):
        duck.execute("COPY (SELECT 1) TO '/tmp/shoal-outside.csv'")
