"""The engine of a running server: what arrives is taken to the lake, folded into the live reading, and told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from shoal.core import happenings
from shoal.core.time import now
from shoal.flow.blame import may_be_a_record
from shoal.flow.current import Current
from shoal.flow.drain import LIVE, Drain
from shoal.flow.following import Following
from shoal.flow.home import Opened, one_writer

PAUSE_S = 0.5
"""The longest wait between two looks into the journal, in which others may write too."""


AGAIN_S = 5.0
"""After so long an engine that failed starts anew: from the journal, the lake and the feed, as after a kill."""


class Engine(Protocol):
    """What a server knows of its engine, which runs on a thread of its own or in a process of its own."""

    @property
    def current(self) -> Current | None:
        """What is so this instant; None while it starts."""

    @property
    def is_alive(self) -> bool:
        """Whether it goes on; not while something keeps it from it."""

    def wake(self) -> None:
        """Look into the journal now."""

    def close(self) -> None:
        """Take what is in the journal, and stop."""


class EngineThread:
    """A thread that holds the workspace's write lock while it runs; not where somebody else holds it for it.

    `suspects` is called when it failed twice at one place of the journal and a record may be to blame. Raises UserError
    `busy` where somebody else holds the lock.
    """

    def __init__(self, opened: Opened, *, locked: bool = False, suspects: Callable[[], None] = lambda: None) -> None:
        self.current: Current | None = None
        self._opened, self._suspects = opened, suspects
        self._place = 0  # the journal's offset up to which all is in files
        self._suspected: int | None = None  # the same where it failed and a record may be to blame
        self._lock: AbstractContextManager[object] = nullcontext() if locked else one_writer(opened.home)
        self._lock.__enter__()
        self._stopping = False
        self._wake = threading.Event()
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it goes on; not while something keeps it from it."""
        return self._thread.is_alive() and self._failed is None

    def wake(self) -> None:
        """Look into the journal now."""
        self._wake.set()

    def close(self) -> None:
        """Take what is in the journal, and stop."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._lock.__exit__(None, None, None)
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        while True:
            try:
                self._run_once()
                return
            except Exception as error:  # told by the log, by readiness, and by close
                self.current, self._failed = None, error
                happenings.tell("engine_failed", error=type(error).__name__)
            self._wake.clear()
            if self._stopping or (self._wake.wait(self._again_s(self._failed)) and self._stopping):
                return

    def _run_once(self) -> None:
        with Drain(self._opened.home, self._opened.database, LIVE) as drain:
            self._place = drain.kept
            try:
                following = Following(self._opened, drain)
                self.current, self._failed = following.current, None
                self._follow(following)
                following.close()
            finally:
                self._place = drain.kept

    def _again_s(self, error: Exception) -> float:
        """How long to wait before the next start: not at all the first time that a record may be to blame."""
        if not may_be_a_record(error):
            return AGAIN_S
        if self._suspected == self._place:
            self._suspects()
            return AGAIN_S
        self._suspected = self._place
        return 0.0

    def _follow(self, following: Following) -> None:
        while True:
            ending = self._stopping
            self._wake.clear()
            if following.turn():
                continue
            if ending:
                return
            self._wake.wait(min(PAUSE_S, max(0.0, (following.next_due - now()) / 1_000)))
