"""The log of a server: a line of JSON for each request and for what happens inside, on standard error.

A line has no personal data, no key and no body: of a request the route's template, never its path; of an exception its
type and the places it came by, never its message, which may quote what somebody sent.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoal.access.keys import Key
from shoal.core import happenings

LEVELS = ("debug", "info", "warning", "error")

_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: told at the level debug."""

_LONGEST_ERROR = 4_096
_OWN_WORDS = frozenset({"_granian", "_granian.serve"})
"""Libraries whose messages hold nothing of a request."""


def set_up(level: str, *, plain: bool | None = None) -> None:
    """Write the log of this process; `plain` for people to read, by default where standard error is a terminal."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shown: structlog.types.Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty() if plain is None else plain:
        shown = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=10)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _in_order,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[OfLibraries()], force=True)
    server = logging.getLogger("_granian")
    server.handlers, server.propagate = [OfLibraries()], False
    server.setLevel(number)
    happenings.listen(_happened)


def no_tracebacks() -> None:
    """What ends a thread, or this process, is told as a line: a traceback would quote what somebody sent."""
    threading.excepthook = lambda ended: _ended(
        "thread_failed", ended.exc_value, thread=ended.thread.name if ended.thread else ""
    )
    sys.excepthook = lambda _, error, __: _ended("process_failed", error)
    sys.unraisablehook = lambda ended: _ended("library_failed", ended.exc_value)


def _ended(what: str, error: BaseException | None, **about: str) -> None:
    if error is not None and not isinstance(error, SystemExit):
        happened(what, **about, **places(error))


def _in_order(_: Any, __: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """What tells lines apart first."""
    first = {name: line.pop(name) for name in ("timestamp", "level", "event")}
    return {**first, **line}


def happened(what: str, **about: Any) -> None:
    """Write a line."""
    _happened(what, about)


def _happened(what: str, about: Mapping[str, Any]) -> None:
    log = structlog.get_logger()
    (log.error if what.endswith("_failed") else log.info)(what, **about)


def places(error: BaseException) -> dict[str, Any]:
    """What may be told of an exception: its type, and file, line and function of the innermost places."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    found = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "places": found}


class OfLibraries(logging.Handler):
    """Lines of libraries: where they come from, and what they say only of those that know nothing of requests."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        about: dict[str, Any] = {"library": record.name, "at": f"{record.filename}:{record.lineno}"}
        if record.name in _OWN_WORDS:
            about["said"] = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            about |= places(record.exc_info[1])
        structlog.get_logger().log(record.levelno, "library", **about)


OF_GRANIAN = {
    "formatters": {},
    "handlers": {name: {"()": OfLibraries} for name in ("console", "access")},
}
"""How the HTTP server is to log."""


class Logged:
    """An application, with a line of the log for each request."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and tell of it."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        began, seen = time.perf_counter(), _Seen(send)
        try:
            await self._inner(scope, receive, seen)
        except Exception as error:  # what is to be answered was; a traceback would quote what somebody sent
            happened("mistake_failed", **places(error))
            if seen.status is None:
                raise _AnsweredByTheServerError from None
        finally:
            _tell(scope, seen, began)


class _AnsweredByTheServerError(Exception):
    """Nothing was answered, so the server says 500."""


class _Seen:
    """The way out of an answer: sees its status and the code of an error."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif (self.status or 0) >= 400 and len(self._body) < _LONGEST_ERROR:
            self._body += message.get("body", b"")
        await self._send(message)

    @property
    def code(self) -> str | None:
        """The code of the one error shape; None where it is no error, or none of ours."""
        try:
            code = json.loads(self._body)["error"]["code"] if self._body else None
        except (ValueError, KeyError, TypeError):
            return None
        return code if isinstance(code, str) and code.replace("_", "").isalnum() else None


def _tell(scope: Scope, seen: _Seen, began: float) -> None:
    route, key = scope.get("route"), scope.get("state", {}).get("key")
    template = getattr(route, "path", None) or "(no route)"
    about: dict[str, Any] = {
        "method": scope["method"] if scope["method"] in _METHODS else "(other)",
        "route": template,
        "status": seen.status or 0,
        "ms": round((time.perf_counter() - began) * 1000, 1),
    }
    if isinstance(key, Key):
        about["key"] = key.beginning
    if seen.code is not None:
        about["code"] = seen.code
    log = structlog.get_logger()
    quiet = template in _QUIET and (seen.status or 0) < 400
    level = log.debug if quiet else log.warning if (seen.status or 500) >= 500 else log.info
    level("request", **about)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
