"""Changes as JSON to an address, signed as https://www.standardwebhooks.com describes, in order and at least once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from standardwebhooks import Webhook

from shoal.core.ids import subscriber_text
from shoal.core.time import Instant, format_instant, to_datetime
from shoal.destinations.addresses import Rules, target
from shoal.destinations.kind import Batch, Field, Kind, Outcome, Sending, asked, settings_as
from shoal.segments.feed import Told


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an owner chooses."""

    url: Annotated[str, msgspec.Meta(max_length=2000)]
    fields: tuple[Literal["user_id", "email"], ...] = ()  # besides the subscriber's id
    batch: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100  # changes at most


def content(changes: Sequence[Told], named: Mapping[int, Mapping[Field, str]], fields: Iterable[Field]) -> bytes:
    """The body that tells of changes; `named` has what is known of who is in them."""
    told = [
        {
            "number": each.number,
            "subscriber": subscriber_text(each.subscriber),
            **{field: named.get(each.subscriber, {}).get(field) for field in fields},
            "segment": each.segment,
            "version": each.version,
            "entered": each.entered,
            "at": format_instant(each.at),
            "told_at": format_instant(each.told_at),
            "reason": each.reason,
        }
        for each in changes
    ]
    return _document("segment.membership_changed", changes[-1].told_at, told)


def _check(given: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    settings = settings_as(Settings, given)
    target(settings.url, rules)
    found: dict[str, Any] = msgspec.to_builtins(settings)
    return found


def _send(sending: Sending) -> Outcome:
    return _post(sending, sending.batch.content)


def _test(sending: Sending) -> Outcome:
    return _post(sending, _document("test", sending.at, []))


def _post(sending: Sending, body: bytes) -> Outcome:
    moment = to_datetime(sending.at)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": sending.batch.id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signatures(sending.secrets, sending.batch, moment, body),
    }
    return asked(sending, "POST", sending.settings["url"], headers, body)


def signatures(secrets: Iterable[str], batch: Batch, moment: dt.datetime, body: bytes) -> str:
    """One of each secret, so that a receiver may know either while one is replaced by the other."""
    return " ".join(Webhook(secret).sign(batch.id, moment, body.decode()) for secret in secrets)


def _document(kind: str, at: Instant, changes: list[dict[str, Any]]) -> bytes:
    return msgspec.json.encode({"type": kind, "timestamp": format_instant(at), "data": {"changes": changes}})


KIND = Kind(
    name="webhook",
    follows="changes",
    credential="made",
    begins_full=False,
    check=_check,
    fields=lambda settings: tuple(settings["fields"]),
    most=lambda settings: int(settings["batch"]),
    send=_send,
    test=_test,
)
