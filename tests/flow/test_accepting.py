"""Whoever hands something in may go away; the others are answered all the same."""

from __future__ import annotations

import json

from shoal.core.time import Instant
from shoal.flow.accepting import Intake
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
