"""Taking deliveries apart: JSON, forms, and objects inside objects."""

from __future__ import annotations

import email.parser
import email.policy
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from shoal.core.errors import UserError
from shoal.ingest.source import Context, Row
from shoal.ingest.sources.cells import Cells, read
from shoal.ingest.webhook import Delivery

_MOST_FIELDS: Final = 10_000


def document(body: bytes) -> Any:
    """The JSON of a body. Raises UserError `bad_json`."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UserError("bad_json", "The body is not JSON.", fix="Send it as JSON.") from None


OTHER_BODY: Final = "Check which vendor's webhook calls this address."


def one_object(found: object) -> Mapping[str, Any]:
    """The value, if it is an object. Raises UserError `bad_json`."""
    if not isinstance(found, Mapping):
        raise UserError("bad_json", "The body is no JSON object.", fix=OTHER_BODY)
    return found


def objects(delivery: Delivery) -> list[Any]:
    """The rows of a list of objects, or the one object. Raises UserError `bad_json`."""
    found = document(delivery.body)
    return found if isinstance(found, list) else [found]


def fields(delivery: Delivery) -> dict[str, str]:
    """The fields of a form, url-encoded or in parts; files are left out. Raises UserError `bad_form`."""
    kind = delivery.headers.get("content-type", "")
    try:
        if kind.lower().startswith("multipart/form-data"):
            return _parts(kind, delivery.body)
        pairs = parse_qsl(delivery.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise UserError("bad_form", "The body is no form.", fix="Send it as JSON or as a form.") from None
    return dict(pairs)


def _parts(kind: str, body: bytes) -> dict[str, str]:
    """Source: RFC 7578."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    found = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    named: dict[str, str] = {}
    for part in found.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes) and part.get_filename() is None:
            named[name] = content.decode()
    return named


def inner(row: object, *path: str) -> Mapping[str, Any]:
    """The object inside objects; an empty one where there is none.

    >>> inner({"msg": {"meta": {"a": 1}}}, "msg", "meta"), inner({"msg": 5}, "msg", "meta")
    ({'a': 1}, {})
    """
    for name in path:
        row = row.get(name) if isinstance(row, Mapping) else None
    return row if isinstance(row, Mapping) else {}


def listed(row: object, *path: str) -> list[Mapping[str, Any]]:
    """The objects of a list inside objects.

    >>> listed({"mail": {"to": [{"a": 1}, 5]}}, "mail", "to")
    [{'a': 1}]
    """
    *before, last = path
    found = inner(row, *before).get(last)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def cells_of(context: Context, *parts: Row) -> Cells:
    """Objects side by side, ready to be read; of two equal names the first object's stands."""
    merged: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            merged.setdefault(str(name), value)
    return read(merged, context)
