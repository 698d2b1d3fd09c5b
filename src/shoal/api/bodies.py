"""Bodies of requests, limited while they come: neither a long one nor a packed one fills the memory."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from shoal.core.errors import UserError
from shoal.ingest.calls import too_large

_GZIP = 16 + zlib.MAX_WBITS


PATIENCE_S = 20.0
"""For so long a body may take to come: whoever sends a byte now and then holds a connection that others need."""


async def body_of(request: Request, most: int) -> bytes:
    """The body, unpacked where it says gzip.

    Raises UserError `too_large`, `unknown_encoding`, `bad_gzip`, `too_slow`, and `cut_off` where who sent it went away.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise UserError("unknown_encoding", "The body is packed in a way that is not known.", fix="Use gzip or none.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large(most, "A request")
    unpacking = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    parts, size = [], 0
    async with _in_time():
        async for part in request.stream():
            found = part if unpacking is None else _unpacked(unpacking, part, most - size)
            size += len(found)
            if size > most:
                raise too_large(most, "A request")
            parts.append(found)
    if unpacking is not None and not unpacking.eof:
        raise _bad_gzip()
    return b"".join(parts)


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """What comes in the block comes soon enough, and whole."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    except TimeoutError:
        raise UserError("too_slow", "The request took too long to come.", fix="Send it again, or less of it.") from None
    except ClientDisconnect:
        raise UserError("cut_off", "The request ended before all of it had come.", fix="Send it again.") from None


def _unpacked(unpacking: zlib._Decompress, part: bytes, room: int) -> bytes:
    """At most one byte more than there is room for, however much it would become."""
    try:
        return unpacking.decompress(part, room + 1)
    except zlib.error:
        raise _bad_gzip() from None


def _bad_gzip() -> UserError:
    return UserError("bad_gzip", "The body is not gzip, or was cut off.", fix="Send it again whole, or not packed.")
