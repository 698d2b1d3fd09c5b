"""Pages of other sites: their browsers may hand in events, and read nothing.

The Fetch standard: https://fetch.spec.whatwg.org/#http-cors-protocol. No cookies are involved.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
    "Vary": "Access-Control-Request-Method, Access-Control-Request-Headers",
}


class Origins:
    """ASGI: answers the preflights of some paths, and lets pages read what these answer."""

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self._app, self._paths = app, frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the application answer."""
        if scope["type"] != "http" or scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers:
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
            return

        async def open_to_all(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = MutableHeaders(scope=message)
                named["Access-Control-Allow-Origin"] = "*"
                named["Access-Control-Expose-Headers"] = "Retry-After"
            await send(message)

        await self._app(scope, receive, open_to_all)
