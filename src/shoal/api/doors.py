"""Who asks: the key of a request, and whether it may do what is asked."""

from __future__ import annotations

import base64

from starlette.requests import Request

from shoal.access.keys import SCOPES, Key
from shoal.core.errors import UserError
from shoal.flow.admitting import Door

_FIX = "Show a key as the user name of basic authentication or as a bearer token; `shoal key create` makes one."


def permitted(request: Request, scope: str) -> Key:
    """The key of a request. Raises UserError `no_key`, `unknown_key` and `not_allowed`."""
    door: Door = request.app.state.door
    shown = _shown(request.headers.get("authorization", ""))
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
    return key


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
