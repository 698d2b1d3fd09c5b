"""What came in from each source."""

from __future__ import annotations

from shoal.core.time import Instant, now
from shoal.flow import arrivals
from shoal.flow.arrivals import LATELY_MS, Arriving
from shoal.ingest import ledger, letters
from shoal.ingest.calls import Letter
from shoal.ingest.canonical import Records
from shoal.store import journal


def entry(opened, source: str, at: int) -> None:
    """One entry of the journal; it counts for as many records as its column says."""
    with opened.database.write() as connection:
        batch = Records(Instant(at)).batch()
        offset = journal.append(
            connection, origin=f"calls:{source}", source=source, received_at=Instant(at), batch=batch
        )
        rows = journal.journal.update().where(journal.journal.c.offset == offset)
        connection.execute(rows.values(rows=3))


def test_nothing_yet(opened):
    found = Arriving(opened).arrived()
    assert (dict(found.sources), found.letters) == ({}, 0)


def test_records_of_the_last_hour_are_counted_as_they_come(opened):
    at = now()
    entry(opened, "web", at - 2 * LATELY_MS)
    entry(opened, "web", at)
    entry(opened, "crm", at - 2 * LATELY_MS)
    arriving = Arriving(opened)
    found = arriving.arrived()
    assert found.since <= at - LATELY_MS
    assert {name: (one.lately, one.last_at) for name, one in found.sources.items()} == {
        "web": (3, at),
        "crm": (0, at - 2 * LATELY_MS),
    }
    entry(opened, "crm", at)
    again = arriving.arrived()
    assert {name: one.lately for name, one in again.sources.items()} == {"web": 3, "crm": 3}


def test_of_a_long_journal_only_the_end_is_looked_at_and_said_so(opened, monkeypatch):
    monkeypatch.setattr(arrivals, "MOST", 2)
    at = now()
    for back in (30_000, 20_000, 10_000):
        entry(opened, "web", at - back)
    found = Arriving(opened).arrived()
    assert (found.sources["web"].lately, found.since) == (6, at - 20_000)


def test_files_and_letters(opened):
    with opened.database.write() as connection:
        read = ledger.Read(fingerprint="f" * 64, file="a.csv", place="p", size=1, source="crm")
        line = ledger.begin(connection, read, Instant(7))
        step = ledger.Advance(rows_read=5, rejects=[(2, "bad_time", "No time.")], skipped={"empty": 2}, records=2)
        ledger.advance(connection, line, step)
        letters.keep(connection, "web", Instant(8), [Letter("bad_json", "No JSON.", b"{")])
    found = Arriving(opened).arrived()
    crm = found.sources["crm"]
    assert (crm.files, crm.rows_read, crm.rows_rejected, crm.rows_skipped, crm.last_at) == (1, 5, 1, 2, 7)
    assert (dict(crm.reasons), found.letters) == ({"empty": 2, "bad_time": 1}, 1)
