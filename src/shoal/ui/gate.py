"""The gate before all pages: who is signed in, whose sockets are taken, and what browsers are told to refuse."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from nicegui import __version__ as nicegui_version
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoal.ui import cookies
from shoal.ui.served import served

SOCKET = "/_nicegui_ws/"
OPEN = ("/_nicegui/", "/_ui/", "/favicon.ico", "/sign-in")
"""What is served to anybody: scripts and styles, and the way in."""

HEADERS = {
    # Quasar sets styles on elements, and NiceGUI's page has its scripts in itself; nothing comes from elsewhere.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
_MOST_BYTES = 65_536
_LASTING = f"/_nicegui/{nicegui_version}/"  # a new version has new addresses
_HSTS = "max-age=31536000"


class Gate:
    """An application that is asked only by who is signed in."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, send to the way in, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        scope["endpoint"] = self._inner  # by this NiceGUI tells a path that it hasn't from a file that it hasn't
        asked = HTTPConnection(scope)
        path = scope["path"]
        if not path.startswith(OPEN):
            session = await asyncio.to_thread(served().reception.session, cookies.shown(asked))
            refusal = _refusal(asked, path, signed_in=session is not None)
            if refusal is not None:
                await _refuse(refusal, scope, receive, _guarded(asked, send))
                return
            scope.setdefault("state", {})["session"] = session
        await self._inner(scope, receive, _guarded(asked, send))


def _refusal(asked: HTTPConnection, path: str, *, signed_in: bool) -> Response | None:
    """The answer instead of what was asked; None where it may be asked."""
    if path.startswith(SOCKET) or asked.scope.get("method", "GET") not in ("GET", "HEAD"):
        return None if signed_in and _is_from_us(asked) else Response("Not from here.\n", 403)
    if signed_in:
        return None
    query = asked.url.query
    return RedirectResponse(f"/sign-in?to={quote(f'{path}?{query}' if query else path)}", 303)


def _is_from_us(asked: HTTPConnection) -> bool:
    """A page's own socket over plain GET has no Origin, and no other site can read its answer."""
    polls = asked.scope["type"] == "http" and asked.scope["method"] == "GET"
    return cookies.is_own(asked) or (polls and "origin" not in asked.headers)


async def _refuse(refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
    else:
        read, more = 0, True
        while more and read < _MOST_BYTES:  # a server may cut off who is answered while still sending
            message = await receive()
            read, more = read + len(message.get("body", b"")), message.get("more_body", False)
        await refusal(scope, receive, send)


def _guarded(asked: HTTPConnection, send: Send) -> Send:
    """Answers get the headers that tell browsers what to refuse."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if asked.url.path.startswith(_LASTING):
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
            if cookies.is_https(asked):
                headers["Strict-Transport-Security"] = _HSTS
        await send(message)

    return guarded
