"""The engine in a process of its own: asked from outside, killed, and told to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.flow import engine_process
from shoal.flow.engine_process import EngineProcess
from shoal.flow.home import one_writer
from shoal.flow.reading import open_reading
from shoal.flow.replaying import known_letters
from shoal.ingest.canonical import Record, to_batch
from shoal.segments import parse
from shoal.store import journal

NOW = Instant(1_790_000_000_000)

SIDE = """
import sys; from pathlib import Path
from shoal.flow.engine_process import follow; from shoal.flow.home import open_home
follow(open_home(Path(sys.argv[1])), *map(int, sys.argv[2:]))
"""


def until(condition):
    tick, end = threading.Event(), time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        tick.wait(0.01)


@pytest.fixture
def running(sqlite, monkeypatch):
    """An engine that follows."""
    monkeypatch.setattr(engine_process, "AGAIN_S", 0.01)
    ended = []
    engine = EngineProcess(
        sqlite, [sys.executable, "-c", SIDE, str(sqlite.home.folder)], lambda: ended.append("unflushed")
    )
    until(lambda: engine.current is not None)
    yield engine
    engine.close()
    assert not ended


def offer(opened, number):
    """Put an event into the journal."""
    batch = to_batch([(0, Record(("user:ada",), "Seen", message_id=f"m{number}"))], NOW)
    with opened.database.write() as connection:
        journal.append(connection, origin="api:web", source="web", received_at=NOW, batch=batch)


def people(engine):
    current = engine.current
    return None if current is None else current.status().people


def test_it_answers_what_the_live_reading_would(running, sqlite):
    current = running.current
    assert people(running) == 0
    offer(sqlite, 1)
    running.wake()
    until(lambda: people(running) == 1)
    status, counts = current.counts((parse('did "Seen"'), parse('did not do "Seen"')), {})
    assert (status.people, counts) in [(1, [None, None]), (1, [1, 0])]  # None where no segment counts it
    name, size = next(iter(sorted(current.sizes().items())))
    assert len(current.everybody(name)) == size == len(current.members(name))
    assert current.everybody("no such segment") is None
    with pytest.raises(UserError) as refused:
        current.members("no such segment")
    assert refused.value.code == "unknown_segment"
    assert {each.segment for each in current.standings(1)} == set()
    assert current.wait(-1, 0) == current.status().newest


def test_it_starts_again_after_a_kill_and_nothing_is_lost(running, sqlite):
    before = running._process.pid
    offer(sqlite, 1)
    os.kill(before, signal.SIGKILL)
    until(lambda: running._process.pid != before)
    states = []

    def follows():
        states.append((running.is_alive, running._state.is_ready))
        return people(running) == 1

    until(follows)
    assert running.is_alive
    assert (True, False) not in states, "while another starts it is not alive"


def test_who_waits_for_an_answer_is_told_when_it_ends(running):
    pid = running._process.pid
    os.kill(pid, signal.SIGSTOP)  # so that the question is on its way
    asking = threading.Timer(0.2, lambda: os.kill(pid, signal.SIGKILL))
    asking.start()
    with pytest.raises(UserError) as refused:
        running.current.status()
    assert refused.value.code == "starting"
    until(lambda: running.current is not None and running._process.pid != pid)


def test_nobody_who_wakes_it_waits_while_it_hangs(running):
    os.kill(running._process.pid, signal.SIGSTOP)
    for _ in range(100_000):
        running.wake()
    os.kill(running._process.pid, signal.SIGCONT)


def test_it_ends_when_the_server_is_gone(sqlite):
    server = f"""
import sys; sys.argv[1:] = [{str(sqlite.home.folder)!r}]
from pathlib import Path; import time
from shoal.flow.engine_process import EngineProcess; from shoal.flow.home import open_home
engine = EngineProcess(open_home(Path(sys.argv[1])), [sys.executable, "-c", {SIDE!r}, sys.argv[1]], lambda: None)
while engine.current is None: time.sleep(0.01)
print(engine._process.pid, flush=True); time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", server], stdout=subprocess.PIPE, text=True) as process:
        pid = int(process.stdout.readline())
        process.kill()

    def is_free():
        with suppress(UserError), one_writer(sqlite.home):
            return True
        return False

    until(is_free)
    assert not Path(f"/proc/{pid}/exe").exists()


def test_it_holds_the_lock_until_it_is_closed(running, sqlite):
    with pytest.raises(UserError) as refused, one_writer(sqlite.home):
        pass
    assert refused.value.code == "busy"


def test_a_stop_takes_what_is_in_the_journal(sqlite):
    engine = EngineProcess(sqlite, [sys.executable, "-c", SIDE, str(sqlite.home.folder)], lambda: None)
    offer(sqlite, 1)
    engine.close()
    with sqlite.database.read() as connection:
        assert journal.waiting(connection, after=journal.offset_of(connection, "lake")) == 0
    with one_writer(sqlite.home):
        pass


def test_records_with_which_it_dies_or_fails_again_and_again_are_put_away(sqlite):
    def offer_five(fault):
        said = [{"n": number, **({"fault": fault} if number == 3 else {})} for number in range(5)]
        each = [Record((f"user:{fault}{n}",), "Seen", message_id=f"{fault}{n}", properties=said[n]) for n in range(5)]
        with sqlite.database.write() as connection:
            batch = to_batch([(0, record) for record in each], NOW)
            journal.append(connection, origin="api:web", source="web", received_at=NOW, batch=batch)

    command = [sys.executable, str(Path(__file__).with_name("poisoned.py")), str(sqlite.home.folder)]
    offer_five("dies")
    engine = EngineProcess(sqlite, command, lambda: None)
    until(lambda: known_letters(sqlite))
    offer_five("raises")
    engine.wake()
    until(lambda: len(known_letters(sqlite)) == 2)
    engine.close()
    assert [json.loads(each.letter.payload)["messageId"] for each in known_letters(sqlite)] == ["dies3", "raises3"]
    assert {(each.letter.reason, each.source) for each in known_letters(sqlite)} == {("crashes_engine", "web")}
    with open_reading(sqlite) as duck:
        assert duck.execute("SELECT count(*) FROM events").fetchall() == [(8,)]
