"""Whoever hands something in may go away; the others are answered all the same."""

from __future__ import annotations

import json
from datetime import UTC

from shoal.core.time import Instant
from shoal.flow.accepting import Intake
from shoal.flow.drain import Drain
from shoal.flow.importing import context_of
from shoal.ingest.calls import BATCH, read
from shoal.store import journal

AT = Instant(1_772_359_200_000)


def taken(opened, number):
    call = {"type": "track", "event": "Seen", "userId": "u1", "messageId": f"m{number}"}
    return read(BATCH, json.dumps({"batch": [call]}).encode(), context_of(opened.settings, AT))


def test_a_client_that_goes_away_stops_nobody(sqlite):
    intake = Intake(sqlite.database)
    with sqlite.database.write():  # so that the commit has to wait
        gone = [intake.offer("web", AT, taken(sqlite, number)) for number in range(3)]
        assert [kept.cancel() for kept in gone] == [False, False, False]
    intake.offer("web", AT, taken(sqlite, 3)).result(timeout=60)
    assert intake.is_open
    intake.close()
    with sqlite.database.read() as connection:
        assert journal.waiting(connection, after=0) == 4


def test_requests_of_one_commit_share_an_entry_and_each_keeps_its_arrival(sqlite):
    intake = Intake(sqlite.database)
    with sqlite.database.write():
        intake.offer("web", AT, taken(sqlite, 0))  # the commit that waits
        some = [intake.offer("web", Instant(AT + number), taken(sqlite, number)) for number in range(1, 4)]
        other = intake.offer("shop", AT, taken(sqlite, 9))
    for kept in (*some, other):
        kept.result(timeout=60)
    intake.close()
    with sqlite.database.read() as connection:
        found = {(each.source, each.batch.num_rows): each for each in journal.read(connection, after=0, most_rows=99)}
    assert set(found) <= {("web", 1), ("web", 3), ("web", 4), ("shop", 1)}
    shown = {
        (row["message_id"], int(row["received_at"].replace(tzinfo=UTC).timestamp() * 1_000))
        for each in found.values()
        for row in each.records().to_pylist()
        if each.source == "web"
    }
    assert shown == {(f"m{number}", AT + number) for number in range(4)}
    with Drain(sqlite.home, sqlite.database) as drain:
        drained = drain.turn()
    assert drained is not None
    assert drained.records == {"api:web": 4, "api:shop": 1}
