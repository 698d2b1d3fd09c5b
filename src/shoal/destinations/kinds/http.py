"""Members of segments in an audience that others keep, by requests that the owner describes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, get_args
from urllib.parse import quote

import msgspec

from shoal.destinations.addresses import Rules, target
from shoal.destinations.kind import Field, Kind, Outcome, Sending, asked, bad, check_every, settings_as
from shoal.destinations.membership import packed
from shoal.destinations.templates import check_names, filled, names, text

_FIELDS: tuple[Field, ...] = get_args(Field)
_ABOUT = ("segment", "batch", "secret")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect"})


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request as a template."""

    url: Annotated[str, msgspec.Meta(max_length=2000)]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: dict[str, Annotated[str, msgspec.Meta(max_length=4000)]] = {}
    body: Any = None  # JSON; None: there is none


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an owner chooses."""

    add: Request
    remove: Request
    test: Request | None = None  # tells nothing of anybody
    member: Any = "{email}"  # what each of {members} becomes
    batch: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1_000  # members of a request at most
    every: str = "5m"  # between two syncs
    mailable: bool = False  # only who may be mailed


def _check(given: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    settings = settings_as(Settings, given)
    found: dict[str, Any] = msgspec.to_builtins(settings)
    check_every(settings.every)
    check_names(settings.member, _FIELDS, "settings.member")
    alone = _FIELDS if settings.batch == 1 else ()
    for place in ("add", "remove"):
        request: Request = getattr(settings, place)
        _check_request(request, rules, f"settings.{place}", (*_ABOUT, *alone))
        check_names(request.body, (*_ABOUT, *alone, "members", "count"), f"settings.{place}.body")
    if settings.test is not None:
        _check_request(settings.test, rules, "settings.test", ("secret",))
        check_names(settings.test.body, ("secret",), "settings.test.body")
    for place in ("add", "remove"):
        if not _named_in(found, place):
            raise bad("Nobody is named.", f"settings.{place}")
    return found


def _check_request(request: Request, rules: Rules, where: str, known: Collection[str]) -> None:
    check_names(request.url, known, f"{where}.url")
    host = re.match(r"[a-z]+://[^/?#]*", request.url)
    if host is None or "{" in host[0]:
        raise bad("The host of an address stands there as it is.", f"{where}.url")
    target(text(request.url, dict.fromkeys(known, "x")), rules)
    for name, value in request.headers.items():
        if _HEADER.fullmatch(name) is None or name.lower() in _OURS:
            raise bad("A header can't be called that.", f"{where}.headers")
        if not (value.isascii() and value.isprintable()):
            raise bad("A header has signs that none may have.", f"{where}.headers")
        check_names(value, known, f"{where}.headers")


def _fields(settings: Mapping[str, Any]) -> tuple[Field, ...]:
    """Those that the templates name; people are told apart by them."""
    used = _named_in(settings, "add") | _named_in(settings, "remove")
    return tuple(field for field in _FIELDS if field in used)


def _needs_secret(settings: Mapping[str, Any]) -> bool:
    return any(_says_secret(settings[place]) for place in ("add", "remove", "test"))


def _says_secret(request: Mapping[str, Any] | None) -> bool:
    parts = () if request is None else (request["url"], request["headers"], request["body"])
    return any("secret" in names(part) for part in parts)


def _named_in(settings: Mapping[str, Any], place: str) -> set[str]:
    """The fields that a request names, those of its {members} included."""
    request = settings[place]
    used = {name for part in ("url", "headers", "body") for name in names(request[part])}
    if "members" in used:
        used.update(names(settings["member"]))
    return used.intersection(_FIELDS)


def _send(sending: Sending) -> Outcome:
    batch, settings = sending.batch, sending.settings
    people = [_named(row) for row in packed(batch.content).to_pylist()]
    values: dict[str, Any] = {
        "segment": batch.segment,
        "batch": batch.id,
        "count": len(people),
        "members": [filled(settings["member"], person) for person in people],
    }
    if settings["batch"] == 1:
        values |= people[0]
    return _asked(sending, settings["remove" if batch.action == "remove" else "add"], values)


def _test(sending: Sending) -> Outcome:
    request = sending.settings["test"]
    if request is None:
        raise bad("There is no request that tells nothing of anybody.", "settings.test")
    return _asked(sending, request, {})


def _asked(sending: Sending, request: Mapping[str, Any], values: Mapping[str, Any]) -> Outcome:
    if not sending.secrets and _says_secret(request):
        return Outcome("no_secret")
    known = {**values, "secret": sending.secrets[0] if sending.secrets else ""}
    url = text(request["url"], known, lambda value: quote(value, safe=""))
    headers = {name: text(value, known, _in_header) for name, value in request["headers"].items()}
    body = b""
    if request["body"] is not None:
        body = msgspec.json.encode(filled(request["body"], known))
        headers = {"Content-Type": "application/json", **headers}
    return asked(sending, request["method"], url, headers, body)


def _in_header(value: str) -> str:
    return value if value.isascii() and value.isprintable() else quote(value)


def _named(row: Mapping[str, str]) -> dict[str, str | None]:
    return {name: value or None for name, value in row.items()}


KIND = Kind(
    name="http",
    follows="members",
    credential="given",
    begins_full=False,
    check=_check,
    fields=_fields,
    most=lambda settings: int(settings["batch"]),
    send=_send,
    test=_test,
    needs_secret=_needs_secret,
)
