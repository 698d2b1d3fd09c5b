"""Who asks: the key of a request, and whether it may do what is asked."""

from __future__ import annotations

import base64
from collections.abc import Callable

from starlette.requests import Request

from shoal.access.keys import SCOPES, Key
from shoal.api.limits import Limits
from shoal.core.errors import UserError
from shoal.flow.admitting import Door

_FIX = "Show a key as the user name of basic authentication or as a bearer token; `shoal key create` makes one."


def permitted(request: Request, scope: str, written: str = "") -> Key:
    """The key of a request, or where no header shows one, that its body names (`written`).

    Raises UserError `no_key`, `unknown_key`, `not_allowed` and `too_many_requests`.
    """
    door: Door = request.app.state.door
    limits: Limits = request.app.state.limits
    shown = _shown(request.headers.get("authorization", "")) or written
    request.state.shown = shown
    if not shown:
        raise UserError("no_key", "There is no key.", where="Authorization", fix=_FIX)
    key = door.key(shown)
    if key is None or key.revoked_at is not None:
        raise UserError("unknown_key", "The key is not known here, or was revoked.", where="Authorization", fix=_FIX)
    if not key.may(scope):
        raise UserError(
            "not_allowed",
            f"This key may not {SCOPES[scope]}.",
            where="Authorization",
            fix=f"Use a key with the scope {scope!r}.",
        )
    limits.of_key(key.id)
    request.state.key = key
    return key


def permits(scope: str) -> Callable[[Request], None]:
    """What a route depends on that asks for a scope; the key is in `request.state.key` then, its text in `shown`."""

    def check(request: Request) -> None:
        request.state.key = permitted(request, scope)

    return check


def _shown(header: str) -> str:
    """The key of an Authorization header; "" where there is none."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[0]
    except ValueError:  # no base64, no ASCII, or no UTF-8
        return ""
