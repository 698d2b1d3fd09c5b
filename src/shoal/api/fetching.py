"""Asking other servers: one address, no redirects, not for long, and not for much."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

from shoal.core.errors import UserError

PATIENCE_S = 10
MOST_BYTES = 64 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None: an answer that points elsewhere is an error."""
        return None  # noqa: RET501 - what the caller looks at


_opener = urllib.request.build_opener(_NoRedirects)


def fetched(address: str) -> bytes:
    """What stands at an address of https. Raises UserError `no_answer`."""
    if not address.startswith("https://"):
        raise UserError("no_answer", "Only https is asked.", fix="Use an address that begins with https.")
    try:
        with _opener.open(address, timeout=PATIENCE_S) as answer:
            found: bytes = answer.read(MOST_BYTES + 1)
    except (urllib.error.URLError, OSError, ValueError):
        raise UserError("no_answer", "Another server did not answer.", fix="It will be asked again.") from None
    if len(found) > MOST_BYTES:
        raise UserError("no_answer", "Another server answered too much.", fix="It will be asked again.")
    return found
