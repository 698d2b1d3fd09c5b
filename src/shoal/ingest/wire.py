"""What the parsing process and its parent say to each other, through pipes.

Each message is eight bytes of length and then JSON; a chunk's message is followed by its Arrow batch.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.recognise import Recognised, Unreadable
from shoal.ingest.source import Context, FileHead

LENGTH = 8
"""Bytes of the length before each message, big-endian."""


class ParseMessage(msgspec.Struct, frozen=True, tag="parse"):
    """Parse a file from a chunk on. Exactly one of `source` (a name) and `mapping` (as of YAML) is set."""

    path: str
    member: str | None
    source: str | None
    mapping: Any
    received_at: int
    zone: str
    region: str
    currency: str
    day_first: bool
    start_chunk: int
    limits: Limits


class InspectMessage(msgspec.Struct, frozen=True, tag="inspect"):
    """Say what files a file holds and where they come from."""

    path: str
    limits: Limits


Request = ParseMessage | InspectMessage


class ChunkMessage(msgspec.Struct, frozen=True, tag="chunk"):
    """A chunk; `batch` bytes of Arrow follow."""

    batch: int
    index: int
    rejects: tuple[tuple[int, str, str], ...]
    skipped: dict[str, int]
    stored: dict[str, int]
    rows_read: int
    position: int
    warnings: tuple[str, ...]


class RecognisedMessage(msgspec.Struct, frozen=True, tag="recognised"):
    """One file that an inspection found."""

    path: str
    member: str | None
    name: str
    format: str
    columns: tuple[str, ...]
    sample: tuple[dict[str, Any], ...]
    source: str | None
    warnings: tuple[str, ...]


class UnreadableMessage(msgspec.Struct, frozen=True, tag="unreadable"):
    """One file of several that an inspection can't read."""

    path: str
    member: str | None
    code: str
    message: str
    where: str | None
    fix: str | None


class DoneMessage(msgspec.Struct, frozen=True, tag="done"):
    """The request is answered in full."""


class ErrorMessage(msgspec.Struct, frozen=True, tag="error"):
    """A UserError."""

    code: str
    message: str
    where: str | None
    fix: str | None


class BugMessage(msgspec.Struct, frozen=True, tag="bug"):
    """Any other exception: its kind and the places in the code, without values."""

    trace: str


Answer = ChunkMessage | RecognisedMessage | UnreadableMessage | DoneMessage | ErrorMessage | BugMessage

encode = msgspec.json.Encoder().encode
decode_request = msgspec.json.Decoder(Request).decode
decode_answer = msgspec.json.Decoder(Answer).decode


def frame(message: Request | Answer) -> bytes:
    """A message with its length before it."""
    text = encode(message)
    return len(text).to_bytes(LENGTH, "big") + text


def zone_text(zone: dt.tzinfo) -> str:
    """A time zone as text: an IANA name, or minutes east of Greenwich.

    >>> zone_text(zoneinfo.ZoneInfo("Europe/Paris")), zone_text(dt.UTC)
    ('Europe/Paris', '0')
    """
    if isinstance(zone, zoneinfo.ZoneInfo) and zone.key:
        return zone.key
    offset = zone.utcoffset(None)
    assert offset is not None, "a zone is an IANA one or a fixed offset"
    return str(offset // dt.timedelta(minutes=1))


def zone_from(text: str) -> dt.tzinfo:
    """The zone that `zone_text` wrote.

    >>> zone_from("60").utcoffset(None)
    datetime.timedelta(seconds=3600)
    """
    if text.lstrip("-").isdecimal():
        return dt.timezone(dt.timedelta(minutes=int(text))) if int(text) else dt.UTC
    return zoneinfo.ZoneInfo(text)


def context_of(message: ParseMessage) -> Context:
    """The context that a request carries."""
    return Context(
        received_at=Instant(message.received_at),
        zone=zone_from(message.zone),
        region=message.region,
        currency=message.currency,
        day_first=message.day_first,
    )


def inspected_message(found: Recognised | Unreadable) -> RecognisedMessage | UnreadableMessage:
    """An inspected file, to be sent."""
    if isinstance(found, Unreadable):
        error = found.error
        path, member = str(found.part.path), found.part.member
        return UnreadableMessage(path, member, error.code, error.message, error.where, error.fix)
    head = found.head
    sample = tuple(dict(row) for row in head.sample)
    path, member = str(found.part.path), found.part.member
    return RecognisedMessage(path, member, head.name, head.format, head.columns, sample, found.source, found.warnings)


def inspected(message: RecognisedMessage | UnreadableMessage) -> Recognised | Unreadable:
    """An inspected file, as it was sent; times of Parquet have become ISO 8601 text."""
    part = FilePart(Path(message.path), message.member)
    if isinstance(message, UnreadableMessage):
        return Unreadable(part, UserError(message.code, message.message, where=message.where, fix=message.fix))
    sample: tuple[Mapping[str, Any], ...] = message.sample
    head = FileHead(message.name, message.format, message.columns, sample)
    return Recognised(part, head, message.source, message.warnings)
