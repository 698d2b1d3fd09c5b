"""The canonical record: the one shape that every source is mapped to.

A record says that something happened (`name`), or states facts about a person (`traits`,
`consent`), or both. It names the person by identity keys, texts of the form `kind:value`
(`keys.py` makes them). Batches of records travel as Arrow with `SCHEMA`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import pyarrow as pa

from shoal.core.ids import key_id
from shoal.core.time import Instant

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

ConsentState = Literal["granted", "denied", "pending"]

SCHEMA = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),  # 1-based place in its file; 0 where there is none
        pa.field("message_id", pa.string(), nullable=False),  # unique within the source
        pa.field("at", pa.timestamp("ms"), nullable=False),  # UTC
        pa.field("name", pa.string()),  # event name; null where the record only states facts
        pa.field("keys", pa.list_(pa.string()), nullable=False),  # strongest first, never empty
        pa.field("properties", pa.string()),  # JSON object
        pa.field("traits", pa.string()),  # JSON object; a null value unsets the trait
        pa.field("consent", pa.string()),  # JSON list of Consent
    ]
)
"""Arrow form of a batch of records. `source` and `received_at` belong to the batch as a whole."""

INT64 = range(-(2**63), 2**63)


class Consent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one person allowed or refused: a channel ("email", "sms", "push") and a purpose."""

    channel: str
    state: ConsentState
    purpose: str = "marketing"
    method: str | None = None  # "double_opt_in", "import", "form"
    text_version: str | None = None


class Record(msgspec.Struct, frozen=True):
    """One row of a source after mapping.

    `at` None means "no time was given": the batch's arrival stands in for it. `message_id` None means
    the source has no id of its own: one is derived from the content, so that the same row read twice
    counts once.
    """

    keys: tuple[str, ...]
    name: str | None = None
    at: Instant | None = None
    message_id: str | None = None
    properties: Mapping[str, Json] = {}
    traits: Mapping[str, Json] = {}
    consent: tuple[Consent, ...] = ()


_encode = msgspec.json.Encoder(order="deterministic").encode


def content_id(record: Record) -> str:
    """A message id for a record whose source has none: a digest of all that the record says.

    >>> content_id(Record(keys=("email:a@example.org",))) == content_id(Record(keys=("email:a@example.org",)))
    True
    """
    return f"content-{key_id(_encode(record).decode()):016x}"


def to_batch(records: Sequence[tuple[int, Record]], received_at: Instant) -> pa.RecordBatch:
    """Arrow batch of (line, record) pairs; an instant after `received_at` is clamped to it.

    Numbers that no 64-bit integer holds become floating point.
    """
    rows = [record for _, record in records]
    columns = [
        pa.array([line for line, _ in records], pa.int64()),
        pa.array([row.message_id or content_id(row) for row in rows], pa.string()),
        pa.array([_arrival(row.at, received_at) for row in rows], pa.int64()).cast(pa.timestamp("ms")),
        pa.array([row.name for row in rows], pa.string()),
        pa.array([row.keys for row in rows], pa.list_(pa.string())),
        pa.array([_json(row.properties) for row in rows], pa.string()),
        pa.array([_json(row.traits) for row in rows], pa.string()),
        pa.array([_json(row.consent) for row in rows], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _arrival(at: Instant | None, received_at: Instant) -> Instant:
    return received_at if at is None else min(at, received_at)


def _json(value: Mapping[str, Json] | tuple[Consent, ...]) -> str | None:
    if not value:
        return None
    return _encode(value).decode()
