"""The webhook of anybody who has none here: a mapping of yours says what its bodies mean.

A body is a JSON object, a JSON list of them, or a form. The mapping's columns are its names; a dot goes into an object
or list ("customer.email", "items.0.sku"), unless a name with the dot is there.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from shoal.core.errors import UserError, require
from shoal.ingest import mapping as mappings
from shoal.ingest.canonical import Record
from shoal.ingest.mapped import source_of
from shoal.ingest.source import Context, Row
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import document, fields
from shoal.ingest.webhooks.signing import (
    base64_hmac,
    content_proof,
    header,
    hex_hmac,
    passed_in_address,
    require_one,
    standard_proof,
)

NAME: Final = "generic"
"""Its name beside those of the vendors."""

Scheme = Literal["standard", "hmac", "address"]
SCHEMES: Final[tuple[Scheme, ...]] = ("standard", "hmac", "address")

_PREFIX: Final = "whsec_"
_SHORTEST: Final = 16  # bytes of a key
_HEADER: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")  # RFC 9110, section 5.1, less what no vendor uses
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the deliveries to one generic webhook prove themselves, and what they mean."""

    map: mappings.Mapping
    scheme: Scheme = "standard"
    header: str = "x-signature"  # of the scheme hmac; in small letters

    def as_data(self) -> dict[str, Any]:
        """The terms as YAML or JSON data; `terms_from` reads it back."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data


def terms_from(data: object) -> Terms:
    """Terms from YAML or JSON data. Raises UserError `bad_mapping` and `bad_webhook`."""
    require(isinstance(data, dict), "bad_webhook", "The webhook has no keys and values.", fix="Make it again.")
    assert isinstance(data, dict)
    mapping = mappings.mapping_from(data.get("map"))
    try:
        terms = msgspec.convert({**data, "map": mapping}, Terms)
    except msgspec.ValidationError:
        fix = f"The scheme is one of {', '.join(SCHEMES)}; the header is a name."
        raise UserError("bad_webhook", "The webhook's scheme can't be read.", fix=fix) from None
    return checked(terms)


def terms_of(file: Path | None, scheme: str | None = None, header: str | None = None) -> Terms | None:
    """The terms that a mapping's file and two words make; None without them.

    The scheme is `hmac` where a header is named and else `standard`. Raises UserError as `load_mapping` and `checked`
    do, and `bad_webhook` where there are words and no file.
    """
    if file is None:
        is_bare = scheme is None and header is None
        fix = "Give the mapping too: --map FILE."
        require(is_bare, "bad_webhook", "A scheme or header comes with a mapping.", fix=fix)
        return None
    asked = {"scheme": scheme or ("standard" if header is None else "hmac"), "header": header or "x-signature"}
    return terms_from({"map": mappings.load_mapping(file).as_data(), **asked})


def warnings(terms: Terms) -> tuple[str, ...]:
    """What is told of a mapping that says less than it seems to."""
    return source_of(terms.map).warnings


def checked(terms: Terms) -> Terms:
    """The terms, the header's name in small letters. Raises UserError `bad_mapping` and `bad_webhook`."""
    if terms.map.group is not None:
        told = "The rows of a webhook are not grouped."
        raise UserError("bad_mapping", told, where="mapping: group", fix="Take the line away.")
    known = f"Choose one of {', '.join(SCHEMES)}."
    require(terms.scheme in SCHEMES, "bad_webhook", "There is no such scheme.", where=terms.scheme, fix=known)
    name = terms.header.strip().lower()
    fix = "Write it as the sender does, such as X-Signature."
    require(_HEADER.fullmatch(name) is not None, "bad_webhook", "The header is no name.", where="--header", fix=fix)
    return msgspec.structs.replace(terms, header=name)


def webhook_by(terms: Terms) -> Webhook:
    """The webhook that the terms describe."""
    scheme, secret, verify = _SCHEMES[terms.scheme]
    webhook = Webhook(
        name=NAME,
        title="the sender",
        scheme=scheme,
        secret=secret,
        verify=verify(terms),
        rows=_rows,
        map_row=_mapper(terms.map),
        makes_secret=True,
        is_resent_alike=True,
    )
    is_standard = terms.scheme == "standard"
    return replace(webhook, secret_of=_standard_secret, check_secret=_check_key) if is_standard else webhook


def _rows(delivery: Delivery) -> list[Any]:
    """What can't be read is a row too, its text, so that it becomes a letter and is not lost."""
    body = delivery.body.removeprefix(b"\xef\xbb\xbf").strip()
    kind = delivery.headers.get("content-type", "").lower()
    if not body:
        raise UserError("bad_json", "The body is empty.", fix="Send it as JSON or as a form.")
    try:
        if body[:1] in (b"{", b"[") or "json" in kind:  # many senders call JSON a form
            found = document(body)
            return found if isinstance(found, list) else [found]
        if b"=" in body:
            return [fields(delivery)]
    except UserError:
        pass  # it is neither: the text stays
    return [body.decode(errors="replace")]


def _mapper(mapping: mappings.Mapping) -> Callable[[Row, Context], Iterable[Record]]:
    source, columns = source_of(mapping), mapping.columns()

    def map_row(row: Row, context: Context) -> Iterable[Record]:
        told = {**row, **{column: _at(row, column) for column in columns if column not in row}}
        if source.check is not None:
            source.check(told, context)
        return source.map_rows([told], context)

    return map_row


def _at(value: object, path: str) -> object:
    """What stands at a path of names and places; None where nothing does.

    >>> _at({"buyer": {"email": "a@example.org"}, "items": [{"sku": 7}]}, "items.0.sku")
    7
    """
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _key(secret: bytes) -> bytes:
    """The key of a secret as Standard Webhooks writes it."""
    text = secret.removeprefix(_PREFIX.encode())
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def _check_key(secret: str) -> None:
    try:
        is_sound = len(_key(secret.encode())) >= _SHORTEST
    except (binascii.Error, ValueError):
        is_sound = False
    fix = f"Write {_PREFIX} and then the key in base64, of {_SHORTEST} bytes or more; or leave it out: one is made."
    require(is_sound, "bad_secret", "The secret is none of Standard Webhooks.", fix=fix)


def _standard(_: Terms) -> Callable[[Delivery, Sequence[str]], Proof]:
    return lambda delivery, secrets: standard_proof(delivery, secrets, _key)


def _hmac(terms: Terms) -> Callable[[Delivery, Sequence[str]], Proof]:
    """HMAC-SHA256 of the body in hexadecimal or base64, with or without `sha256=` before it."""

    def verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
        stated = header(delivery, terms.header).removeprefix("sha256=")
        if _HEX.fullmatch(stated):
            require_one([stated.lower()], secrets, hex_hmac(delivery.body))
        else:
            require_one([stated], secrets, base64_hmac(delivery.body))
        return content_proof(delivery.body)

    return verify


def _standard_secret(key: bytes) -> str:
    return _PREFIX + base64.b64encode(key).decode()


_SCHEMES: Final[Mapping[str, tuple[str, str, Callable[[Terms], Callable[[Delivery, Sequence[str]], Proof]]]]] = {
    "standard": ("Standard Webhooks: HMAC-SHA256 over id, time and body", "the key, whsec_…", _standard),
    "hmac": ("HMAC-SHA256 over the body", "the key", _hmac),
    "address": ("none: a secret in the address", "what stands in the address", lambda _: passed_in_address),
}
