"""Bodies and answers with types: decoded strictly, and described in OpenAPI from the same types."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from shoal.access.keys import SCOPES
from shoal.api.bodies import body_of
from shoal.api.doors import permits
from shoal.core.errors import UserError

T = TypeVar("T")

MOST_BYTES = 512 * 1024
"""Of the body of one request, but those that hand in events."""

JSON = "application/json"
REF = "#/components/schemas/{name}"


class Fault(msgspec.Struct):
    """What is wrong, where, and what to do."""

    code: str
    message: str
    where: str | None
    fix: str


class Failure(msgspec.Struct):
    """The answer to whatever can't be done."""

    error: Fault


described: dict[str, type] = {"Failure": Failure}
"""All types that routes name, by name: the components of the description."""

Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
Name = Annotated[str, Path(description="Name of a segment.", max_length=100, examples=["lookers"])]


NO_LINKS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


async def body_as(request: Request, kind: type[T]) -> T:
    """The body of a request. Raises UserError `bad_json`, `bad_body`, and those of `body_of`."""
    content = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if content != JSON:
        raise UserError("unknown_content", "The body is no JSON.", where="Content-Type", fix=f"Send {JSON}.")
    body = await body_of(request, MOST_BYTES)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at ")
        fix = "/docs names what the body holds."
        raise UserError("bad_body", f"{told}.", where=place.strip("`") or "body", fix=fix) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        told = "It is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UserError("bad_json", "The body is no JSON.", where=told, fix="Send one JSON object.") from None


def told(answer: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer as JSON."""
    return Response(msgspec.json.encode(answer), status, headers, JSON)


def route(
    scope: str,
    summary: str,
    gives: type | None,
    *,
    takes: type | None = None,
    example: Any = None,
    status: int = 200,
    fails: Collection[int] = (),
    links: Mapping[str, Mapping[str, str]] = NO_LINKS,
) -> dict[str, Any]:
    """What FastAPI has to know of a route: who may ask it, what it takes, gives and refuses.

    `links` says which operations can be asked next, and what of the answer becomes their parameters.
    """
    good: dict[str, Any] = {"description": "Done."}
    if links:
        good["links"] = {name: {"operationId": name, "parameters": each} for name, each in links.items()}
    if gives is not None:
        good["content"] = {JSON: {"schema": _schema(gives)}}
    more: dict[str, Any] = policy(scope)
    if takes is not None:
        shown = {} if example is None else {"example": example}
        more["requestBody"] = {"required": True, "content": {JSON: {"schema": _schema(takes), **shown}}}
        fails = {*fails, 400, 408, 413, 415, 422}
    return {
        "summary": summary,
        "status_code": status,
        "responses": {status: good, **failures(scope, fails)},
        "openapi_extra": more,
        "dependencies": [Depends(permits(scope))] if scope in SCOPES else [],
        "response_class": Response,
    }


def failures(scope: str, statuses: Collection[int]) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that refuse, with those that any route has."""
    always = {422, 429, 503} | ({401, 403} if scope in SCOPES else set())
    content = {JSON: {"schema": {"$ref": REF.format(name="Failure")}}}
    return {each: {"description": _SAID[each], "content": content} for each in sorted({*always, *statuses})}


def policy(scope: str) -> dict[str, Any]:
    """Who may ask a route: a key with a scope, whoever signs (`signature`), or anybody (`open`)."""
    return {"x-scope": scope, "security": [{"key": []}, {"bearer": []}] if scope in SCOPES else []}


def _schema(kind: type) -> dict[str, str]:
    described[kind.__name__] = kind
    return {"$ref": REF.format(name=kind.__name__)}


def version_of(header: str | None) -> int | None:
    """The version that an `If-Match` header names; None where it names none, or any. Raises UserError `bad_version`."""
    if header is None or header.strip() == "*":
        return None
    found = _TAG.fullmatch(header.strip())
    if found is None:
        fix = 'Send the ETag of the answer that you read, such as "3".'
        raise UserError("bad_version", "The version is not one.", where="If-Match", fix=fix)
    return int(found[1])


def tag_of(version: int | None) -> dict[str, str]:
    """The `ETag` header of a version."""
    return {} if version is None else {"ETag": f'"{version}"'}


_TAG = re.compile(r'(?:W/)?"?(\d{1,9})"?', re.ASCII)
_SAID = {
    400: "What was sent can't be used.",
    401: "There is no key, or none that is known.",
    403: "The key may not do this.",
    404: "There is no such thing.",
    408: "It took too long to come.",
    409: "Something else is there, or changed meanwhile.",
    410: "It is no longer kept.",
    413: "It is too much.",
    415: "It is packed or written in a way that is not known.",
    422: "A value or a key of the request is none that is asked for.",
    429: "Too many requests; `Retry-After` says when to try again.",
    503: "Not now; `Retry-After` says when to try again.",
}
