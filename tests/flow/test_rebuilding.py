"""What is derived is computed again, and damaged lake files come back from the journal: the same answers as before."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.flow import importing
from shoal.flow.drain import Drain
from shoal.flow.home import one_writer
from shoal.flow.reading import open_reading
from shoal.flow.rebuilding import rebuild
from shoal.flow.unifying import unify
from shoal.ingest import ledger, letters
from shoal.ingest.canonical import Consent, Record, to_batch
from shoal.ingest.tables import known_names, superseded_events
from shoal.profiles.tables import identity_map, identity_shared, merge_log
from shoal.store import journal, lake
from shoal.store.tables import journal as journal_table

DAY = 86_400_000
START = 1_767_225_600_000  # 2026-01-01


def order(number, version, at, **properties):
    """A state of an order that goes on."""
    return Record(
        message_id=f"o{number}",
        at=at,
        name="Order Completed",
        keys=(f"user:u{number % 5}",),
        properties={"state": version, **properties},
        version=version,
    )


@pytest.fixture
def filled(opened, shop, write):
    """Two imports, of which the second repeats half of the first; then orders whose states come in three turns."""
    importing.import_paths(opened, [write("shop.jsonl", shop)])
    more = [{**row, "messageId": f"n{row['messageId']}", "userId": f"v{row['userId']}"} for row in shop[:40]]
    importing.import_paths(opened, [write("more.jsonl", [*shop[:60], *more])])
    for turn, versions in enumerate(((1, 2, 1), (2, 1, 3), (1, 3, 2))):
        records = [order(number, version, START + turn * DAY) for number, version in enumerate(versions)]
        facts = Record(
            message_id=f"f{turn}",
            at=START + turn * DAY,
            keys=("user:u1", f"email:w{turn}@example.org"),
            traits={"turn": turn},
            consent=[Consent("email", "denied" if turn else "granted")],
        )
        with opened.database.write() as connection:
            batch = to_batch([(n, each) for n, each in enumerate([*records, facts])], START + 9 * DAY)
            journal.append(
                connection, origin="api:web", source="web", received_at=START + (10 + turn) * DAY, batch=batch
            )
        with one_writer(opened.home), Drain(opened.home, opened.database) as drain:
            while drain.turn() is not None:
                pass
        unify(opened)
    return opened


def answers(opened):
    """All that a reading sees and all that is derived, in one order."""
    with open_reading(opened) as duck:
        told = {
            view: duck.execute(
                f"SELECT * REPLACE ({column}::JSON::VARCHAR AS {column}) FROM {view} ORDER BY ALL"
            ).fetchall()
            for view, column in (("records", "properties"), ("traits", "value"))
        }
        told |= {view: duck.execute(f"FROM {view} ORDER BY ALL").fetchall() for view in ("consents", "subscribers")}
    with opened.database.read() as connection:
        for table in (known_names, superseded_events, identity_map, identity_shared, merge_log):
            told[table.name] = sorted(map(tuple, connection.execute(sa.select(table))))
        told["duplicates"] = [each.duplicates for each in ledger.all_imports(connection)]
        told["offset"] = journal.offset_of(connection, "lake")
    return told


def files(opened):
    with opened.database.read() as connection:
        return lake.catalogued(connection)


def test_all_that_is_derived_is_the_same_again(filled):
    before = answers(filled)
    assert before["superseded_events"], "there are events with several statements"
    assert before["identity_map"]
    (filled.home.derived / "folder").mkdir()
    with filled.database.write() as connection:
        for table in (known_names, superseded_events):
            connection.execute(sa.delete(table))
    done = rebuild(filled)
    assert answers(filled) == before
    assert done.salvaged is None
    assert done.subscribers == len(before["subscribers"])
    assert not (filled.home.derived / "folder").exists()


def test_a_map_that_was_lost_is_made_of_keys_and_links(filled):
    before = answers(filled)
    with filled.database.write() as connection:
        connection.execute(sa.delete(identity_map))
        connection.execute(sa.delete(identity_shared))
    rebuild(filled)
    after = answers(filled)
    assert {name for name in before if before[name] != after[name]} <= {"merge_log"}, "it tells of the merges again"


def harmed(path, how):
    if how == "missing":
        path.unlink()
        return
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[: middle if how == "cut" else middle - 10] + os.urandom(20) + content[middle + 10 :])


def test_a_letter_is_written_once_however_often_its_entry_is_drained(opened):
    for turn in range(2):
        record = Record(message_id="m1", at=START, name="Seen", keys=("user:u1",), properties={"turn": turn})
        with opened.database.write() as connection:
            batch = to_batch([(1, record)], START + DAY)
            journal.append(connection, origin="api:web", source="web", received_at=START + turn * DAY, batch=batch)
        with one_writer(opened.home), Drain(opened.home, opened.database) as drain:
            while drain.turn() is not None:
                pass
    unify(opened)
    with opened.database.read() as connection:
        before = letters.known(connection)
    assert [each.letter.reason for each in before] == ["id_conflict"]
    harmed(opened.home.lake / files(opened)[0].path, "cut")
    rebuild(opened, from_journal=True)
    with opened.database.read() as connection:
        assert letters.known(connection) == before


def test_each_damaged_file_comes_back(filled):
    before = answers(filled)
    for number, file in enumerate(files(filled)):
        how = ("missing", "cut", "overwritten")[number % 3]
        known = {each.path: each for each in files(filled)}
        if file.path not in known:
            continue
        harmed(filled.home.lake / file.path, how)
        done = rebuild(filled, from_journal=True)
        assert [each.path for each in done.salvaged.damaged] == [file.path]
        assert 0 < done.salvaged.recovered[file.table] <= known[file.path].rows
        assert done.salvaged.lost == {}
        if how != "missing":
            assert (done.salvaged.set_aside / "lake" / file.path).is_file(), "it is set aside, not deleted"
        assert answers(filled) == before
    with filled.database.read() as connection:
        lake.verify(filled.home.lake, lake.catalogued(connection))


def test_all_files_at_once(filled):
    before = answers(filled)
    for file in files(filled):
        harmed(filled.home.lake / file.path, "overwritten")
    done = rebuild(filled, from_journal=True)
    assert done.salvaged.lost == {}
    assert answers(filled) == before
    assert rebuild(filled, from_journal=True).salvaged.damaged == ()


def test_what_waits_in_the_journal_still_waits(filled):
    with filled.database.write() as connection:
        batch = to_batch([(1, order(99, 1, START))], START + DAY)
        journal.append(connection, origin="api:web", source="web", received_at=START + 20 * DAY, batch=batch)
    before = answers(filled)
    harmed(filled.home.lake / files(filled)[0].path, "cut")
    rebuild(filled, from_journal=True)
    assert answers(filled) == before


def test_what_the_journal_no_longer_has_is_told_row_by_row(filled):
    before = answers(filled)
    with filled.database.write() as connection:  # the first import and the first turn of orders are over
        first = connection.scalar(sa.select(sa.func.min(journal_table.c.offset)))
        connection.execute(sa.delete(journal_table).where(journal_table.c.offset == first))
    gone = [file for file in files(filled) if file.path.partition("/")[2].startswith(f"{first:012d}")]
    kept = [file for file in files(filled) if file not in gone]
    assert gone
    assert kept
    for file in (*gone, *kept):
        harmed(filled.home.lake / file.path, "overwritten")
    done = rebuild(filled, from_journal=True)
    rows = {"events": 0, "traits": 0}
    for file in gone:
        rows[file.table] += file.rows
    # Of what the lost import stated, the second import stated a part again: that comes back, as of its own arrival.
    lost = done.salvaged.lost
    assert set(lost) == {"events", "traits"}
    assert 0 < lost["events"] < rows["events"]
    after = answers(filled)
    assert len(after["records"]) == len(before["records"]) - lost["events"]
    assert len(after["traits"]) == len(before["traits"]) - lost["traits"]
    assert after["superseded_events"] == before["superseded_events"]


def test_a_file_beside_the_journal_that_is_whole_is_left_as_it_is(filled):
    with filled.database.write() as connection:
        connection.execute(sa.delete(journal_table))
    before = files(filled)
    harmed(filled.home.lake / before[0].path, "missing")
    done = rebuild(filled, from_journal=True)
    assert files(filled) == before[1:]
    assert done.salvaged.lost == {before[0].table: before[0].rows}


def test_a_rebuild_needs_a_whole_lake_and_nobody_else(filled):
    with one_writer(filled.home), pytest.raises(UserError) as caught:
        rebuild(filled)
    assert caught.value.code == "busy"
    harmed(filled.home.lake / files(filled)[0].path, "missing")
    with pytest.raises(UserError) as caught:
        rebuild(filled)
    assert caught.value.code == "damaged_lake"
    assert "--from-journal" in (caught.value.fix or "")


def test_killed_in_the_middle_nothing_is_lost(filled, monkeypatch):
    from shoal.flow import salvaging

    before = answers(filled)
    harmed(filled.home.lake / files(filled)[0].path, "cut")
    for step in ("_take_out", "_drain"):
        with monkeypatch.context() as broken:
            broken.setattr(salvaging, step, lambda *_: (_ for _ in ()).throw(RuntimeError("the machine stops here")))
            with pytest.raises(RuntimeError):
                rebuild(filled, from_journal=True)
    with one_writer(filled.home), Drain(filled.home, filled.database) as drain:
        while drain.turn() is not None:
            pass
    rebuild(filled, from_journal=True)
    after = answers(filled)
    for view in ("records", "traits", "consents", "subscribers", "identity_map"):
        assert after[view] == before[view]
