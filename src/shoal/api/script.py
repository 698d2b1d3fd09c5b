"""The script for web pages: page views, reading and forms, sent to this server and to nobody else."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from shoal.api.typed import policy

router = APIRouter(prefix="/v1", tags=["Events in"])

PATH = "/v1/shoal.js"

_TYPE = "text/javascript"


@lru_cache(maxsize=1)
def script() -> tuple[bytes, str]:
    """The script and its entity tag."""
    text = (files("shoal.api") / "snippet" / "shoal.js").read_bytes()
    return text, f'"{hashlib.sha256(text).hexdigest()[:16]}"'


@router.get(
    "/shoal.js",
    summary="The script for web pages.",
    responses={200: {"content": {_TYPE: {"schema": {"type": "string"}}}}, 304: {"description": "It is the same."}},
    response_class=Response,
    openapi_extra=policy("open"),
)
def shoal_js(request: Request) -> Response:
    """`<script async src="https://…/v1/shoal.js" data-write-key="…"></script>`."""
    text, tag = script()
    headers = {"ETag": tag, "Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type=_TYPE)
