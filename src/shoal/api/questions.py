"""What routes that ask the workspace share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from shoal.access.keys import Key
from shoal.core.errors import UserError, require
from shoal.core.ids import subscriber_number
from shoal.core.time import Instant, parse_instant
from shoal.flow import asking
from shoal.flow.current import Current
from shoal.flow.engine import Engine
from shoal.flow.home import Opened

MOST_AT_ONCE = 4
"""Questions that read the lake at the same time; others wait."""

PATIENCE_S = 20.0

_turns = threading.BoundedSemaphore(MOST_AT_ONCE)
_NAMES = {"user_id": "user", "anonymous_id": "anonymous"}
"""Of identities, as callers write them and as keys are named."""


@contextmanager
def reading_the_lake() -> Iterator[None]:
    """Wait for a turn. Raises UserError `too_busy`."""
    if not _turns.acquire(timeout=PATIENCE_S):
        raise UserError("too_busy", "Too many ask at the same time.", fix="Ask again later.")
    try:
        yield
    finally:
        _turns.release()


def workspace(request: Request) -> Opened:
    """The workspace that is served."""
    opened: Opened = request.app.state.opened
    return opened


def current_of(request: Request) -> Current | None:
    """What is so this instant; None while the engine starts, or where it runs elsewhere."""
    engine: Engine | None = request.app.state.engine
    return None if engine is None else engine.current


def is_apart(request: Request) -> bool:
    """Whether this process has no engine: it runs elsewhere."""
    return request.app.state.engine is None


def engine_goes_on(request: Request) -> bool:
    """Whether nothing keeps the engine from what waits in the journal; then others may read it too."""
    engine: Engine | None = request.app.state.engine
    return engine is None or engine.is_alive


def actor(request: Request) -> str:
    """Who does it: the name of the key."""
    key: Key = request.state.key
    return key.name


def instant_of(text: str | None) -> Instant | None:
    """An instant that a query names. Raises UserError `bad_instant`."""
    return None if text is None else parse_instant(text)


def subscriber_of(opened: Opened, text: str) -> int:
    """The subscriber meant by an id or by any identity: `email:ada@example.org`, `user_id:7`.

    Raises UserError `unknown_subscriber`.
    """
    kind, colon, rest = text.partition(":")
    return asking.find(opened, f"{_NAMES[kind]}:{rest}" if colon and kind in _NAMES else text)


def after_of(text: str | None) -> int:
    """The id after which a page of subscribers begins. Raises UserError `bad_cursor`."""
    number = -1 if text is None else subscriber_number(text)
    fix = "Send the `next` of the page before."
    require(number is not None, "bad_cursor", "There is no such place to go on from.", where="after", fix=fix)
    assert number is not None
    return number
