"""The engine's thread: it goes on after what kept it from it, and ends in order."""

from __future__ import annotations

import threading

import pytest

from shoal.core.errors import UserError
from shoal.flow import engine as engines
from shoal.flow.engine import EngineThread
from shoal.flow.following import Following
from shoal.flow.home import one_writer
from shoal.segments import feed
from shoal.store import journal


def until(condition):
    """Wait for something that has to come; a hang is ended by the suite's limit."""
    tick = threading.Event()
    while not condition():
        tick.wait(0.01)


def test_it_starts_anew_when_something_failed(sqlite, monkeypatch):
    monkeypatch.setattr(engines, "AGAIN_S", 0.01)
    turn, failures = Following.turn, iter([OSError("no room"), ValueError("a fault")])

    def failing(self):
        if (error := next(failures, None)) is not None:
            raise error
        return turn(self)

    monkeypatch.setattr(Following, "turn", failing)
    running = EngineThread(sqlite)
    until(lambda: next(failures, "over") == "over" and running.is_alive and running.current is not None)
    running.close()


def test_while_it_fails_it_is_not_alive_and_close_says_why(sqlite, monkeypatch):
    def failing(_self):
        raise OSError("no room")

    monkeypatch.setattr(Following, "turn", failing)
    running = EngineThread(sqlite)
    until(lambda: not running.is_alive)
    assert running.current is None
    with pytest.raises(OSError, match="no room"):
        running.close()


def test_it_holds_the_lock_until_it_is_closed(sqlite):
    running = EngineThread(sqlite)
    with pytest.raises(UserError, match="Another Shoal command"), one_writer(sqlite.home):
        pass
    running.close()
    with one_writer(sqlite.home), sqlite.database.read() as connection:
        state = feed.state(connection)
        assert state is not None
        assert state.offset == journal.offset_of(connection, "lake")
