"""Waiting for changes of memberships, however many wait: one thread looks, and only while somebody waits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from shoal.flow.current import Current
from shoal.flow.home import Opened
from shoal.segments import feed

LOOK_S = 0.5
"""Between two looks where the engine runs in another process, or is starting."""


class Bell:
    """Tells coroutines when there are newer changes than the one they know."""

    def __init__(self, opened: Opened, current: Callable[[], Current | None]) -> None:
        self._opened, self._current = opened, current
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.Future[None], tuple[int, asyncio.AbstractEventLoop]] = {}
        self._thread: threading.Thread | None = None
        self._ended = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def end(self) -> None:
        """Let nobody wait any more: the server stops."""
        with self._lock:
            self._ended = True
            waiting = list(self._waiting.items())
        for told, (_, loop) in waiting:
            loop.call_soon_threadsafe(_tell, told)

    async def rung(self, after: int, timeout_s: float) -> bool:
        """Whether there are changes with greater numbers, waiting for them so long."""
        current = self._current()
        if current is not None and current.wait(after, 0) > after:
            return True
        loop = asyncio.get_running_loop()
        told: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._ended:
                return False
            self._waiting[told] = (after, loop)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="bell", daemon=True)
                self._thread.start()
        try:
            async with asyncio.timeout(timeout_s):
                await told
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiting.pop(told, None)
        return True

    def _look(self) -> None:
        known = -1
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
            newest = self._newest(known)
            with self._lock:
                ready = [(told, loop) for told, (after, loop) in self._waiting.items() if after < newest]
            for told, loop in ready:
                loop.call_soon_threadsafe(_tell, told)
            known = newest
            if ready:
                time.sleep(0.01)  # for those who were told to go away

    def _newest(self, known: int) -> int:
        """The number of the newest change, after a while where there is none newer than the known one."""
        current = self._current()
        if current is not None:
            return current.wait(known, LOOK_S)
        with self._opened.database.read() as connection:
            newest = feed.newest(connection)
        if newest <= known:
            time.sleep(LOOK_S)
        return newest


def _tell(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)
