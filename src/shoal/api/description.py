"""The description of the whole API for programs (OpenAPI 3.1), made from the routes and their types."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shoal.api.typed import REF, described

_WHAT = """\
Events in, segments, subscribers and the feed of changes of a Shoal workspace. Every refusal has one form:
`{"error": {"code", "message", "where", "fix"}}`."""

_SECURITY = {
    "key": {"type": "http", "scheme": "basic", "description": "A key as the user name; no password."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key."},
}


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
