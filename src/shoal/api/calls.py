"""Events in: the six calls of the Segment wire format and their batch."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from shoal.api.bodies import body_of
from shoal.api.doors import permitted
from shoal.core.time import now
from shoal.flow.accepting import Intake
from shoal.flow.home import Opened
from shoal.flow.importing import context_of
from shoal.ingest.calls import BATCH, MOST_BATCH_BYTES, read
from shoal.ingest.sources.segment import TYPES

router = APIRouter(prefix="/v1", tags=["Events in"])

_ANSWERS: dict[int | str, dict[str, Any]] = {status: {} for status in (400, 401, 403, 413, 415, 503)}


async def _take(request: Request, kind: str) -> JSONResponse:
    """Answer once all of a request is on disk."""
    key = permitted(request, "write")
    body = await body_of(request, MOST_BATCH_BYTES)
    opened: Opened = request.app.state.opened
    intake: Intake = request.app.state.intake
    arrival = now()
    taken = read(kind, body, context_of(opened.settings, arrival))
    await asyncio.wrap_future(intake.offer(key.source, arrival, taken))
    refused = [{"reason": letter.reason, "message": letter.message} for letter in taken.letters]
    return JSONResponse({"success": True, "refused": refused} if refused else {"success": True})


def _route(kind: str) -> None:
    async def take(request: Request) -> JSONResponse:
        return await _take(request, kind)

    what = "Many calls at once." if kind == BATCH else f"One {kind} call."
    router.add_api_route(
        f"/{kind}", take, methods=["POST"], summary=what, operation_id=f"post_{kind}", responses=_ANSWERS
    )


for _kind in (*sorted(TYPES), BATCH):
    _route(_kind)
