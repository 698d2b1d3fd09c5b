"""Many small lake files become few large ones, and nobody notices."""

from __future__ import annotations

from shoal.flow import compaction, importing
from shoal.flow.drain import Pace
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading
from shoal.ingest import lake_rows
from shoal.store import lake

EVENTS = 'SELECT event_id, "at", name, subscriber, properties::JSON::VARCHAR FROM records ORDER BY ALL'
TRAITS = 'SELECT subscriber, name, value::JSON::VARCHAR, "at" FROM traits ORDER BY ALL'


def stored(opened):
    with opened.database.read() as connection:
        files = lake.catalogued(connection)
    lake.verify(opened.home.lake, files)
    with open_reading(opened) as duck:
        return files, duck.execute(EVENTS).fetchall(), duck.execute(TRAITS).fetchall()


def test_small_files_are_made_into_large_ones(opened, write, shop, monkeypatch):
    for day, rows in enumerate(shop[start::3] for start in range(3)):
        import_paths(opened, [write(f"day{day}.jsonl", rows)])
    before = stored(opened)
    monkeypatch.setattr(compaction, "MANY", 3)
    monkeypatch.setattr(lake_rows, "LARGE", 5)
    import_paths(opened, [write("again.jsonl", shop[:2])])  # nothing new
    after = stored(opened)
    assert after[1:] == before[1:]
    assert len(after[0]) < len(before[0])
    old = {file.path for file in before[0]} - {file.path for file in after[0]}
    assert all((opened.home.lake / path).exists() for path in old), "a reader may still be at them"
    monkeypatch.setattr(lake, "KEPT", 0)
    import_paths(opened, [write("once_more.jsonl", shop[:3])])
    assert not any((opened.home.lake / path).exists() for path in old)
    assert stored(opened)[1:] == before[1:]


def test_large_files_and_few_small_ones_stay_as_they_are(sqlite, write, shop, monkeypatch):
    monkeypatch.setattr(importing, "GENTLE", Pace(20, 1))
    monkeypatch.setattr(compaction, "SMALL", 1)
    monkeypatch.setattr(compaction, "MANY", 1)
    import_paths(sqlite, [write("events.jsonl", shop)])
    files, *_ = stored(sqlite)
    assert sum("large" in file.path for file in files) == 0
    monkeypatch.setattr(compaction, "SMALL", 1_000)
    monkeypatch.setattr(compaction, "MANY", 100)
    import_paths(sqlite, [write("more.jsonl", shop[:2])])
    assert [file.path for file in stored(sqlite)[0]] == [file.path for file in files]
