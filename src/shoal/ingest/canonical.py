"""The canonical record: the one shape that every source is mapped to.

A record says that something happened (`name`), or states facts about a person (`traits`,
`consent`), or both. It names the person by identity keys, texts of the form `kind:value`
(`keys.py` makes them). Batches of records travel as Arrow with `SCHEMA`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute

from shoal.core.ids import bytes_id
from shoal.core.time import Instant
from shoal.ingest.events import canonical_name
from shoal.ingest.storable import (
    EARLIEST,
    LONGEST_NAME,
    UnstorableError,
    check_key,
    check_name,
    not_text,
    sound_object,
    sound_texts,
    too_deep,
)

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
        pa.field("version", pa.int64()),  # of an event whose state goes on; null where an event stays as it is
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
    changed: Instant | None = None  # where nobody says since when: when the row that shows it last changed


class Record(msgspec.Struct, frozen=True):
    """One row of a source after mapping.

    `at` None means "no time was given": the batch's arrival stands in for it. `message_id` None means
    the source has no id of its own: one is derived from the content, so that the same row read twice
    counts once.

    `version` is for an event whose statement goes on changing under one message id (an order that is paid later,
    a ticket, the sum refunded so far): of all that were ever handed in the one with the greatest version counts,
    in whatever order they came, and at whatever time they say it happened. Such a record states no traits and no
    consent, which have their own time. It is made of what the row says, such as the time of its last change; None
    for an event that is told once.
    """

    keys: tuple[str, ...]
    name: str | None = None
    at: Instant | None = None
    message_id: str | None = None
    properties: Mapping[str, Json] = {}
    traits: Mapping[str, Json] = {}
    consent: tuple[Consent, ...] = ()
    version: int | None = None


_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode
_HUGE = r"\d{19}"
_compute: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them


def content_id(record: Record) -> str:
    """A message id for a record whose source gives none.

    Of an event it is a digest of who (the strongest key), its name, its time and its properties; facts that were
    read from the same row may change without making another event of it. Of facts it is a digest of all they say.

    >>> seen = Record(keys=("user:1", "email:a@example.org"), name="Seen", traits={"plan": "trial"})
    >>> content_id(seen) == content_id(Record(keys=("user:1",), name="Seen"))
    True
    """
    said = record if record.name is None else (record.keys[:1], record.name, record.at, record.properties)
    return f"content-{bytes_id(_encode_sorted(said)):016x}"


_Encoded = tuple[str, bytes | None, bytes | None, bytes | None]  # message id, properties, traits, consent


def _encoded(record: Record) -> _Encoded:
    """The parts of a record as they are kept; UnstorableError where one can't be."""
    if record.at is not None and record.at < EARLIEST:
        raise UnstorableError("bad_time", "The time is before the year 1.")
    try:
        properties = sound_object(_encode(record.properties)) if record.properties else None
        traits = sound_object(_encode(record.traits)) if record.traits else None
        consent = sound_texts(_encode(record.consent)) if record.consent else None
        message_id = record.message_id or content_id(record)
    except RecursionError:
        raise too_deep() from None
    except UnicodeEncodeError:
        raise not_text() from None
    _check_texts(record, message_id)
    return message_id, properties, traits, consent


def _check_texts(record: Record, message_id: str) -> None:
    together = "\n".join((*record.keys, record.name or "", message_id))
    if together.isascii() and len(together) <= LONGEST_NAME and "\0" not in together:
        return
    for key in (*record.keys, message_id):
        check_key(key)
    check_name(record.name or "")


class Records:
    """Records on their way into an Arrow batch, encoded as they come so that little memory is held."""

    def __init__(self, received_at: Instant) -> None:
        self._received_at = received_at
        self.clamped = False  # whether an instant after the arrival was moved to it
        self._lines: list[int] = []
        self._ids: list[str] = []
        self._at: list[int] = []
        self._names: list[str | None] = []
        self._keys: list[str] = []
        self._key_ends: list[int] = [0]
        self._properties: list[bytes | None] = []
        self._traits: list[bytes | None] = []
        self._consent: list[bytes | None] = []
        self._versions: list[int | None] = []

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: int, *records: Record) -> None:
        """Add the records that begin at `line`, all or none; an instant after the arrival is clamped to it.

        Raises UnstorableError where one of them can't be held. The event's name is kept as `events.canonical_name` has
        it; ids are made of the name as it came, so that no change of that table makes another event of an old one.
        """
        for record, encoded in [(record, _encoded(record)) for record in records]:
            self._append(line, record, encoded)

    def _append(self, line: int, record: Record, encoded: _Encoded) -> None:
        message_id, properties, traits, consent = encoded
        self._ids.append(message_id)
        self._properties.append(properties)
        self._traits.append(traits)
        self._consent.append(consent)
        self._versions.append(record.version)
        at, arrival = record.at, self._received_at
        if at is not None and at > arrival:
            self.clamped, at = True, arrival
        self._at.append(arrival if at is None else at)
        self._names.append(canonical_name(record.name) if record.name else record.name)
        self._keys.extend(record.keys)
        self._key_ends.append(len(self._keys))
        self._lines.append(line)

    def extend(self, others: Records) -> None:
        """Add what was gathered elsewhere, with the instants that it has there."""
        self.clamped |= others.clamped
        self._lines += others._lines
        self._ids += others._ids
        self._at += others._at
        self._names += others._names
        before = len(self._keys)
        self._keys += others._keys
        self._key_ends += [before + end for end in others._key_ends[1:]]
        self._properties += others._properties
        self._traits += others._traits
        self._consent += others._consent
        self._versions += others._versions

    def batch(self) -> pa.RecordBatch:
        """All of them. Whole numbers that no 64-bit integer holds become floating point."""
        keys = pa.ListArray.from_arrays(pa.array(self._key_ends, pa.int32()), pa.array(self._keys, pa.string()))
        columns = [
            pa.array(self._lines, pa.int64()),
            pa.array(self._ids, pa.string()),
            pa.array(self._at, pa.int64()).cast(pa.timestamp("ms")),
            pa.array(self._names, pa.string()),
            keys,
            json_texts(self._properties),
            json_texts(self._traits),
            json_texts(self._consent),
            pa.array(self._versions, pa.int64()),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def to_batch(records: Sequence[tuple[int, Record]], received_at: Instant) -> pa.RecordBatch:
    """Arrow batch of (line, record) pairs; an instant after `received_at` is clamped to it.

    Numbers that no 64-bit integer holds become floating point. Raises UnstorableError where the lake can't hold one.
    """
    batch = Records(received_at)
    for line, record in records:
        batch.add(line, record)
    return batch.batch()


def json_texts(encoded: Sequence[bytes | None]) -> pa.Array:
    """JSON as a column; whole numbers that no 64-bit integer holds become floating point."""
    texts = pa.array(encoded, pa.binary()).cast(pa.string())
    if texts.null_count < len(texts) and _compute.any(_compute.match_substring_regex(texts, _HUGE)).as_py():
        return pa.array([text and _encode(small(msgspec.json.decode(text))) for text in encoded], pa.binary()).cast(
            pa.string()
        )
    return texts


def small(value: Json) -> Json:
    """The value with whole numbers beyond 64 bits as floating point.

    >>> small({"id": 2**64}), small([1])
    ({'id': 1.8446744073709552e+19}, [1])
    """
    if isinstance(value, dict):
        return {name: small(item) for name, item in value.items()}
    if isinstance(value, list):
        return [small(item) for item in value]
    if isinstance(value, int) and value not in INT64:
        return float(value)
    return value
