"""The feed of changes: who entered and left which segment, as pages, by waiting, or as server-sent events.

Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from shoal.api.bell import Bell
from shoal.api.questions import workspace
from shoal.api.streams import Stream
from shoal.api.typed import JSON, REF, Limit, route, told
from shoal.core.errors import UserError, require
from shoal.core.ids import subscriber_text
from shoal.core.time import format_instant
from shoal.flow.home import Opened
from shoal.flow.standing import check_ever_known
from shoal.segments import feed
from shoal.segments.feed import Told

router = APIRouter(prefix="/v1/changes", tags=["Changes"])

EVENTS = "text/event-stream"
MOST_WAIT_S = 30

HEARTBEAT_S = 3.0
"""After so long without a change a stream says that it lives, and how far it is; a revoked key ends it then."""

MOST_SENT = 100_000
"""Changes of one stream; then it ends, and whoever listens comes back with the last number. So no reader, however
slow, makes the server hold more than that."""


class ChangeAnswer(msgspec.Struct):
    """Somebody entered or left a segment. `number` stays the same for ever."""

    number: int
    change: Literal["entered", "left"]
    subscriber: str
    segment: str
    version: int
    at: str
    told_at: str
    reason: Literal["event", "time", "definition", "people", "asked"]


class ChangesAnswer(msgspec.Struct):
    """Changes in order; `next` is what `after` has to be for more, also where there are none yet."""

    changes: list[ChangeAnswer]
    next: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Which changes."""

    after: Annotated[
        str | None,
        Query(
            pattern=r"^([0-9]{1,15}|newest)$",
            description="The number to go on after; `newest`: only what comes from now on. Without it: all that is "
            "kept.",
        ),
    ] = None
    limit: Limit = 100
    segment: Annotated[
        list[str] | None, Query(description="Only of these segments; can be repeated.", max_length=100)
    ] = None
    wait: Annotated[
        int, Query(ge=0, le=MOST_WAIT_S, description="So many seconds to wait where there are none yet.")
    ] = 0


_ROUTE = route("read", "Who entered and left which segment.", ChangesAnswer, fails=(400, 410))
_ROUTE["responses"][200]["content"] = {
    JSON: {"schema": {"$ref": REF.format(name="ChangesAnswer")}},
    EVENTS: {"schema": {"type": "string"}},
}


@router.get("", **_ROUTE)
async def changes(
    request: Request,
    asked: Annotated[Asked, Depends()],
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,15}$")] = None,
) -> Response:
    """A page, or with `Accept: text/event-stream` each change as it happens; `Last-Event-ID` goes on from there."""
    opened = workspace(request)
    bell: Bell = request.app.state.bell
    streams = EVENTS in request.headers.get("accept", "")
    named = last_event_id if streams and last_event_id is not None else asked.after
    after = await run_in_threadpool(_after, opened, named)
    if asked.segment:
        await run_in_threadpool(check_ever_known, opened, asked.segment)
    wanted = frozenset(asked.segment) if asked.segment else None
    if streams:
        door, shown = request.app.state.door, request.state.shown
        return Stream(
            request.app.state.streams,
            lambda: _events(opened, bell, after, wanted),
            lambda: (key := door.key(shown)) is not None and key.may("read"),
        )
    found, until = await run_in_threadpool(_read, opened, after, asked.limit, wanted)
    end = time.monotonic() + asked.wait
    while not found and (left := end - time.monotonic()) > 0 and await bell.rung(until, left):
        found, until = await run_in_threadpool(_read, opened, until, asked.limit, wanted)
    return told(ChangesAnswer(list(map(_answer, found)), until))


def _after(opened: Opened, named: str | None) -> int:
    """The number to go on after. Raises UserError `cursor_expired` and `bad_cursor`."""
    with opened.database.read() as connection:
        oldest, newest = feed.oldest(connection), feed.newest(connection)
    if named == "newest":
        return newest
    after = oldest - 1 if named is None else int(named)
    fix = "Read the members of your segments again, and go on after `newest`."
    if after < oldest - 1:
        raise UserError("cursor_expired", f"Changes up to {oldest - 1} are no longer kept.", where="after", fix=fix)
    require(after <= newest, "bad_cursor", f"The newest change is {newest}.", where="after", fix=fix)
    return after


def _read(opened: Opened, after: int, most: int, segments: frozenset[str] | None) -> tuple[list[Told], int]:
    with opened.database.read() as connection:
        return feed.read(connection, after=after, most=most, segments=segments)


async def _events(opened: Opened, bell: Bell, after: int, segments: frozenset[str] | None) -> AsyncIterator[bytes]:
    """Changes as server-sent events; a comment while there are none."""
    sent = 0
    yield b"retry: 1000\n\n"
    while sent < MOST_SENT:
        found, until = await run_in_threadpool(_read, opened, after, _AT_ONCE, segments)
        if found:
            yield b"".join(map(_event, found))
            sent += len(found)
        elif not await bell.rung(until, HEARTBEAT_S):
            yield f": alive\nid: {until}\n\n".encode()
        after = until


_AT_ONCE = 500


def _event(one: Told) -> bytes:
    change = _answer(one)
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (one.number, change.change.encode(), msgspec.json.encode(change))


def _answer(one: Told) -> ChangeAnswer:
    return ChangeAnswer(
        number=one.number,
        change="entered" if one.entered else "left",
        subscriber=subscriber_text(one.subscriber),
        segment=one.segment,
        version=one.version,
        at=format_instant(one.at),
        told_at=format_instant(one.told_at),
        reason=one.reason,
    )
