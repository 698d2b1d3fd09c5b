"""The pulse of a server: pages that are open are told when who is in which segment changed.

One thread waits for all pages; nothing is asked while no page listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from nicegui import background_tasks, ui
from nicegui.client import Client

from shoal.ui.served import served
from shoal.ui.shell import tell

REST_S = 0.4
"""Between two tellings: many changes are told as one."""

_PATIENCE_S = 0.5

Refresh = Callable[[], Awaitable[None]]

_listening: dict[Client, list[Refresh]] = {}
_running: set[Client] = set()
_told: WeakKeyDictionary[Client, int] = WeakKeyDictionary()  # the newest change that each page was told of


def listen(refresh: Refresh) -> None:
    """Call this for the page that is being drawn whenever something changed, as long as somebody looks at it."""
    client = ui.context.client
    _listening.setdefault(client, []).append(refresh)
    client.on_delete(lambda: _listening.pop(client, None))


async def beat() -> None:
    """Go on until the server ends."""
    seen: int | None = None
    while True:
        current = served().current if _listening else None
        if current is None:
            await asyncio.sleep(_PATIENCE_S)
            continue
        newest = await asyncio.to_thread(current.wait, -1 if seen is None else seen, _PATIENCE_S)
        for client in list(_listening):  # who was still busy with what came before is told now
            if client.has_socket_connection and client not in _running and _told.get(client) != newest:
                _told[client] = newest
                _running.add(client)
                background_tasks.create(_refresh(client), name="pulse of a page")
        if newest != seen:
            seen = newest
            await asyncio.sleep(REST_S)


async def _refresh(client: Client) -> None:
    try:
        for refresh in list(_listening.get(client, ())):
            with client:
                await refresh()
    except Exception as error:  # one page's trouble is told there and is not another's
        with client:
            tell(error)
    finally:
        _running.discard(client)
