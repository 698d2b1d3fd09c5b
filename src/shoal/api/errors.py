"""Errors as answers: one shape everywhere, and the status that says whose turn it is."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from shoal.api.description import methods_at
from shoal.api.limits import TooManyError
from shoal.core.errors import UserError
from shoal.core.failures import failure

STATUS = {
    "no_key": 401,
    "unknown_key": 401,
    "not_allowed": 403,
    "missing_signature": 401,
    "bad_signature": 401,
    "stale_signature": 401,
    "untrusted_topic": 403,
    "untrusted_certificate": 403,
    "no_such_page": 404,
    "no_such_webhook": 404,
    "unknown_segment": 404,
    "unknown_version": 404,
    "unknown_subscriber": 404,
    "unknown_destination": 404,
    "too_slow": 408,
    "replayed": 409,
    "segment_in_use": 409,
    "version_moved": 409,
    "world_moved": 409,
    "nothing_to_do": 409,
    "deleted_segment": 409,
    "cursor_expired": 410,
    "too_large": 413,
    "unknown_encoding": 415,
    "unknown_content": 415,
    "bad_body": 422,
    "bad_parameter": 422,
    "too_many_requests": 429,
    "too_busy": 503,
    "starting": 503,
    "disk_full": 503,
    "disk_error": 503,
    "damaged_database": 503,
    "no_access": 503,
    "no_answer": 503,
    "damaged_secret": 503,
    "damaged_webhook": 503,
}
"""Of codes that are not 400."""

_RETRY_S = "1"
_DOCS = "/docs names what can be asked."


def answer(error: UserError) -> JSONResponse:
    """A user's error in the one shape."""
    status = STATUS.get(error.code, 400)
    if status == 404 and error.where:  # it stands in what was sent, not in the address
        status = 400
    headers = {401: {"WWW-Authenticate": 'Basic realm="shoal"'}, 503: {"Retry-After": _RETRY_S}}.get(status)
    if isinstance(error, TooManyError):
        headers = {"Retry-After": str(error.retry_s)}
    return JSONResponse(error.as_data(), status, headers)


async def on_user_error(_: Request, error: Exception) -> JSONResponse:
    """For a UserError that a route raised."""
    assert isinstance(error, UserError)
    return answer(error)


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """For a page that is not there, or a method that it has not."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        fix = _DOCS if request.app.state.has_pages else f"{_DOCS} This server runs without pages."
        return answer(UserError("no_such_page", "There is no such page.", fix=fix))
    told = UserError("bad_request", f"{error.detail}.", fix=_DOCS)
    methods = methods_at(request.app, request.url.path) if error.status_code == 405 else []
    headers = {"Allow": ", ".join(methods)} if methods else error.headers
    return JSONResponse(told.as_data(), error.status_code, headers)


async def on_wrong_value(_: Request, error: Exception) -> JSONResponse:
    """For a part of the address or a header that is not what is asked for."""
    assert isinstance(error, RequestValidationError)
    wrong = error.errors()[0]
    place = ".".join(str(part) for part in wrong["loc"])
    return answer(UserError("bad_parameter", f"{wrong['msg']}.", where=place, fix=_DOCS))


async def on_any(_: Request, error: Exception) -> JSONResponse:
    """For anything else: what the machine refused is told; a mistake of ours says nothing of itself."""
    told = failure(error)
    if told is not None:
        return answer(told)
    ours = UserError("internal", "Something went wrong here; the log has it.", fix="Try again, and report it.")
    return JSONResponse(ours.as_data(), 500)
