"""Deliveries of a running server: one thread looks what is due, and each destination is told on a thread of its own.

So one that is slow or does not answer holds up nobody else.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import sqlalchemy as sa

from shoal.core import happenings
from shoal.core.errors import UserError
from shoal.core.failures import failure
from shoal.core.time import now
from shoal.destinations import record
from shoal.flow.allowed import Allowed
from shoal.flow.audiences import LiveAudience
from shoal.flow.current import Current
from shoal.flow.home import Opened
from shoal.flow.telling import Teller, is_due
from shoal.segments import feed

PAUSE_S = 0.5
"""Between two looks, where no change comes earlier."""

REST_S = 5.0
"""After the machine refused something, such as a full disk."""

INTERNAL = "internal"
"""Why a destination fails that a mistake of ours ended."""


class Deliverer:
    """Follows the change feed and tells destinations of it, while it runs.

    There must be one a workspace: whoever starts it holds the write lock. `current` gives the live reading, or None
    while it starts.
    """

    def __init__(self, opened: Opened, secret: bytes, current: Callable[[], Current | None]) -> None:
        self._opened, self._current = opened, current
        self._stopping = threading.Event()
        self._failed: BaseException | None = None
        self._allowed = Allowed(opened)
        audience = LiveAudience(opened, current)
        self._teller = Teller(opened, secret, self._allowed(), audience, is_stopping=self._stopping.is_set)
        self._busy: dict[int, Future[None]] = {}
        self._threads = ThreadPoolExecutor(record.MOST, thread_name_prefix="destination")
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Let what is on its way end, and stop."""
        self._stopping.set()
        self._thread.join()
        self._threads.shutdown()
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._wait(self._look())
                except Exception as error:
                    if not _is_of_machine(error):
                        raise
                    self._rest("deliveries_failed", error)
        except BaseException as error:  # told by close, and by `is_alive`
            _tell_of("deliveries_failed", error)
            self._failed = error

    def _look(self) -> int:
        """Start what is due; gives the number of the newest change."""
        with self._opened.database.read() as connection:
            newest, all_ = feed.newest(connection), record.known(connection)
        for number in [number for number, turn in self._busy.items() if turn.done()]:
            self._busy.pop(number).result()
        for each in all_:
            if each.id not in self._busy and is_due(each, newest, now()):
                self._busy[each.id] = self._threads.submit(self._tell, each.id)
        return newest

    def _wait(self, newest: int) -> None:
        current = self._current()
        if current is None:
            self._stopping.wait(PAUSE_S)
        else:
            current.wait(newest, PAUSE_S)

    def _tell(self, number: int) -> None:
        """One turn. Whatever ends it ends this destination and no other, and the log has it."""
        try:
            replace(self._teller, rules=self._allowed()).tell(number)
        except Exception as error:
            if _is_of_machine(error):
                self._rest("delivery_failed", error, destination=number)
                return
            _tell_of("delivery_failed", error, destination=number)
            with self._opened.database.write() as connection:
                record.end(connection, number, "failing", error.code if isinstance(error, UserError) else INTERNAL)

    def _rest(self, what: str, error: Exception, **about: int) -> None:
        _tell_of(what, error, **about)
        self._stopping.wait(REST_S)


def _is_of_machine(error: Exception) -> bool:
    """Whether it is a full disk, a database that does not answer, or the like: it may go on by itself."""
    return failure(error) is not None or isinstance(error, sa.exc.OperationalError)


def _tell_of(what: str, error: BaseException, **about: int) -> None:
    """For the log: the kind of an exception and its place; its text may quote what somebody sent."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    happenings.tell(what, error=type(error).__name__, at=at, **about)
