"""Whose request is worked on next: keys take turns, so that one that sends much makes no other wait long.

So many bytes are read and committed at the same time; what comes beyond that waits. Whoever waited too long is refused:
in a queue that only grows everybody is answered too late.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shoal.core.errors import UserError

PATIENCE_S = 0.2
"""For so long a request waits for its turn."""

MOST_INSIDE = 2 * 2**20
"""Bytes of bodies that are worked on at the same time; one body at least. With a quarter of it commits were so
small that a tenth fewer events a second were taken."""

MOST_WAITING = 64 * 2**20
"""Bytes of bodies that wait for their turns."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    size: int
    called: asyncio.Future[None]


class Turns:
    """Of those who wait each key gets one turn after the other, however much each wants."""

    def __init__(self) -> None:
        self._lines: OrderedDict[object, deque[_Waiting]] = OrderedDict()
        self._inside = self._outside = 0  # bytes

    @asynccontextmanager
    async def turn(self, who: object, size: int) -> AsyncIterator[None]:
        """Wait for a turn with so many bytes. Raises UserError `too_busy` where it does not come soon enough."""
        if not self._lines and self._has_room(size):
            self._inside += size
        else:
            await self._wait(who, size)
        try:
            yield
        finally:
            self._leave(size)

    def _has_room(self, size: int) -> bool:
        return not self._inside or self._inside + size <= MOST_INSIDE

    async def _wait(self, who: object, size: int) -> None:
        """Until it is inside."""
        if self._outside + size > MOST_WAITING:
            raise _too_busy()
        loop = asyncio.get_running_loop()
        one = _Waiting(size, loop.create_future())
        patience = loop.call_later(PATIENCE_S, _give_up, one)
        self._lines.setdefault(who, deque()).append(one)
        self._outside += size
        try:
            await one.called
        except asyncio.CancelledError:
            if not one.called.cancelled():  # it was called, and is not there any more
                self._leave(size)
            raise
        finally:
            patience.cancel()
            self._outside -= size

    def _leave(self, size: int) -> None:
        """Call whom there is room for."""
        self._inside -= size
        while self._lines:
            who, line = next(iter(self._lines.items()))
            one, is_gone = line[0], line[0].called.done()
            if not is_gone and not self._has_room(one.size):
                return
            line.popleft()
            self._lines.move_to_end(who)
            if not line:
                del self._lines[who]
            if not is_gone:
                self._inside += one.size
                one.called.set_result(None)


def _give_up(one: _Waiting) -> None:
    if not one.called.done():
        one.called.set_exception(_too_busy())


def _too_busy() -> UserError:
    return UserError("too_busy", "More arrives than can be taken.", fix="Send it again later, or less at once.")
