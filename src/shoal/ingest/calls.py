"""Calls in the Segment wire format as they come over HTTP, one or a batch at a time.

Sources: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ (limits, batch, sentAt) and
https://segment.com/docs/connections/spec/common/ (which clock is meant).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pyarrow as pa
from msgspec.structs import replace

from shoal.core.errors import UserError
from shoal.ingest import apart
from shoal.ingest.canonical import Record, Records
from shoal.ingest.source import Context, RowRejectedError
from shoal.ingest.sources import segment
from shoal.ingest.storable import UnstorableError, has_half_a_sign, not_text, too_deep

MOST_BYTES = 32 * 1024
"""Of one call."""

MOST_BATCH_BYTES = 500 * 1024
"""Of one request."""

AHEAD_MS = 2_000
"""So much a clock may be ahead without a word."""

BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Letter:
    """A call that could not be taken: why, and what it was."""

    reason: str
    message: str
    payload: bytes  # JSON as it came
    webhook: str | None = None  # the vendor whose webhook it came by; None for a call


@dataclass(frozen=True, slots=True)
class Taken:
    """What one request handed in."""

    rows: Records
    letters: tuple[Letter, ...]
    ahead: int = 0  # calls whose time had not come yet: they count as of their arrival

    @property
    def records(self) -> pa.RecordBatch:
        """The rows, as `canonical.SCHEMA` has them; many requests together are made into columns in less time."""
        return self.rows.batch()


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]
    sentAt: Any = None  # noqa: N815 - the name on the wire


_decode_batch = msgspec.json.Decoder(_Batch).decode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read(kind: str, body: bytes, context: Context) -> Taken:
    """Read a request to /v1/`kind`: one of the six calls, or `batch`.

    A call of a batch that can't be taken becomes a letter, and all others are taken. Raises UserError `bad_json`,
    `too_large`, and for a single call also `bad_call`.

    >>> from shoal.core.time import Instant
    >>> here = Context(received_at=Instant(1_772_359_200_000))
    >>> seen = b'{"type": "track", "event": "Seen", "userId": "7"}'
    >>> taken = read("batch", b'{"batch": [' + seen + b', {"type": "track"}]}', here)
    >>> taken.records.num_rows, [letter.reason for letter in taken.letters]
    (1, ['no_identity'])
    """
    if kind == BATCH:
        return _taken(_calls(body), context)
    if len(body) > MOST_BYTES:
        raise too_large(MOST_BYTES, "A call")
    call = _decoded(_decode, body)
    taken = _taken([(msgspec.json.encode({**call, "type": kind}), call.get("sentAt"))], context, most=MOST_BATCH_BYTES)
    for letter in taken.letters:
        fix = "Mend the call and send it again."
        raise UserError("bad_call", letter.message, where=_PLACES.get(letter.reason), fix=fix)
    return taken


_PLACES: Final = {
    "no_identity": "userId",
    "no_event_name": "event",
    "bad_time": "timestamp",
    "no_group": "groupId",
    "no_previous": "previousId",
}
"""Where in a call something is missing, by reason."""


def _calls(body: bytes) -> Iterable[tuple[bytes, Any]]:
    """The calls of a batch, with when it was sent; one by one where the whole can't be read."""
    try:
        batch = _decode_batch(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        found = _calls_apart(body)
        if found is None:
            raise _bad_json(error) from None
        return found
    return ((bytes(raw), batch.sentAt) for raw in batch.batch)


def _calls_apart(body: bytes) -> list[tuple[bytes, Any]] | None:
    """As `_calls` has them, whatever stands in one of them; None where it is no batch."""
    try:
        found = apart.members(body)
        sent = msgspec.json.decode(found.get("sentAt", b"null"))
        return [(raw, sent) for raw in apart.items(found.get("batch", b""))]
    except (ValueError, RecursionError):  # UnicodeDecodeError and msgspec.DecodeError are ValueErrors too
        return None


def too_large(most: int, what: str) -> UserError:
    """The error for more bytes than are taken."""
    fix = "Send less at once." if what != "A call" else "Leave large values out."
    return UserError("too_large", f"{what} may have {most // 1024} KB.", fix=fix)


def _decoded(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _bad_json(error) from None


def _bad_json(error: Exception) -> UserError:
    told = "It is nested too deeply" if isinstance(error, RecursionError) else str(error)
    fix = 'Send a JSON object; of a batch {"batch": [call, …]}.'
    return UserError("bad_json", "The body is not what is asked for.", where=told, fix=fix)


def _taken(calls: Iterable[tuple[bytes, Any]], context: Context, *, most: int = MOST_BYTES) -> Taken:
    records, letters, ahead = Records(context.received_at), [], 0
    for number, (raw, sent) in enumerate(calls, 1):
        try:
            for record in _records(raw, sent, context, most):
                records.add(number, record)
                ahead += record.at is not None and record.at > context.received_at + AHEAD_MS
        except (RowRejectedError, UnstorableError) as error:
            letters.append(Letter(error.reason, error.message, raw))
    return Taken(records, tuple(letters), ahead)


def _records(raw: bytes, sent: Any, context: Context, most: int) -> Iterator[Record]:
    """The record of a call; raises RowRejectedError or UnstorableError."""
    if len(raw) > most:
        raise RowRejectedError("too_large", f"A call may have {most // 1024} KB.")
    try:
        call = _decode(raw)
        stated = call.get("originalTimestamp") or call.get("timestamp")
        sent = call.get("sentAt") or sent
        if sent and stated:  # the three together correct a clock that is wrong
            call |= {"receivedAt": int(context.received_at), "sentAt": sent, "originalTimestamp": stated}
        for record in segment.map_rows([call], context):
            yield record if record.message_id or stated else replace(record, message_id=str(uuid.uuid4()))
    except msgspec.DecodeError:
        raise (
            not_text() if has_half_a_sign(raw) else RowRejectedError("bad_json", "A call is a JSON object.")
        ) from None
    except RecursionError:
        raise too_deep() from None
    except UnicodeError:
        raise not_text() from None
