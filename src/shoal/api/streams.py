"""Answers that go on for long: so many at once, and none for who does not read or may no more, or when all ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shoal.api.errors import answer
from shoal.core.errors import UserError

MOST = 100
"""Streams at the same time."""

PATIENCE_S = 10.0
"""Who does not take what was sent for so long is cut off."""

_END = {"type": "http.response.body", "body": b"", "more_body": False}
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class Streams:
    """The streams that are open."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.open = 0
        self.ending = asyncio.Event()

    def end(self) -> None:
        """End all of them: the server stops."""
        self.ending.set()


class Stream(Response):
    """Sends chunks until there are no more, the reader goes away or is slow, or `permitted` says no."""

    media_type = "text/event-stream"

    def __init__(
        self, streams: Streams, chunks: Callable[[], AsyncIterator[bytes]], permitted: Callable[[], bool]
    ) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._streams, self._chunks, self._permitted = streams, chunks, permitted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, and watch whether anybody listens."""
        if self._streams.open >= self._streams.most or self._streams.ending.is_set():
            error = UserError("too_busy", "Too many streams are open.", fix="Ask for pages, or come back later.")
            await answer(error)(scope, receive, send)
            return
        self._streams.open += 1
        sending, ending = (asyncio.create_task(each) for each in (self._send(send), self._streams.ending.wait()))
        tasks = {sending, ending, asyncio.create_task(_gone(receive))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._streams.open -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if ending in done and sending not in done:
            await send(_END)

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await asyncio.wait_for(send(start), PATIENCE_S)
        async for chunk in self._chunks():
            if not self._permitted():
                break
            try:
                await asyncio.wait_for(
                    send({"type": "http.response.body", "body": chunk, "more_body": True}), PATIENCE_S
                )
            except TimeoutError:  # the reader does not read: it comes back for what it missed
                return
        await send(_END)


async def _gone(receive: Receive) -> None:
    """Return once the reader is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
