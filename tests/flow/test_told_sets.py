"""Law: whatever changes, fails and is lost in between, what a receiver holds in the end is who is a member."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

import pytest
from audiences import Clock, Segments
from hypothesis import given, settings
from hypothesis import strategies as st

from homes import create
from shoal.core.spreadsheets import restored
from shoal.destinations import attempts, record
from shoal.destinations.addresses import Rules
from shoal.destinations.kind import DELIVERED, Outcome
from shoal.destinations.kinds import kind_of
from shoal.flow import telling
from shoal.flow.home import Opened, open_home
from shoal.flow.telling import Teller
from shoal.segments import feed
from shoal.store.secret import secret_at

_NUMBERS = count()
SEGMENTS = ("a", "b")
PEOPLE = range(6)
SETTINGS = {
    "webhook": {"url": "https://example.org/in", "batch": 2},
    "csv": {"fields": ["subscriber"]},
    "http": {
        "add": {"url": "https://example.org/{segment}", "body": "{members}"},
        "remove": {"url": "https://example.org/{segment}", "body": "{members}", "method": "DELETE"},
        "member": "{subscriber}",
        "batch": 2,
    },
}


class Crash(BaseException):
    """The process ends here."""


class Holding:
    """A receiver that forgets nothing, and takes a batch that it has seen for nothing new."""

    def __init__(self):
        self.held = {name: set() for name in SEGMENTS}
        self.seen, self.bodies = set(), {}

    def take(self, sending):
        batch = sending.batch
        assert self.bodies.setdefault(batch.id, batch.content) == batch.content, "the same id is the same batch"
        if batch.id in self.seen:
            return
        self.seen.add(batch.id)
        for segment, person, entered in self.told(sending):
            held = self.held[segment]
            (held.add if entered else held.discard)(person)

    def told(self, sending):
        batch = sending.batch
        if batch.action == "changes":
            for each in json.loads(batch.content)["data"]["changes"]:
                yield each["segment"], int(each["subscriber"], 16), each["entered"]
            return
        if batch.action == "full":
            self.held[batch.segment].clear()
        for row in telling.membership.packed(batch.content).to_pylist():
            yield batch.segment, int(row["subscriber"], 16), batch.action != "remove"


class World:
    """One destination of a kind, and a receiver that behaves as it is told to."""

    def __init__(self, opened, kind):
        self.opened, self.clock, self.holding = opened, Clock(), Holding()
        self.segments = Segments(opened.database, SEGMENTS)
        self.behaves: list[str] = []
        self.key = secret_at(opened.home.secret)
        with opened.database.write() as connection:
            found = record.create(
                connection,
                self.key,
                name=f"d{next(_NUMBERS)}",
                kind=kind,
                settings=kind_of(kind).check(SETTINGS[kind], Rules()),
                segments=None,
                secrets=[],
                cursor=feed.newest(connection),
                at=self.clock(),
            )
        self.number, self.name = found.id, found.name

    def send(self, sending):
        how = self.behaves.pop(0) if self.behaves else "takes"
        if how == "refuses":
            return Outcome("refused", 503)
        self.holding.take(sending)
        if how == "crashes":
            raise Crash
        return Outcome("connection") if how == "loses" else Outcome(DELIVERED, 200)

    def tell(self):
        try:
            Teller(self.opened, self.key, Rules(), self.segments, self.clock, lambda: 0.0).tell(self.number)
        except Crash:
            return
        finally:
            self.clock.pass_ms(10**9)

    def resume(self):
        with self.opened.database.write() as connection:
            found = record.get(connection, self.number)
            if found.state != "active":
                record.activate(connection, self.number, found.cursor)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[Opened]:
    """One workspace for all examples: to make one takes longer than to tell."""
    folder = tmp_path_factory.mktemp("told") / "home"
    create(folder)
    opened = open_home(folder)
    yield opened
    opened.database.close()


@contextmanager
def world(opened: Opened, kind: str) -> Iterator[World]:
    found = World(opened, kind)
    try:
        yield found
    finally:
        with opened.database.write() as connection:
            record.remove(connection, found.number)


change = st.tuples(st.sampled_from(SEGMENTS), st.sampled_from(PEOPLE), st.booleans())
step = st.one_of(
    st.lists(change, min_size=1, max_size=6),
    st.lists(st.sampled_from(["takes", "refuses", "loses", "crashes"]), max_size=3).map(tuple),
)


@pytest.mark.parametrize("kind", SETTINGS)
@settings(max_examples=40)
@given(steps=st.lists(step, max_size=10))
def test_a_receiver_holds_the_members(home, kind, steps):
    with world(home, kind) as here, pytest.MonkeyPatch.context() as patched:
        told = kind_of(kind)
        patched.setattr(telling, "kind_of", lambda _: replace(told, send=here.send))
        for each in steps:
            if isinstance(each, list):
                here.segments.change(*each)
            else:
                here.behaves = list(each)
                here.tell()
        here.behaves = []
        here.resume()
        here.tell()
        assert here.holding.held == here.segments.inside
        with here.opened.database.read() as connection:
            assert record.get(connection, here.number).on_its_way is None
            assert len(attempts.recent(connection, here.number)) <= attempts.MOST_KEPT


@settings(max_examples=40)
@given(steps=st.lists(st.lists(change, max_size=6), max_size=6))
def test_files_put_one_after_the_other_are_the_members(home, steps):
    with world(home, "csv") as here:
        for each in steps:
            here.segments.change(*each)
            here.tell()
        here.tell()
        held = {name: set() for name in SEGMENTS}
        folder = here.opened.home.destinations / here.name
        for file in sorted(folder.iterdir()):
            _, _, segment, action = file.stem.split("-")
            with file.open(newline="", encoding="utf-8") as opened:
                people = {int(restored(row["subscriber"]), 16) for row in csv.DictReader(opened)}
            held[segment] = held[segment] - people if action == "removed" else held[segment] | people
        assert held == here.segments.inside
