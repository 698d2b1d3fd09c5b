"""Taking deliveries apart: JSON, forms, and objects inside objects."""

from __future__ import annotations

import email.parser
import email.policy
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from shoal.core.errors import UserError
from shoal.ingest import apart
from shoal.ingest.source import Context, Row
from shoal.ingest.sources.cells import Cells, read
from shoal.ingest.webhook import Delivery, Unreadable

_MOST_FIELDS: Final = 10_000
_DEEPEST: Final = 16
_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\]")


def document(body: bytes) -> Any:
    """The JSON of a body; of a list also where only some of it can be read, the rest as `Unreadable`.

    Raises UserError `bad_json`.
    """
    try:
        return msgspec.json.decode(body)
    except _NO_JSON:
        pass
    try:
        return [_item(text) for text in apart.items(body)]
    except ValueError:
        raise UserError("bad_json", "The body is not JSON.", fix="Send it as JSON.") from None


def _item(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except _NO_JSON:
        return Unreadable(text)


_NO_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


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
    if not kind.lower().startswith("multipart/form-data"):
        return dict(pairs(delivery))
    try:
        return _parts(kind, delivery.body)
    except ValueError:
        raise _no_form() from None


def pairs(delivery: Delivery) -> list[tuple[str, str]]:
    """The fields of a url-encoded form as they come, repeated ones too. Raises UserError `bad_form`."""
    try:
        return parse_qsl(delivery.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise _no_form() from None


def _no_form() -> UserError:
    return UserError("bad_form", "The body is no form.", fix="Send it as JSON or as a form.")


def nested(found: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a form whose names tell objects within objects by brackets, as PHP writes them.

    What stands first counts where a name is both a value and an object; deeper than 16 brackets is no object.

    >>> nested({"type": "subscribe", "data[email]": "a@example.org", "data[merges][FNAME]": "Ana"})
    {'type': 'subscribe', 'data': {'email': 'a@example.org', 'merges': {'FNAME': 'Ana'}}}
    """
    told: dict[str, Any] = {}
    for name, text in found.items():
        first, bracket, rest = name.partition("[")
        path = [first, *_BRACKETED.findall(bracket + rest)]
        inside = told
        for part in path[:-1] if len(path) <= _DEEPEST else ():
            inside = inside.setdefault(part, {})
            if not isinstance(inside, dict):
                break
        else:
            inside.setdefault(path[-1] if len(path) <= _DEEPEST else name, text)
    return told


def form(delivery: Delivery, needed: str = "type") -> list[dict[str, Any]]:
    """The one row of a form (`fields`, `nested`) that has a field. Raises UserError `bad_form`."""
    found = fields(delivery)
    if needed not in found:
        raise UserError("bad_form", f"The body is no form with a field {needed!r}.", fix=OTHER_BODY)
    return [nested(found)]


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
