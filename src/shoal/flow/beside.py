"""Draining in a thread of its own, while others fill the journal."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from shoal.core.errors import UserError
from shoal.flow.drain import Drain


class Beside:
    """Takes to the lake what is put into the journal, a whole turn's worth at a time, so that lake files are large.

    What is left when the block ends well, or by a user's mistake, is drained then.
    """

    def __init__(self, drain: Drain) -> None:
        self._drain = drain
        self._thread = ThreadPoolExecutor(1, "drain")
        self._running: Future[int] | None = None
        self._waiting = 0  # records in the journal that no finished turn took

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._thread:
            if kind is None or issubclass(kind, UserError):
                self.drain()

    def add(self, records: int) -> None:
        """Tell that records were put into the journal; waits while a whole turn's worth is behind."""
        self._waiting += records
        if self._waiting >= self._drain.pace.most_rows:
            self._settle()
        if self._waiting >= self._drain.pace.most_rows:
            self._running = self._thread.submit(self._turn)

    def drain(self) -> None:
        """Take everything that waits in the journal to the lake."""
        self._settle()
        self._thread.submit(drain_all, self._drain).result()
        self._waiting = 0

    def _turn(self) -> int:
        drained = self._drain.turn()
        return drained.rows if drained else 0

    def _settle(self) -> None:
        if self._running is not None:
            self._waiting -= self._running.result()
            self._running = None


def drain_all(drain: Drain) -> None:
    """Take everything that waits in the journal to the lake."""
    while drain.turn() is not None:
        pass
