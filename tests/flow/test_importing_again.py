"""Files and rows that come again: changed, put back, or read in another zone."""

from __future__ import annotations

from dataclasses import replace

from shoal.core.time import UNITS_MS, Instant, now
from shoal.flow import importing
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading
from shoal.ingest import ledger
from shoal.ingest.mapping import mapping_from
from shoal.profiles import traits
from shoal.store import journal

PEOPLE = mapping_from({"source": "crm", "keys": {"email": "email"}, "traits": {"plan": "plan"}})


def test_a_file_put_back_in_its_place_says_again_what_it_said(sqlite, write):
    def plan_of(text):
        import_paths(sqlite, [write("people.csv", ["email,plan", f"ana@example.org,{text}"])], source=PEOPLE)
        with open_reading(sqlite) as duck:
            (subscriber,) = duck.execute("SELECT subscriber FROM subscribers").fetchone()
            return traits.current(duck, subscriber)["plan"].value

    assert [plan_of(text) for text in ("trial", "paid", "trial", "trial", "paid")] == [
        *("trial", "paid", "trial", "trial", "paid")
    ]
    with sqlite.database.read() as connection:
        assert len(ledger.all_imports(connection)) == 4  # the same file twice in a row is one import


def test_an_event_read_again_in_another_zone_is_the_same(sqlite, write, call):
    for hour in ("03", "11"):  # the same row, read as UTC and as New York
        import_paths(sqlite, [write(f"at{hour}.jsonl", [call(1, "u1", f"2026-01-01T{hour}:00:00Z", "Page Viewed")])])
    with open_reading(sqlite) as duck:
        assert duck.execute("SELECT count(*) FROM events").fetchall() == [(1,)]


def test_an_export_that_says_again_what_an_older_one_said_is_no_repeat(sqlite, write):
    said = {"mon": "trial", "tue": "paid", "wed": "trial"}
    for day, plan in said.items():
        import_paths(sqlite, [write(f"{day}.csv", ["email,plan", f"ana@example.org,{plan}"])], source=PEOPLE)
    with open_reading(sqlite) as duck:
        (subscriber,) = duck.execute("SELECT subscriber FROM subscribers").fetchone()
        assert traits.current(duck, subscriber)["plan"].value == "trial"
    again = import_paths(sqlite, sorted(sqlite.home.folder.parent.glob("*.csv")), source=PEOPLE)
    assert [each.again for each in again] == [True, True, True]


def test_the_journal_forgets_what_was_in_the_lake_for_as_long_as_the_settings_say(sqlite, write, shop, monkeypatch):
    sqlite = replace(sqlite, settings=replace(sqlite.settings, journal_days=3))
    import_paths(sqlite, [write("old.jsonl", shop)])
    with sqlite.database.read() as connection:
        kept = len(list(journal.read(connection, after=0, most_rows=10**6)))
    assert kept > 0
    monkeypatch.setattr(importing, "now", lambda: Instant(now() + 3 * UNITS_MS["d"] + 1_000))
    import_paths(sqlite, [write("new.jsonl", shop[:3])])
    with sqlite.database.read() as connection:
        left = list(journal.read(connection, after=0, most_rows=10**6))
    assert [entry.batch.num_rows for entry in left] == [3]
