"""The live reading of a running server: what arrives is folded in, the clock goes on, and every change is told.

A turn is: look what the journal has, find who is who, move the clock, fold the facts, and write the changes with how
far the feed is in one transaction. Files are written in larger portions, apart from that. What a killed server had told
is known from the feed, so a new start goes on exactly there (`baseline`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.time import Instant
from shoal.core.time import now as now_
from shoal.flow import baseline, facts, live, netting, retention, unifying
from shoal.flow.baseline import Baseline
from shoal.flow.defining import known
from shoal.flow.drain import Drain, Fresh
from shoal.flow.home import Opened
from shoal.flow.in_memory import InMemory
from shoal.flow.reading import open_reading
from shoal.flow.told import Told, tell
from shoal.flow.whose import Moves, Whose, moves
from shoal.profiles import identity
from shoal.profiles.tables import identity_links
from shoal.segments import feed, versions
from shoal.segments.feed import Reason
from shoal.segments.live import Changes, Facts, Live
from shoal.segments.live.people import Ids
from shoal.segments.lowered import Core
from shoal.segments.nodes import Node
from shoal.store import rows

KEEP_ROWS = 50_000
KEEP_S = 2.0
"""Files are written for so many rows, or when the oldest of them has waited so long."""

MOST_ROWS = 4 * KEEP_ROWS
"""With so many the turns wait for the files."""

STROKE_MS = 2_000
"""So often the clock goes on while nothing arrives and nothing is due."""

LOOK_S = 0.5
"""Between two looks at whether segments were defined anew."""

BASELINE_CHANGES = 500_000
"""After so many changes the members are written down whole again."""

TRIM_S = 3_600.0
"""Between two times at which journal and feed forget what they have kept for long enough."""

ASK_SHARE, ASK_SHARE_IDLE = 50, 200
"""Declared gaps are asked for so seldom that it takes one of so many parts of the time: while something arrives, and
while only the clock goes on."""

Part = tuple[Changes, Reason]


class Following:
    """The live reading over a drain; one thread calls it, and others read `current`."""

    def __init__(self, opened: Opened, drain: Drain) -> None:
        self._opened, self._drain = opened, drain
        self._waited: float | None = None  # since when the oldest record waits for a file
        self._looked = self._asked = 0.0
        self._ask_after = self._ask_after_idle = 0.0
        self._arrived = 0.0  # when something did, for the last time
        self._trimmed = time.monotonic()
        self._numbers: dict[str, int] = {}  # the newest version of each segment that was ever followed here
        self._beside = ThreadPoolExecutor(1, "asking")
        self._asking: Future[_Asked] | None = None
        unifying.unify(opened)
        with opened.database.read() as connection:
            state = feed.state(connection)
            self._number = self._written = feed.newest(connection)
            told = baseline.load(opened.home.derived, connection)
        self._offset = state.offset if state else drain.offset
        definitions = self._definitions()
        self._reading, self._whose = self._built(definitions.nodes, state.clock if state else now_())
        self._asks = Told(self._reading.needs)
        self.current = InMemory(self._reading, definitions.versions, self._number, opened.database)
        self._begin(state, told)

    def _begin(self, state: feed.State | None, told: Baseline | None) -> None:
        """Go on where the feed is."""
        while state and (fresh := self._drain.take(until=state.offset)) is not None:
            self._fold(fresh, None, self._reading.now)  # it was told already, or is among the differences
        self._waited = time.monotonic() if self._drain.waiting else None
        self._tell([(told.differences(self._reading), "event")] if told and state else [], force=True)
        self._save()
        self.next_due = self._due()  # the next instant at which time alone may change something

    def turn(self) -> bool:
        """A step, and what else is due; whether there was anything to take."""
        is_fresh = self.step()
        if time.monotonic() - self._looked > LOOK_S:
            self._look()
        self._ask()
        if self._waited is not None and (self._drain.waiting > KEEP_ROWS or time.monotonic() - self._waited > KEEP_S):
            self._begin_keep()
        if self._number - self._written > BASELINE_CHANGES:
            self._save()
        if time.monotonic() - self._trimmed > TRIM_S:
            self._trim()
        return is_fresh

    def step(self) -> bool:
        """Take what arrived, move the clock and tell; whether there was anything to take."""
        fresh = self._drain.take()
        if fresh is not None:
            self._arrived = time.monotonic()
            self._waited = self._arrived if self._waited is None else self._waited
        if fresh is not None and (fresh.keys.num_rows or fresh.links.num_rows):
            self._unified(fresh)
        elif fresh is not None or now_() >= min(self.next_due, self._reading.now + STROKE_MS):
            self._tell(self._fold(fresh, None), fresh)
        return fresh is not None

    def keep(self) -> None:
        """Write what waits to files."""
        self._drain.keep()
        self._waited = None

    def _begin_keep(self) -> None:
        """The same beside the turns, unless more than enough waits."""
        if self._drain.begin_keep():
            self._waited = None
        elif self._drain.waiting > MOST_ROWS:
            self.keep()

    def close(self) -> None:
        """Write everything down."""
        self._beside.shutdown()
        self.keep()
        self._save()

    def _save(self) -> None:
        baseline.save(self._opened.home.derived, self._reading, self._number)
        self._written = self._number

    def _trim(self) -> None:
        """Forget what was in the lake, and on the feed, for long enough; the members are written down before."""
        self._save()
        retention.trim(self._opened, now_())
        self._trimmed = time.monotonic()

    def _definitions(self) -> _Definitions:
        with self._opened.database.read() as connection:
            self._signature = versions.signature(connection)
        self._looked = time.monotonic()
        found = known(self._opened)
        numbers = {name: found.current[name].number if name in found.current else 0 for name in found.sound}
        self._numbers |= numbers
        return _Definitions(found.sound, numbers)

    def _built(self, nodes: Mapping[str, Node], clock: Instant) -> tuple[Live, Whose]:
        """A live reading from the lake, and whose each key is."""
        with open_reading(self._opened) as duck:
            made = live.cold(duck, nodes, clock)
            found = duck.sql("SELECT key, subscriber FROM keys").to_arrow_table()
        keys = found["key"].to_numpy()
        with self._opened.database.read() as connection:
            links = rows.fetch(connection, identity_links.c.a, identity_links.c.b)
        self._drain.acquainted.expect(keys, (links["a"].to_numpy(), links["b"].to_numpy()), now_())
        return made, Whose(facts.places_of(keys, found["subscriber"].to_numpy(), made.people.ids))

    def _unified(self, fresh: Fresh) -> None:
        """A turn with people, or links between their keys, that were not known."""
        with self._opened.database.write() as connection:
            identity.observe(connection, fresh.keys, fresh.links)
            resolved = identity.resolve_within(connection)
            found = None if resolved.people is None else self._moves(resolved.people)
            is_split = found is not None and found.is_split
            if not is_split:
                self._tell(self._fold(fresh, found), fresh, connection)
        unifying.keep(self._opened, resolved)
        if is_split:
            self._rebuild(fresh)
        self.current.moved(self._number)

    def _moves(self, people: pa.Table) -> Moves:
        """What a resolve changed."""
        before = self._whose.find(people["key"].to_numpy())
        return moves(people, np.append(self._reading.people.ids, -1)[before])

    def _rebuild(self, fresh: Fresh) -> None:
        """Somebody became several people: read the lake again."""
        self.keep()
        before = Baseline({name: self._reading.ids(name) for name in self._reading.members.names})
        nodes = self._definitions()
        made, self._whose = self._built(nodes.nodes, Instant(max(self._drain.as_of, self._reading.now)))
        self._reading, self._asks = made, Told(made.needs)
        self.current.replace(made, nodes.versions)
        self._tell([(before.differences(made), "people")], fresh)

    def _fold(self, fresh: Fresh | None, found: Moves | None, clock: Instant | None = None) -> list[Part]:
        """Move the clock, take who is who now, and the records of the table `fresh`.

        The clock goes to an instant of which all that was acknowledged by then is at hand.
        """
        duck, clock = self._drain.duck, Instant(max(self._drain.as_of, self._reading.now)) if clock is None else clock
        tables = frozenset[str]() if fresh is None else tell(duck)
        with self.current.turn() as reading:
            by_time = reading.advance(clock)
            by_people = by_facts = by_time.some(np.empty(0, np.int64))
            if found is not None:
                by_people = reading.merge(found.gone, found.into, found.persons)
                self._whose.update(found.keys, reading.people.places(found.subscribers))
            told = Facts()
            if fresh is not None:
                told = self._asks.facts(duck, self._whose, tables)
                replaced = self._asks.replaced(duck, self._whose) if fresh.superseding.num_rows else Facts()
                by_facts = reading.fold(told, taken_back=replaced)
            if (len(by_facts) and len(by_time)) or len(by_people):
                subscribers = np.concatenate((by_people.subscriber, by_facts.subscriber))
                earliest = netting.earliest_of(told, reading.people.places(subscribers))
                by_time, by_people, by_facts = netting.net(by_time, by_people, by_facts, earliest)
        self.next_due = self._due()
        return [(by_time, "time"), (by_people, "people"), (by_facts, "event")]

    def _due(self) -> Instant:
        return Instant(self._reading.store.next(self._reading.now))

    def _tell(
        self,
        parts: Sequence[Part],
        fresh: Fresh | None = None,
        connection: sa.Connection | None = None,
        *,
        force: bool = False,
    ) -> None:
        """Write changes and how far the feed is, in the caller's transaction or one of their own."""
        told = [_rows(changes, reason, self._numbers) for changes, reason in parts if len(changes)]
        if not (told or fresh or force):
            return
        self._offset = fresh.last if fresh else self._offset
        with nullcontext(connection) if connection else self._opened.database.write() as writing:
            if told:
                self._number = feed.append(writing, pa.concat_tables(told), now_())
            feed.move(writing, feed.State(self._offset, self._reading.now))
        if connection is None:
            self.current.moved(self._number)

    def _look(self) -> None:
        """Follow segments as they are defined now."""
        self._looked = time.monotonic()
        with self._opened.database.read() as connection:
            if versions.signature(connection) == self._signature:
                return
        self.keep()
        definitions = self._definitions()
        with open_reading(self._opened) as duck, self.current.turn() as reading:
            ended = [name for name in reading.members.names if name not in definitions.nodes]
            before = Baseline({name: reading.ids(name) for name in ended})
            needs = reading.define(definitions.nodes)
            for told in facts.read(duck, reading.people.ids, needs, reading.now):
                reading.load(told)
            changed = [before.differences(reading, only=ended), reading.settle()]
            changed.append(live.refresh(duck, reading, needs.gapped))
            self.current.replace(reading, definitions.versions)
        self._asks = Told(reading.needs)
        self._tell([(changes, "definition") for changes in changed])

    def _ask(self) -> None:
        """Have declared gaps asked of the `sql` reading beside all else, and take what it said."""
        after = self._ask_after if self._arrived > self._asked else self._ask_after_idle
        if self._asking is None and self._reading.to_ask() and time.monotonic() > after:
            self._asked = time.monotonic()
            self.keep()
            self._asking = self._beside.submit(_Asked.of, self._opened, self._reading.to_ask(), self._reading.now)
        if self._asking is not None and self._asking.done():
            asked, self._asking = self._asking.result(), None
            with self.current.turn() as reading:
                changes = reading.refresh(asked.answers, asked.at)
            self._tell([(changes, "asked")])
            self._ask_after = time.monotonic() + ASK_SHARE * asked.seconds
            self._ask_after_idle = time.monotonic() + ASK_SHARE_IDLE * asked.seconds


@dataclass(frozen=True, slots=True)
class _Asked:
    at: Instant
    answers: Mapping[Core, Ids]
    seconds: float  # that it took

    @classmethod
    def of(cls, opened: Opened, gaps: Sequence[Core], at: Instant) -> _Asked:
        start = time.monotonic()
        with open_reading(opened) as duck:
            return cls(at, live.answers(duck, gaps, at), time.monotonic() - start)


@dataclass(frozen=True, slots=True)
class _Definitions:
    nodes: Mapping[str, Node]
    versions: Mapping[str, int]  # 0 where nothing was applied: a starter, or a file


def _rows(changes: Changes, reason: Reason, numbers: Mapping[str, int]) -> pa.Table:
    size, segment = len(changes), pa.array(changes.segment)
    of_name = pa.array([numbers.get(name, 0) for name in changes.names], pa.int32())
    columns = {
        "at": changes.at,
        "subscriber": changes.subscriber,
        "segment": pa.array(changes.names, pa.string()).take(segment),
        "version": of_name.take(segment),
        "entered": changes.entered,
        "reason": pa.repeat(reason, size),
    }
    return pa.table(columns, schema=feed.SCHEMA)
