"""The way into the journal for what arrives over HTTP: many small batches, committed together.

A commit waits for the disk, and meanwhile others arrive; the next commit takes all of them (group commit). So one
disk carries many requests, and each is answered only after its own records are on disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import sqlalchemy as sa

from shoal.access import webhooks
from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.ingest import letters
from shoal.ingest.calls import Taken
from shoal.ingest.canonical import Records
from shoal.store import journal
from shoal.store.database import Database

CALLS = "api"
WEBHOOKS = "webhook"
"""How something came, as the origin of its records says: by a call, or by a webhook."""

MOST_WAITING = 200_000
"""Rows that may wait for the disk."""

MOST_IN_ONE = 5_000
"""Rows of one entry of the journal."""

MOST_AT_ONCE = 20_000
"""Rows of one commit: what waits longer than that makes no commit slower."""


@dataclass(frozen=True, slots=True)
class Once:
    """What tells a signed delivery from every other: it is kept once until an instant."""

    replay_id: str
    until: Instant


@dataclass(frozen=True, slots=True)
class Offer:
    """What one request brought."""

    source: str
    received_at: Instant
    taken: Taken
    once: Once | None = None
    by: str = CALLS  # how it came
    kept: Future[None] = field(default_factory=Future)

    @property
    def rows(self) -> int:
        """How much it is."""
        return len(self.taken.rows) + len(self.taken.letters)


class Intake:
    """Takes batches into the journal on a thread of its own."""

    def __init__(
        self, database: Database, *, most_waiting: int = MOST_WAITING, kept: Callable[[], None] | None = None
    ) -> None:
        self._database = database
        self._kept = kept  # called when something is on disk
        self._most_waiting = most_waiting
        self._waiting: deque[Offer] = deque()
        self._rows = 0
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Rows that are not on disk yet."""
        return self._rows

    @property
    def is_open(self) -> bool:
        """Whether it takes anything."""
        return self._thread.is_alive() and not self._closing

    def offer(
        self, source: str, received_at: Instant, taken: Taken, once: Once | None = None, *, by: str = CALLS
    ) -> Future[None]:
        """Hand in; the future is done once all is on disk, and fails where it is not.

        With `once` it fails with UserError `replayed` where the same was kept before. Raises UserError `too_busy`
        where too much waits, or nothing is taken any more: nothing was kept then.
        """
        offer = Offer(source, received_at, taken, once, by)
        offer.kept.set_running_or_notify_cancel()  # who waits for it may go away; it is kept all the same
        with self._changed:
            if not self.is_open or self._rows + offer.rows > max(self._most_waiting, offer.rows):
                raise UserError("too_busy", "The disk can't keep up with what arrives.", fix="Send it again later.")
            self._waiting.append(offer)
            self._rows += offer.rows
            self._changed.notify()
        return offer.kept

    def close(self) -> None:
        """Take nothing more, and wait until all that was handed in is on disk."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while some := self._next():
            self._keep(some)
            if self._kept is not None:
                self._kept()
            with self._changed:
                self._rows -= sum(offer.rows for offer in some)

    def _next(self) -> list[Offer]:
        """What the next commit takes; nothing when all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            some: list[Offer] = []
            rows = 0
            while self._waiting and (not some or rows + self._waiting[0].rows <= MOST_AT_ONCE):
                some.append(self._waiting.popleft())
                rows += some[-1].rows
            return some

    def _keep(self, some: Sequence[Offer]) -> None:
        """Commit, and tell everybody how it went."""
        try:
            together = [(offers[0], _packed(offers)) for offers in _together(some)]  # nobody waits for the database yet
            with self._database.write() as connection:
                is_kept = {id(offer): _is_new(connection, offer) for offer in some}
                kept = [is_kept[id(offer)] for offer in some]
                for offer, is_new in zip(some, kept, strict=True):
                    if is_new:
                        letters.keep(connection, offer.source, offer.received_at, offer.taken.letters)
                rows = [row for first, row in together if row is not None and is_kept[id(first)]]
                journal.append_all(connection, rows)
        except Exception as error:  # whoever waits is told, whatever it is
            for offer in some:
                offer.kept.set_exception(error)
        else:
            for offer, is_new in zip(some, kept, strict=True):
                if is_new:
                    offer.kept.set_result(None)
                else:
                    offer.kept.set_exception(_replayed())


def _is_new(connection: sa.Connection, offer: Offer) -> bool:
    """Whether it was not kept before, which is noted beside it."""
    once, at = offer.once, offer.received_at
    return once is None or webhooks.remember(connection, offer.source, once.replay_id, now=at, until=once.until)


def _together(some: Sequence[Offer]) -> Iterator[list[Offer]]:
    """Offers that make one entry of the journal, in their order: many small entries cost more than their records do."""
    open_: dict[tuple[str, str], list[Offer]] = {}
    for offer in some:
        kind = (offer.by, offer.source)
        if offer.once is not None:  # it may turn out to be known
            yield [offer]
            continue
        if kind in open_ and sum(each.rows for each in open_[kind]) + offer.rows > MOST_IN_ONE:
            yield open_.pop(kind)
        open_.setdefault(kind, []).append(offer)
    yield from open_.values()


def _packed(offers: Sequence[Offer]) -> dict[str, object] | None:
    """The journal's row; None where there is no record."""
    first, received_at = offers[0], max(offer.received_at for offer in offers)
    records = Records(received_at)
    for offer in offers:
        records.extend(offer.taken.rows)
    if not len(records):
        return None
    batch = records.batch()
    if len(offers) > 1:
        times = journal.times([offer.received_at for offer in offers], [len(offer.taken.rows) for offer in offers])
        batch = batch.append_column(journal.RECEIVED_AT, times)
    return journal.packed(f"{first.by}:{first.source}", first.source, received_at, batch)


def _replayed() -> UserError:
    return UserError("replayed", "This delivery was taken before.", fix="Nothing is to be done.")
