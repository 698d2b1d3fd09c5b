"""Events in: the six calls of the Segment wire format and their batch."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from shoal.api.bodies import body_of
from shoal.api.call_forms import body_described, taken_described
from shoal.api.doors import permitted
from shoal.api.turns import Turns
from shoal.api.typed import failures, policy
from shoal.core.time import now
from shoal.flow.accepting import Intake
from shoal.flow.home import Opened
from shoal.flow.importing import context_of
from shoal.ingest import apart
from shoal.ingest.calls import BATCH, MOST_BATCH_BYTES, Taken, read
from shoal.ingest.sources.segment import TYPES

router = APIRouter(prefix="/v1", tags=["Events in"])

KINDS = (*sorted(TYPES), BATCH)
PATHS = frozenset(f"/v1/{kind}" for kind in KINDS)
"""What pages of other sites may send to."""


class _Signed(msgspec.Struct):
    writeKey: Any = None  # noqa: N815 - the name on the wire


_decode_signed = msgspec.json.Decoder(_Signed).decode


async def _take(request: Request, kind: str) -> JSONResponse:
    """Answer once all of a request is on disk."""
    has_header = "authorization" in request.headers
    key = permitted(request, "write") if has_header else None  # before anything of it is read
    body = await body_of(request, MOST_BATCH_BYTES)
    if key is None:
        key = permitted(request, "write", _key_in(body))
    opened: Opened = request.app.state.opened
    intake: Intake = request.app.state.intake
    turns: Turns = request.app.state.turns
    arrival = now()
    async with turns.turn(key.id, len(body)):
        taken = read(kind, body, context_of(opened.settings, arrival))
        await asyncio.wrap_future(intake.offer(key.source, arrival, taken))
    return JSONResponse(_told(taken))


def _told(taken: Taken) -> dict[str, Any]:
    """What could not be taken, and what was taken otherwise than it came."""
    told: dict[str, Any] = {"success": True}
    if taken.letters:
        told["refused"] = [{"reason": letter.reason, "message": letter.message} for letter in taken.letters]
    if taken.ahead:
        message = f"The time of {taken.ahead} had not come yet: they count as of their arrival."
        told["warnings"] = [{"reason": "in_the_future", "message": message}]
    return told


def _key_in(body: bytes) -> str:
    """The key that a body names, for browsers that can't send headers while a page is left; "" where there is none."""
    try:
        found = _decode_signed(body).writeKey
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _key_apart(body)
    return found if isinstance(found, str) else ""


def _key_apart(body: bytes) -> Any:
    """The key of a body of which something else can't be read."""
    try:
        return msgspec.json.decode(apart.members(body).get("writeKey", b"null"))
    except (ValueError, RecursionError):
        return None


def _route(kind: str) -> None:
    async def take(request: Request) -> JSONResponse:
        return await _take(request, kind)

    router.add_api_route(
        f"/{kind}",
        take,
        methods=["POST"],
        summary="Many calls at once." if kind == BATCH else f"One {kind} call.",
        operation_id=f"post_{kind}",
        responses={200: taken_described(), **failures("write", (400, 408, 413, 415))},
        openapi_extra={**policy("write"), "requestBody": body_described(kind)},
    )


for _kind in KINDS:
    _route(_kind)
