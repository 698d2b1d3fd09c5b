"""One destination's turn: what it is to be told next, sent, and noted.

A batch is kept before it is sent, and forgotten in the transaction that notes that it was delivered. So after a crash
in between it is sent again as it was, with the same id, and nothing is told of what came later before that is done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import sqlalchemy as sa

from shoal.core.time import Duration, Instant, now
from shoal.destinations import attempts, membership, record
from shoal.destinations.addresses import Rules
from shoal.destinations.kind import Action, Batch, Kind, Outcome, Sending
from shoal.destinations.kinds import kind_of, webhook
from shoal.destinations.ladder import wait_ms
from shoal.destinations.record import Destination
from shoal.flow.audiences import Audience, contacts, told_as
from shoal.flow.home import Opened
from shoal.segments import feed

GONE = "gone"
"""Why a destination is paused whose receiver answered 410."""

FORGOTTEN = "changes_forgotten"
"""Why a destination fails that was left alone for longer than changes are kept."""


@dataclass(frozen=True, slots=True)
class Teller:
    """All that is needed to tell a destination."""

    opened: Opened
    key: bytes  # the workspace's secret
    rules: Rules
    audience: Audience
    clock: Callable[[], Instant] = now
    chance: Callable[[], float] = random.random
    is_stopping: Callable[[], bool] = lambda: False

    def tell(self, number: int) -> None:
        """Send what is due, until nothing is, a delivery fails, or it is to stop."""
        while not self.is_stopping():
            with self.opened.database.read() as connection:
                destination = record.get(connection, number)
                newest = feed.newest(connection)
            if destination is None or not is_due(destination, newest, self.clock()):
                return
            kind = kind_of(destination.kind)
            if destination.on_its_way is not None:
                goes_on = self._deliver(destination, kind, destination.on_its_way)
            elif kind.follows == "changes":
                goes_on = self._tell_changes(destination, kind)
            else:
                goes_on = self._tell_members(destination, kind, newest)
            if not goes_on:
                return

    def test(self, destination: Destination) -> Outcome:
        """Try to reach the receiver, telling it nothing of anybody."""
        batch = Batch(f"test-{destination.id}-{self.clock()}", "changes", "", 0, None, b"")
        return self._send(destination, batch, kind_of(destination.kind).test)

    def _tell_changes(self, destination: Destination, kind: Kind) -> bool:
        """Send the next changes; False where there are none, or it went wrong."""
        most, fields = kind.most(destination.settings), kind.fields(destination.settings)
        assert most is not None
        segments = self.audience.names_ever() if destination.segments is None else destination.segments
        with self.opened.database.read() as connection:
            forgotten = feed.oldest(connection) > destination.cursor + 1
            found, until = feed.read(connection, after=destination.cursor, most=most, segments=segments)
            named = contacts(connection, {each.subscriber for each in found}) if fields else {}
        with self.opened.database.write() as connection:
            if forgotten:
                record.end(connection, destination.id, "failing", FORGOTTEN)
                return False
            if not found:
                record.synced(connection, destination, until, Instant(0))
                return False
            name = f"msg_{destination.id}-{found[0].number}-{found[-1].number}"
            batch = Batch(name, "changes", "", len(found), until, webhook.content(found, named, fields))
            record.depart(connection, destination, batch)
        return self._deliver(destination, kind, batch)

    def _tell_members(self, destination: Destination, kind: Kind, newest: int) -> bool:
        """Send the difference of each segment; always False: the next sync is later."""
        if not self.audience.is_ready():
            return False
        people = self.audience.people()
        fields, mailable = kind.fields(destination.settings), destination.settings["mailable"]
        for segment in self._followed(destination):
            inside = self.audience.members(segment)
            if inside is None:
                continue
            wanted = told_as(people, inside, fields, mailable=mailable)
            for action, some in self._difference(destination, kind, segment, wanted):
                if self.is_stopping() or not self._tell_some(destination.id, kind, segment, action, some):
                    return False
        every = Duration.parse(destination.settings["every"]).ms
        with self.opened.database.write() as connection:
            record.synced(connection, destination, newest, Instant(self.clock() + every))
        return False

    def _followed(self, destination: Destination) -> list[str]:
        """Segments that it follows, those included of which it was told and that are no more."""
        if destination.segments is not None:
            return list(destination.segments)
        with self.opened.database.read() as connection:
            return sorted(membership.told_of(connection, destination.id) | self.audience.names())

    def _difference(
        self, destination: Destination, kind: Kind, segment: str, wanted: pa.Table
    ) -> Iterator[tuple[Action, pa.Table]]:
        """What a receiver is to be told of a segment, in batches: first who left."""
        most = kind.most(destination.settings)
        with self.opened.database.read() as connection:
            told = membership.confirmed(connection, destination.id, segment)
        if told is None and kind.begins_full:
            yield "full", wanted
            return
        left, came = membership.difference(wanted.slice(0, 0) if told is None else told, wanted)
        steps: tuple[tuple[Action, pa.Table], ...] = (("remove", left), ("add", came))
        for action, rows in steps:
            for start in range(0, rows.num_rows, most or rows.num_rows or 1):
                yield action, rows.slice(start, most)

    def _tell_some(self, number: int, kind: Kind, segment: str, action: Action, rows: pa.Table) -> bool:
        with self.opened.database.write() as connection:
            destination = record.get(connection, number)
            if destination is None or destination.state != "active":
                return False
            name = f"{number}-{destination.batches + 1:08d}"
            batch = Batch(name, action, segment, rows.num_rows, None, membership.pack(rows))
            record.depart(connection, destination, batch)
        return self._deliver(destination, kind, batch)

    def _deliver(self, destination: Destination, kind: Kind, batch: Batch) -> bool:
        """Send a batch that is kept, and note how it went; whether to go on."""
        started = time.monotonic()
        outcome = self._send(destination, batch, kind.send)
        took = round((time.monotonic() - started) * 1_000)
        with self.opened.database.write() as connection:
            now_ = record.get(connection, destination.id)
            if now_ is None:
                return False
            attempts.note(connection, destination.id, batch, outcome, at=self.clock(), took_ms=took)
            if outcome.is_delivered:
                if record.arrived(connection, now_, batch) and kind.follows == "members":
                    here, rows = batch.action != "remove", membership.packed(batch.content)
                    membership.confirm(connection, now_.id, batch.segment, now_.batches, rows, here=here)
                return now_.state == "active"
            self._note_failure(connection, now_, outcome)
        return False

    def _note_failure(self, connection: sa.Connection, destination: Destination, outcome: Outcome) -> None:
        wait = wait_ms(destination.failures + 1, outcome.wait_ms, self.chance())
        record.failed(connection, destination, Instant(self.clock() + (wait or 0)))
        if destination.state == "active" and outcome.is_gone:
            record.end(connection, destination.id, "paused", GONE)
        elif destination.state == "active" and wait is None:
            record.end(connection, destination.id, "failing", outcome.told)

    def _send(self, destination: Destination, batch: Batch, send: Callable[[Sending], Outcome]) -> Outcome:
        with self.opened.database.read() as connection:
            secrets = record.secrets_of(connection, self.key, destination.id)
        folder = self.opened.home.destinations
        return send(Sending(destination.name, destination.settings, secrets, batch, self.clock(), self.rules, folder))


def is_due(destination: Destination, newest: int, at: Instant) -> bool:
    """Whether anything may be sent to it now."""
    waits = destination.on_its_way is not None or destination.asked_at is not None or destination.cursor < newest
    looks = kind_of(destination.kind).follows == "members"  # names and consent change without a change of the feed
    return destination.state == "active" and destination.next_at <= at and (waits or looks)
