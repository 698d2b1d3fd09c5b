"""Webhooks of vendors: proven on the body as it came, and answered once all is on disk."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from shoal.access.webhooks import Address
from shoal.api.bodies import body_of
from shoal.api.typed import failures, policy
from shoal.core.errors import UserError
from shoal.core.time import now
from shoal.flow.accepting import WEBHOOKS, Intake
from shoal.flow.webhooks import Accepted, Post
from shoal.ingest.webhook import MOST_BYTES, Delivery

router = APIRouter(prefix="/v1/webhooks", tags=["Events in"])

_SIGNED: dict[str, Any] = {
    **policy("signature"),
    "requestBody": {
        "description": "What the vendor sends, signed as the vendor signs.",
        "required": True,
        "content": {"application/json": {"schema": {}, "example": {"event": "delivered"}}},
    },
}
_TAKEN: dict[str, Any] = {
    "description": "All is on disk, or it was before.",
    "content": {"application/json": {"schema": {"type": "object", "required": ["success"]}}},
}
_THERE: dict[str, Any] = {"responses": {200: {"description": "Nothing."}, **failures("signature", ())}}


@router.get(
    "/{name}",
    summary="Whether anybody is there, as some vendors ask first.",
    response_class=Response,
    openapi_extra=policy("open"),
    **_THERE,
)
@router.head(
    "/{name}",
    operation_id="events_in_greet_head",
    summary="Whether anybody is there, as some vendors ask first.",
    response_class=Response,
    openapi_extra=policy("open"),
    **_THERE,
)
async def greet(name: str) -> Response:  # noqa: ARG001 - nothing is told about names
    """The same for every name."""
    return Response()


@router.post(
    "/{name}",
    summary="What a vendor's webhook delivers.",
    responses={200: _TAKEN, **failures("signature", (400, 401, 403, 404, 408, 409, 413, 415))},
    openapi_extra=_SIGNED,
)
async def take(request: Request, name: str) -> JSONResponse:
    """Answer once all of a delivery is on disk."""
    post: Post = request.app.state.post
    intake: Intake = request.app.state.intake
    taking = post.taking(name)
    delivery = await _delivery(request, taking.address)
    accepted = await asyncio.to_thread(post.accept, taking, delivery)
    if accepted is None:
        return JSONResponse({"success": True})
    await asyncio.to_thread(post.confirm, accepted)  # first: what is noted as taken is not asked for again
    kept = intake.offer(name, delivery.received_at, accepted.received.taken, accepted.once, by=WEBHOOKS)
    try:
        await asyncio.wrap_future(kept)
    except UserError as error:
        if error.code != "replayed" or not accepted.webhook.is_resent_alike:
            raise
        return JSONResponse({"success": True, "again": True})
    return JSONResponse(_told(accepted))


async def _delivery(request: Request, address: Address) -> Delivery:
    body = await body_of(request, MOST_BYTES)
    url = str(request.url)
    if address.base is not None:
        parts = urlsplit(url)
        url = f"{address.base}{parts.path}{'?' * bool(parts.query)}{parts.query}"
    return Delivery(body, dict(request.headers), url, now())


def _told(accepted: Accepted) -> dict[str, Any]:
    """How much was taken, and what was not."""
    taken = accepted.received.taken
    refused = [{"reason": letter.reason, "message": letter.message} for letter in taken.letters]
    told: dict[str, Any] = {"success": True, "records": len(taken.rows)}
    if accepted.received.skipped:
        told["skipped"] = dict(accepted.received.skipped)
    return told | ({"refused": refused} if refused else {})
