"""What an engine that runs apart says of itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from shoal.core import happenings
from shoal.core.errors import UserError
from shoal.core.time import Instant, now
from shoal.flow import apart
from shoal.flow.apart import Saying, Seen, heard
from shoal.flow.current import Status
from shoal.segments.tables import engine_state

FAR = Status(Instant(1_790_000_000_000), 7, 3, 50)


def ended():
    raise UserError("starting", "The engine is starting.", fix="Ask again.")


@pytest.mark.parametrize(
    ("is_alive", "status", "expected"),
    [
        (True, lambda: FAR, Seen("following", FAR)),
        (True, None, Seen("starting", None)),
        (False, None, Seen("failing", None)),
        (True, ended, Seen("failing", None)),
    ],
)
def test_what_is_said_is_heard(sqlite, is_alive, status, expected):
    assert heard(sqlite.database) == Seen("absent", None)
    engine = SimpleNamespace(is_alive=is_alive, current=None if status is None else SimpleNamespace(status=status))
    apart._say(sqlite.database, apart.seen(engine))
    assert heard(sqlite.database) == expected
    with sqlite.database.write() as connection:
        connection.execute(sa.update(engine_state).values(told_at=now() - apart.SILENT_MS - 1))
    assert heard(sqlite.database) == Seen("silent", expected.status)


def test_it_goes_on_after_the_database_failed_and_takes_its_word_back(sqlite, monkeypatch):
    monkeypatch.setattr(apart, "SAY_S", 0.01)
    fails, told, say = iter([True, False]), [], apart._say

    def failing(*words):
        if next(fails, False):
            raise sa.exc.OperationalError("UPDATE", {}, Exception("locked"))
        say(*words)

    monkeypatch.setattr(apart, "_say", failing)
    end = happenings.listen(lambda what, _: told.append(what))
    saying = Saying(sqlite, SimpleNamespace(is_alive=True, current=SimpleNamespace(status=lambda: FAR)))
    while heard(sqlite.database).state != "following":
        saying._stopping.wait(0.01)
    saying.close()
    end()
    assert told == ["engine_state_failed"]
    assert heard(sqlite.database).state == "absent"
