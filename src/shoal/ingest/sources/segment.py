"""Events in the Segment wire format, as Segment and RudderStack write them to files.

Sources: https://segment.com/docs/connections/spec/ and https://www.rudderstack.com/docs/event-spec/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.keys import anonymous_key, device_key, email_key, ordered, phone_key, user_key
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, Source
from shoal.ingest.values import instant

TYPES = frozenset({"track", "page", "screen", "identify", "group", "alias"})
_NONE: Mapping[str, Any] = {}
_CONTEXT = ("ip", "userAgent", "locale", "timezone")
_PAGE = ("path", "url", "title", "referrer", "search")


def recognise(head: FileHead) -> float:
    """JSON lines whose `type` is one of the six calls and that say who."""
    if head.format != "jsonl" or not head.sample:
        return 0.0
    alike = sum(row.get("type") in TYPES and ("userId" in row or "anonymousId" in row) for row in head.sample)
    return 0.95 * alike / len(head.sample)


def map_rows(rows: Sequence[Row], context: Context) -> tuple[Record, ...]:
    """One call is one record: an event, facts (identify, group), or a link between two ids (alias)."""
    row = rows[0]
    kind = row.get("type")
    if kind not in TYPES:
        raise RowRejectedError("unknown_type", "The type is none of track, page, screen, identify, group, alias.")
    outside = _object(row, "context")
    traits = _object(row, "traits") or _object(outside, "traits")
    properties = _object(row, "properties")
    keys = _keys(row, outside, traits, properties, context)
    message_id = row.get("messageId")
    return (
        Record(
            keys=keys,
            name=_name(row, kind),
            at=_at(row, context),
            message_id=str(message_id) if message_id else None,
            properties=_properties(kind, row, properties, outside),
            traits=_traits(kind, row, traits),
        ),
    )


def _object(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else _NONE


def _keys(
    row: Row, outside: Mapping[str, Any], traits: Mapping[str, Any], properties: Mapping[str, Any], context: Context
) -> tuple[str, ...]:
    found = [user_key(row.get("userId")), anonymous_key(row.get("anonymousId"))]
    email = traits.get("email") or properties.get("email")
    if isinstance(email, str):
        found.append(email_key(email))
    phone = traits.get("phone")
    if isinstance(phone, str):
        found.append(phone_key(phone, context.region))
    device = outside.get("device")
    if isinstance(device, dict) and device.get("id"):
        found.append(device_key(device["id"]))
    if row.get("type") == "alias":
        found.append(_previous(row))
    keys = ordered(found)
    if not keys:
        raise RowRejectedError("no_identity", "There is no userId, anonymousId, e-mail address, phone or device.")
    return keys


def _previous(row: Row) -> str | None:
    """The id that an alias call replaces. Nothing says whether it was a user's or a browser's: UUIDs are browsers'."""
    previous = row.get("previousId")
    text = str(previous or "")
    is_uuid = len(text) == 36 and text.count("-") == 4
    return anonymous_key(previous) if is_uuid else email_key(text) or user_key(previous)


def _at(row: Row, context: Context) -> Instant | None:
    """When it happened, by a true clock: receivedAt - (sentAt - originalTimestamp) corrects the device's."""
    received, sent, original = row.get("receivedAt"), row.get("sentAt"), row.get("originalTimestamp")
    if received and sent and original:
        skew = instant(sent, context, "sentAt") - instant(original, context, "originalTimestamp")
        return Instant(instant(received, context, "receivedAt") - skew)
    stated = row.get("timestamp") or original or sent or received
    return instant(stated, context, "timestamp") if stated else None


def _name(row: Row, kind: str) -> str | None:
    if kind == "track":
        event = row.get("event")
        if not isinstance(event, str) or not event.strip():
            raise RowRejectedError("no_event_name", "A track call needs an event name.")
        return event
    if kind == "page":
        return events.PAGE_VIEWED
    return events.SCREEN_VIEWED if kind == "screen" else None


def _properties(kind: str, row: Row, properties: Mapping[str, Any], outside: Mapping[str, Any]) -> Mapping[str, Json]:
    """The call's own properties, with the page, campaign and device that its context names where it has none itself."""
    if kind not in ("track", "page", "screen"):
        return _NONE
    found: dict[str, Json] = dict(properties)
    for name in ("name", "category"):
        if row.get(name):
            found.setdefault(name, row[name])
    page = outside.get("page")
    if isinstance(page, dict):
        for name in _PAGE:
            if page.get(name):
                found.setdefault(name, page[name])
    campaign = outside.get("campaign")
    if isinstance(campaign, dict):
        for name, value in campaign.items():
            found.setdefault(f"utm_{'campaign' if name == 'name' else name}", value)
    for name in _CONTEXT:
        if outside.get(name):
            found.setdefault("user_agent" if name == "userAgent" else name, outside[name])
    return found


def _traits(kind: str, row: Row, traits: Mapping[str, Any]) -> Mapping[str, Json]:
    """What the call states as facts. Other calls repeat known traits in their context, which only name the person."""
    if kind == "identify":
        return traits
    if kind != "group":
        return _NONE
    return {"group_id": row.get("groupId"), **{f"group_{name}": value for name, value in traits.items()}}


SOURCE = Source(name="segment", title="Segment or RudderStack events", recognise=recognise, map_rows=map_rows)
