"""Records that the engine can't take: dead letters of them, and the way back into the journal.

Such a letter holds the record as the journal had it, not the call that it came by. So a replayed record has the same
id and the same time.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pyarrow as pa

from shoal.core.time import Instant, format_instant, parse_instant
from shoal.ingest.calls import Letter
from shoal.ingest.canonical import SCHEMA

REASON: Final = "crashes_engine"

_JSON: Final = ("properties", "traits", "consent")
_NOTHING: Final = msgspec.Raw(b"null")

_encode: Final = msgspec.json.Encoder().encode


class _Kept(msgspec.Struct, rename="camel"):
    """The payload of such a letter."""

    origin: str  # who handed it in, as the journal says
    line: int
    message_id: str
    at: str
    name: str | None
    keys: list[str]
    version: int | None
    properties: msgspec.Raw
    traits: msgspec.Raw
    consent: msgspec.Raw


_decode: Final = msgspec.json.Decoder(_Kept).decode


def letter(record: pa.RecordBatch, origin: str, why: str) -> Letter:
    """The letter of one record, a batch of one row as in the journal. `why` names the kind of fault and no value."""
    (row,) = record.select(SCHEMA.names).cast(_NUMBERED).to_pylist()
    row |= {part: _NOTHING if row[part] is None else msgspec.Raw(row[part].encode()) for part in _JSON}
    kept = _Kept(origin, **{**row, "at": format_instant(Instant(row["at"]))})
    message = f"The engine fails on this record ({why}): replay it when Shoal was brought up to date, or discard it."
    return Letter(REASON, message, _encode(kept))


def record(payload: bytes) -> tuple[str, pa.RecordBatch]:
    """The origin, and the batch of one row, that a letter of this reason holds."""
    kept = _decode(payload)
    row: dict[str, Any] = {name: getattr(kept, name) for name in SCHEMA.names}
    row |= {part: None if row[part] == _NOTHING else bytes(row[part]).decode() for part in _JSON}
    return kept.origin, pa.RecordBatch.from_pylist([{**row, "at": int(parse_instant(kept.at))}], _NUMBERED).cast(SCHEMA)


_NUMBERED: Final = SCHEMA.set(SCHEMA.get_field_index("at"), pa.field("at", pa.int64(), nullable=False))
"""Instants as numbers: no detour by Python's dates, which know fewer years."""
