"""Messages of a page over its socket: only from the browser that was given the page, and only while it is signed in.

NiceGUI finds the page of a message by an id that the message names. Here it is also asked whether the socket belongs
to that page, and whether the session of the socket is still the one that the page was made for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from nicegui import core
from nicegui.client import Client

from shoal.access.sessions import Session
from shoal.ui import cookies
from shoal.ui.served import served

_PAGE_MESSAGES = ("event", "javascript_response", "ack", "log")
_turns: WeakKeyDictionary[Client, asyncio.Lock] = WeakKeyDictionary()  # messages of a page stay in order

Handle = Callable[..., Any]


def bind() -> None:
    """Put the questions before what NiceGUI does with messages; once for a process."""
    handlers: dict[str, Handle] = core.sio.handlers["/"]
    for name in _PAGE_MESSAGES:
        core.sio.on(name, _asking(handlers[name]))
    core.sio.on("connect", _connecting(handlers["connect"]))
    core.sio.on("handshake", _shaking(handlers["handshake"]))


def session_of(sid: str) -> Session | None:
    """The session of a socket, if it is still one."""
    environ = core.sio.get_environ(sid) or {}
    return served().reception.session(cookies.shown_in(environ.get("HTTP_COOKIE", "")))


def owner(client: Client) -> Session | None:
    """The session that a page was made for."""
    found: Session | None = getattr(client.request.state, "session", None)
    return found


def is_allowed(sid: str, client_id: object) -> bool:
    """Whether a socket may speak for a page: its session is that of the page, and has not ended."""
    client = Client.instances.get(str(client_id))
    if client is None:
        return False
    told, made_for = session_of(sid), owner(client)
    return told is not None and made_for is not None and told.digest == made_for.digest


def _asking(inner: Handle) -> Handle:
    async def handle(sid: str, message: dict[str, Any]) -> None:
        client = Client.instances.get(str(message.get("client_id")))
        if client is None or client.id not in core.sio.rooms(sid):
            return
        async with _turns.setdefault(client, asyncio.Lock()):
            if await asyncio.to_thread(is_allowed, sid, client.id):
                inner(sid, message)
                return
        await core.sio.emit("run_javascript", {"code": "location.assign('/sign-in')"}, to=sid)
        await core.sio.disconnect(sid)

    return handle


def _connecting(inner: Callable[..., Awaitable[None]]) -> Handle:
    async def handle(sid: str, environ: dict[str, Any], auth: Any = None) -> Any:
        query = dict(part.partition("=")[::2] for part in environ.get("QUERY_STRING", "").split("&"))
        if "client_id" in query and not await asyncio.to_thread(is_allowed, sid, query["client_id"]):
            return False
        await inner(sid, environ, auth)
        return None

    return handle


def _shaking(inner: Callable[..., Awaitable[bool]]) -> Handle:
    async def handle(sid: str, message: dict[str, Any]) -> bool:
        if not await asyncio.to_thread(is_allowed, sid, message.get("client_id")):
            return False
        return await inner(sid, message)

    return handle
