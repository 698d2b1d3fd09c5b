"""The deliverer of a running server: real threads, real servers, and processes that are killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa
from audiences import Segments
from receivers import answering, dropping, receiver, silent

from shoal.core import happenings
from shoal.core.time import Instant
from shoal.destinations import attempts, record
from shoal.flow import delivering, destinations
from shoal.flow.allowed import Allowed
from shoal.flow.delivering import Deliverer
from shoal.flow.home import open_home
from shoal.segments import versions
from shoal.segments.versions import Version
from shoal.store.secret import secret_at

PATIENCE_S = 60


@pytest.fixture
def others():
    with receiver() as one, receiver() as two, receiver() as three:
        yield one, two, three


def allowing(opened, *others):
    """The workspace again, with a segment of its own and its settings changed."""
    hosts = ", ".join(f'"127.0.0.1:{other.port}"' for other in others)
    vip = Version("vip", 1, "new", "ever", '{"ever": true}', "{}", (), None, "a test", Instant(1))
    with opened.database.write() as connection:
        versions.add(connection, [vip])
    opened.database.close()
    opened.home.settings.write_text(f"allow_hosts: [{hosts}]\n")
    return open_home(opened.home.folder)


def delivering_to(opened, current=lambda: None):
    return Deliverer(opened, secret_at(opened.home.secret), current)


def came(other, count):
    for _ in range(count):
        assert other.arrived.acquire(timeout=PATIENCE_S)


def changes(other):
    seen = {one.headers["webhook-id"]: one for one in other.got}
    return [each["number"] for one in seen.values() for each in one.document["data"]["changes"]]


def test_one_that_is_dead_or_slow_holds_up_nobody(sqlite, others):
    good, dead, slow = others
    opened = allowing(sqlite, *others)
    until = threading.Event()
    dead.always, slow.always = dropping, silent(until)
    for name, other in zip(("good", "dead", "slow"), others, strict=True):
        destinations.create_destination(opened, name, "webhook", {"url": other.url, "batch": 1})
    segments = Segments(opened.database)
    deliverer = delivering_to(opened)
    try:
        segments.change(("vip", 1, True))
        came(dead, 1)
        came(slow, 1)
        came(good, 1)
        for person in range(2, 6):
            segments.change(("vip", person, True))
            came(good, 1)
        assert changes(good) == [1, 2, 3, 4, 5]
        assert len(slow.got) == 1
        assert deliverer.is_alive
    finally:
        until.set()
        deliverer.close()
        opened.database.close()


def test_it_stops_after_what_is_on_its_way_and_goes_on_there(sqlite, others):
    other = others[0]
    opened = allowing(sqlite, other)
    destinations.create_destination(opened, "d", "webhook", {"url": other.url, "batch": 1})
    segments = Segments(opened.database)
    segments.change(*[("vip", person, True) for person in range(3)])
    until = threading.Event()
    other.behave = [silent(until)]
    deliverer = delivering_to(opened)
    came(other, 1)
    closing = threading.Thread(target=deliverer.close)
    closing.start()
    until.set()
    closing.join(PATIENCE_S)
    assert not closing.is_alive()
    assert destinations.see(opened, "d").destination.cursor == len(other.got) == 1
    deliverer = delivering_to(opened)
    came(other, 2)
    deliverer.close()
    assert changes(other) == [1, 2, 3]
    assert len(other.got) == 3
    opened.database.close()


def test_what_is_allowed_is_read_anew(sqlite, others):
    """Also by whoever makes a destination while the server runs."""
    opened, other = allowing(sqlite), others[0]
    segments = Segments(opened.database)
    deliverer = delivering_to(opened)
    try:
        opened.home.settings.write_text(f'allow_hosts: ["127.0.0.1:{other.port}"]\n')
        destinations.create_destination(opened, "d", "webhook", {"url": other.url})
        segments.change(("vip", 1, True))
        came(other, 1)
    finally:
        deliverer.close()
        opened.database.close()


def test_settings_that_can_not_be_read_change_nothing(sqlite):
    rules, told = Allowed(sqlite), []
    end = happenings.listen(lambda what, _: told.append(what))
    sqlite.home.settings.write_text("allow_ports: [8080]\n")
    assert rules().ports == {8080}
    sqlite.home.settings.write_text("allow_ports: [80")
    assert rules().ports == rules().ports == {8080}
    assert told == ["settings_failed"]
    end()


def test_a_mistake_of_ours_ends_one_destination_only(sqlite, others, monkeypatch):
    opened = allowing(sqlite, *others)
    for name, other in zip(("bad", "good"), others, strict=False):
        destinations.create_destination(opened, name, "webhook", {"url": other.url})
    number = destinations.see(opened, "bad").destination.id
    real = delivering.Teller.tell

    def tell(self, asked):
        if asked == number:
            raise ZeroDivisionError
        real(self, asked)

    monkeypatch.setattr(delivering.Teller, "tell", tell)
    segments = Segments(opened.database)
    deliverer = delivering_to(opened)
    segments.change(("vip", 1, True))
    came(others[1], 1)
    deliverer.close()
    found = destinations.see(opened, "bad").destination
    assert (found.state, found.reason) == ("failing", "internal")
    opened.database.close()


def test_a_secret_that_can_not_be_read_any_more_is_told_and_can_be_mended(sqlite, others):
    opened = allowing(sqlite, others[0])
    destinations.create_destination(opened, "d", "webhook", {"url": others[0].url})
    Segments(opened.database).change(("vip", 1, True))
    deliverer = Deliverer(opened, b"another", lambda: None)
    end = time.monotonic() + PATIENCE_S
    while destinations.see(opened, "d").destination.state == "active" and time.monotonic() < end:
        time.sleep(0.02)
    deliverer.close()
    assert destinations.see(opened, "d").destination.reason == "damaged_secret"
    assert others[0].got == []
    destinations.resume(opened, "d")
    deliverer = delivering_to(opened)
    came(others[0], 1)
    deliverer.close()
    opened.database.close()


def test_a_disk_that_is_full_for_a_while_ends_nothing(sqlite, others, monkeypatch):
    monkeypatch.setattr(delivering, "REST_S", 0.01)
    opened = allowing(sqlite, others[0])
    destinations.create_destination(opened, "d", "webhook", {"url": others[0].url})
    refused = iter([OSError(errno.ENOSPC, "full"), sa.exc.OperationalError("SELECT", {}, Exception("locked"))])
    real = delivering.Teller.tell

    def tell(self, asked):
        for error in refused:
            raise error
        real(self, asked)

    monkeypatch.setattr(delivering.Teller, "tell", tell)
    segments = Segments(opened.database)
    segments.change(("vip", 1, True))
    looks = iter([OSError(errno.ENOSPC, "full")])
    newest = delivering.feed.newest

    def look(connection):
        for error in looks:
            raise error
        return newest(connection)

    monkeypatch.setattr(delivering.feed, "newest", look)
    deliverer = delivering_to(opened)
    came(others[0], 1)
    deliverer.close()
    assert destinations.see(opened, "d").destination.state == "active"
    opened.database.close()


class Waiting:
    """The live reading of a server, as far as the deliverer asks it."""

    def __init__(self):
        self.told = threading.Semaphore(0)

    def wait(self, after, timeout_s):
        self.told.acquire(timeout=timeout_s)
        return after


def test_a_change_is_told_as_soon_as_the_live_reading_tells_of_it(sqlite, others, monkeypatch):
    monkeypatch.setattr(delivering, "PAUSE_S", PATIENCE_S)
    opened = allowing(sqlite, others[0])
    destinations.create_destination(opened, "d", "webhook", {"url": others[0].url})
    segments, waiting = Segments(opened.database), Waiting()
    deliverer = delivering_to(opened, lambda: waiting)
    segments.change(("vip", 1, True))
    waiting.told.release()
    while not others[0].arrived.acquire(timeout=0.05):  # the first turn may have been under way still
        waiting.told.release()
    closing = threading.Thread(target=deliverer.close)
    closing.start()
    while closing.is_alive():
        waiting.told.release()
        closing.join(0.01)
    opened.database.close()


DELIVERING = """
import sys, time
from pathlib import Path
from shoal.flow.delivering import Deliverer
from shoal.flow.home import open_home
from shoal.segments import versions
from shoal.segments.versions import Version
from shoal.store.secret import secret_at
opened = open_home(Path(sys.argv[1]))
deliverer = Deliverer(opened, secret_at(opened.home.secret), lambda: None)
while deliverer.is_alive:
    time.sleep(0.1)
"""


def test_killed_between_delivery_and_commit_the_same_is_sent_again(sqlite, others):
    other = others[0]
    opened = allowing(sqlite, other)
    destinations.create_destination(opened, "d", "webhook", {"url": other.url, "batch": 2})
    segments = Segments(opened.database)
    segments.change(*[("vip", person, True) for person in range(3)])
    processes: list[subprocess.Popen[bytes]] = []

    def killing(call, got):
        os.kill(processes[-1].pid, signal.SIGKILL)
        processes[-1].wait(PATIENCE_S)
        answering(200)(call, got)

    kills = 4
    for turn in range(kills):
        other.behave = [*[answering(200)] * (turn % 2), killing]
        processes.append(subprocess.Popen([sys.executable, "-c", DELIVERING, str(opened.home.folder)]))
        assert processes[-1].wait(PATIENCE_S) == -signal.SIGKILL
        segments.change(("vip", 10 + turn, True))
    processes.append(subprocess.Popen([sys.executable, "-c", DELIVERING, str(opened.home.folder)]))
    newest = 3 + kills
    end = time.monotonic() + PATIENCE_S
    while destinations.see(opened, "d").destination.cursor < newest and time.monotonic() < end:
        time.sleep(0.02)
    processes[-1].kill()
    processes[-1].wait(PATIENCE_S)
    assert changes(other) == list(range(1, newest + 1))
    bodies: dict[str, set[bytes]] = {}
    for one in other.got:
        bodies.setdefault(one.headers["webhook-id"], set()).add(one.body)
    assert {len(each) for each in bodies.values()} == {1}, "the same id is the same, byte for byte"
    assert len(other.got) == len(bodies) + kills, "and was sent once more for each kill"
    with opened.database.read() as connection:
        assert len(attempts.recent(connection, record.known(connection)[0].id)) == len(bodies)
    opened.database.close()
