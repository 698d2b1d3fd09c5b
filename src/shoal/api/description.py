"""The description of the whole API for programs (OpenAPI 3.1), made from the routes and their types."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shoal.api.typed import REF, described

_WHAT = """\
Events in, segments, subscribers and the feed of changes of a Shoal workspace. Every refusal has one form:
`{"error": {"code", "message", "where", "fix"}}`."""

_SECURITY = {
    "key": {"type": "http", "scheme": "basic", "description": "A key as the user name; no password."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key."},
}


def operation_id(route: APIRoute) -> str:
    """What programs call a route: `segments_preview`."""
    return f"{route.tags[0]}_{route.name}".lower().replace(" ", "_") if route.tags else route.name


def describe(app: FastAPI) -> None:
    """Let the application describe itself so."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = description(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def description(app: FastAPI) -> dict[str, Any]:
    """The description."""
    found = get_openapi(title=app.title, version=app.version, description=_WHAT, routes=app.routes)
    _, types = msgspec.json.schema_components(list(described.values()), ref_template=REF)
    found["components"] = {"schemas": types, "securitySchemes": _SECURITY}
    for path in found["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if status in ("429", "503"):
                    answer["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "In seconds."}}
    return found


def methods_at(app: FastAPI, path: str) -> list[str]:
    """The methods that a path of the description has; none where it has no such path."""
    paths: dict[str, Any] = app.openapi()["paths"]
    found = path if path in paths else next((place for place in paths if _pattern(place).fullmatch(path)), None)
    return [] if found is None else sorted(map(str.upper, paths[found]))


@lru_cache
def _pattern(place: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(place)))
