"""Events in the Segment wire format, as Segment and RudderStack write them to files.

Sources: https://segment.com/docs/connections/spec/ and https://www.rudderstack.com/docs/event-spec/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.keys import anonymous_key, device_key, email_key, id_text, ordered, phone_key, user_key
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, Source
from shoal.ingest.values import instant

EVENT_TYPES = frozenset({"track", "page", "screen"})
TYPES = EVENT_TYPES | {"identify", "group", "alias"}
_NONE: Mapping[str, Any] = {}
_CONTEXT = {"ip": "ip", "userAgent": "user_agent", "locale": "locale", "timezone": "timezone"}


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
    is_event = kind in EVENT_TYPES
    message_id = row.get("messageId")
    return (
        Record(
            _keys(row, outside, traits, properties, context),
            _name(row, kind) if is_event else None,
            _at(row, context),
            str(message_id) if message_id else None,
            _properties(row, properties, outside) if is_event else _NONE,
            _NONE if is_event else _traits(row, kind, traits),
        ),
    )


def _object(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = row.get(name)
    return found if type(found) is dict else _NONE


def _keys(
    row: Row, outside: Mapping[str, Any], traits: Mapping[str, Any], properties: Mapping[str, Any], context: Context
) -> tuple[str, ...]:
    """Strongest first, as `keys.ordered` would have them; only an alias call can name two of a kind.

    An address among an event's properties may be somebody else's ("Invitation Sent"), so it names the sender only
    where there is no user id. The traits of a group call are the group's.
    """
    if row["type"] == "group":
        traits = _NONE
        _check_group(row)
    previous = _previous(row) if row["type"] == "alias" else None
    email = traits.get("email") or (None if row.get("userId") else properties.get("email"))
    found = (
        user_key(row["userId"]) if "userId" in row else None,
        email_key(id_text(email)) if email else None,
        phone_key(id_text(traits["phone"]), context.region) if traits and traits.get("phone") else None,
        anonymous_key(row["anonymousId"]) if "anonymousId" in row else None,
        _device(outside) if "device" in outside else None,
    )
    keys = ordered((*found, previous)) if row["type"] == "alias" else tuple(filter(None, found))
    if not keys:
        raise RowRejectedError("no_identity", "There is no userId, anonymousId, e-mail address, phone or device.")
    return keys


def _device(outside: Mapping[str, Any]) -> str | None:
    device = _object(outside, "device").get("id")
    return device_key(device) if device else None


def _previous(row: Row) -> str:
    """The id that an alias call replaces. Nothing says whether it was a user's or a browser's: UUIDs are browsers', and
    so is what the call itself has as its `anonymousId`.
    """
    previous = row.get("previousId")
    text = id_text(previous)
    is_browsers = (len(text) == 36 and text.count("-") == 4) or (text != "" and text == id_text(row.get("anonymousId")))
    key = anonymous_key(previous) if is_browsers else email_key(text) or user_key(previous)
    if key is None:
        raise RowRejectedError("no_previous", "An alias call needs a previousId.")
    return key


def _check_group(row: Row) -> None:
    if not id_text(row.get("groupId")):
        raise RowRejectedError("no_group", "A group call needs a groupId.")


def _at(row: Row, context: Context) -> Instant | None:
    """When it happened, by a true clock: receivedAt - (sentAt - originalTimestamp) corrects the device's."""
    received, sent, original = row.get("receivedAt"), row.get("sentAt"), row.get("originalTimestamp")
    if received and sent and original:
        skew = instant(sent, context, "sentAt") - instant(original, context, "originalTimestamp")
        return Instant(instant(received, context, "receivedAt") - skew)
    stated = row.get("timestamp") or original or sent or received
    return instant(stated, context, "timestamp") if stated else None


def _name(row: Row, kind: str) -> str:
    if kind != "track":
        return events.PAGE_VIEWED if kind == "page" else events.SCREEN_VIEWED
    event = row.get("event")
    if not isinstance(event, str) or not event.strip():
        raise RowRejectedError("no_event_name", "A track call needs an event name.")
    return event


def _properties(row: Row, properties: Mapping[str, Any], outside: Mapping[str, Any]) -> Mapping[str, Json]:
    """The call's own properties, with the page, campaign and browser that its context names."""
    found: dict[str, Json] = {}
    for name in ("name", "category"):
        if name in row:
            found[name] = row[name]
    for name, value in outside.items():
        if name in _CONTEXT:
            found[_CONTEXT[name]] = value
        elif name == "page" and type(value) is dict:
            found |= value
        elif name == "campaign" and type(value) is dict:
            found |= {"utm_campaign" if part == "name" else f"utm_{part}": text for part, text in value.items()}
    found |= properties
    return found


# Reserved traits of the specification under the names that other sources give the same facts:
# https://segment.com/docs/connections/spec/identify/#traits
_RESERVED = {"firstName": "first_name", "lastName": "last_name", "createdAt": "created_at", "title": "job_title"}


def _traits(row: Row, kind: str, traits: Mapping[str, Any]) -> Mapping[str, Json]:
    """What identify and group calls state as facts."""
    if kind == "identify":
        return {_RESERVED.get(name, name): value for name, value in traits.items()}
    if kind == "alias":
        return _NONE
    return {"group_id": row.get("groupId"), **{f"group_{name}": value for name, value in traits.items()}}


SOURCE = Source(name="segment", title="Segment or RudderStack events", recognise=recognise, map_rows=map_rows)
