"""Canonical records as Parquet: the columns of `canonical.SCHEMA` without `line`. The quick way in for large histories.

Columns are checked as a whole. JSON is decoded and encoded again, so that each name stands once in an object and
numbers are as everywhere; no other part of a row is looked at in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute

from shoal.core.errors import UserError
from shoal.ingest.canonical import SCHEMA, Consent, Record, json_texts
from shoal.ingest.events import canonical_name
from shoal.ingest.source import Context, FileHead, MappedBatch, Row, RowRejectedError, Source
from shoal.ingest.storable import (
    EARLIEST,
    LATEST,
    LONGEST_NAME,
    UnstorableError,
    are_sound,
    check_key,
    check_name,
    sound_object,
    sound_texts,
    too_deep,
)

_compute: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them
_REQUIRED = ("message_id", "at", "keys")
_KEY = r"^(user|email|phone|anonymous|device):."
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "properties": msgspec.json.Decoder(dict[str, Any]),
    "traits": msgspec.json.Decoder(dict[str, Any]),
    "consent": msgspec.json.Decoder(list[Consent]),
}

_encoder = msgspec.json.Encoder()

_Fault = tuple[str, str, pa.Array]
"""Reason, message, and which rows."""


def recognise(head: FileHead) -> float:
    """A Parquet file with a message id, an instant, keys, and something said about them."""
    present = set(head.columns)
    if head.format != "parquet" or not present.issuperset(_REQUIRED):
        return 0.0
    return 1.0 if present & {"name", "traits", "consent"} else 0.0


def map_rows(_rows: Sequence[Row], _context: Context) -> Iterable[Record]:
    """Not used: `map_batch` maps the file's batches."""
    raise RowRejectedError("not_parquet", "Canonical records are read from Parquet only.")


def map_batch(batch: pa.RecordBatch, line: int, context: Context) -> MappedBatch:
    """The batch with canonical types; rows without id, time or sound keys, or with broken JSON, are refused."""
    columns = {field.name: _column(batch, field) for field in SCHEMA if field.name != "line"}
    faults = [*_faults(columns), *_text_faults(columns)]
    for name in _DECODERS:
        columns[name], found = _kept(columns[name], name)
        faults += found
    lines = pa.array(range(line, line + len(batch)), pa.int64())
    whole = pa.RecordBatch.from_arrays([lines, *columns.values()], names=["line", *columns])
    rejects: list[tuple[int, str, str]] = []
    bad = pa.array([False] * len(batch))
    for reason, message, mask in faults:
        fresh = _compute.and_not(mask, bad)
        rejects.extend((number, reason, message) for number in lines.filter(fresh).to_pylist())
        bad = _compute.or_(bad, mask)
    sound = whole.filter(_compute.invert(bad)) if rejects else whole
    arrival = pa.scalar(context.received_at, pa.timestamp("ms"))
    at = _compute.min_element_wise(sound.column("at"), arrival)
    kept = {"at": at, "name": _spelled(sound.column("name"))}
    arrays = [kept[name] if name in kept else sound.column(name) for name in SCHEMA.names]
    clamped = bool(_compute.any(_compute.greater(sound.column("at"), arrival)).as_py())
    return MappedBatch(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA), sorted(rejects), clamped)


def _spelled(names: pa.Array) -> pa.Array:
    """The names of events as they are kept; each different one is looked at once."""
    coded = names.dictionary_encode()
    kept = [name and canonical_name(name) for name in coded.dictionary.to_pylist()]
    return _compute.take(pa.array(kept, pa.string()), coded.indices)


def _faults(columns: dict[str, pa.Array]) -> list[_Fault]:
    return [
        (
            "incomplete_row",
            "The id, the time or the keys are missing, or a key is not kind:value.",
            _incomplete(columns),
        ),
        ("bad_time", "The time is before the year 1, or after the year 9999.", _out_of_range(columns["at"])),
        (
            "versioned_facts",
            "A record with a version has no name, or states traits or consent: state those in a record without both.",
            _versioned_facts(columns),
        ),
    ]


def _column(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    place = batch.schema.get_field_index(field.name)
    if place < 0:
        return pa.nulls(len(batch), field.type)
    column = batch.column(place)
    if field.name == "at" and pa.types.is_timestamp(column.type) and column.type.tz:
        column = column.cast(pa.timestamp(column.type.unit))  # the stored number is UTC already
    try:
        return _compute.cast(column, field.type, safe=field.name != "at")
    except pa.ArrowInvalid:
        raise _wrong_type(field, column.type) from None
    except pa.ArrowNotImplementedError:
        raise _wrong_type(field, column.type) from None


def _wrong_type(field: pa.Field, found: pa.DataType) -> UserError:
    return UserError(
        "wrong_type",
        f"The column {field.name} has the type {found}.",
        fix=f"Write it as {field.type}.",
    )


def _incomplete(columns: dict[str, pa.Array]) -> pa.Array:
    keys = columns["keys"]
    ill = _compute.is_null(columns["message_id"])
    ill = _compute.or_(ill, _compute.equal(columns["message_id"].fill_null(""), ""))
    ill = _compute.or_(ill, _compute.is_null(columns["at"]))
    ill = _compute.or_(ill, _compute.equal(_compute.list_value_length(keys).fill_null(0), 0))
    sound = _compute.match_substring_regex(keys.flatten(), _KEY).fill_null(False)
    if _compute.all(sound).as_py() is False:
        owners = _compute.list_parent_indices(keys).filter(_compute.invert(sound))
        ill = _compute.or_(ill, _compute.is_in(pa.array(range(len(keys)), pa.int64()), owners.unique()))
    return ill


def _versioned_facts(columns: dict[str, pa.Array]) -> pa.Array:
    """Which records have a version and state facts, which have a time of their own."""
    facts = _compute.or_(_compute.is_valid(columns["traits"]), _compute.is_valid(columns["consent"]))
    return _compute.and_(_compute.is_valid(columns["version"]), _compute.or_(facts, _compute.is_null(columns["name"])))


def _out_of_range(at: pa.Array) -> pa.Array:
    numbers = at.cast(pa.int64())
    return _compute.or_(_compute.less(numbers, EARLIEST), _compute.greater(numbers, LATEST)).fill_null(False)


def _text_faults(columns: dict[str, pa.Array]) -> Iterator[_Fault]:
    """Ids, names and keys that can't be held."""
    for name, check in (("message_id", check_key), ("name", check_name)):
        yield from _unsound(columns[name], check, lambda mask: mask)
    keys = columns["keys"]
    owners, places = _compute.list_parent_indices(keys), pa.array(range(len(keys)), pa.int64())
    yield from _unsound(
        keys.flatten(), check_key, lambda mask: _compute.is_in(places, owners.filter(mask).cast(pa.int64()).unique())
    )


def _unsound(texts: pa.Array, check: Callable[[str], None], rows: Callable[[pa.Array], pa.Array]) -> Iterator[_Fault]:
    """The faults of a column of texts; each is looked at only where one of them is odd."""
    if _are_plain(texts):
        return
    found: dict[tuple[str, str], list[int]] = {}
    for place, raw in enumerate(texts.cast(pa.binary()).to_pylist()):
        try:
            check((raw or b"").decode(errors="surrogateescape"))
        except UnstorableError as error:
            found.setdefault((error.reason, error.message), []).append(place)
    every = pa.array(range(len(texts)), pa.int64())
    for (reason, message), places in found.items():
        yield reason, message, rows(_compute.is_in(every, pa.array(places, pa.int64())))


def _are_plain(texts: pa.Array) -> bool:
    try:
        texts.validate(full=True)  # Parquet's texts may be any bytes
    except pa.ArrowInvalid:
        return False
    longest = _compute.max(_compute.binary_length(texts)).as_py() or 0
    return longest <= LONGEST_NAME and not _compute.any(_compute.match_substring(texts, "\0")).as_py()


def _kept(texts: pa.Array, name: str) -> tuple[pa.Array, list[_Fault]]:
    """The texts as the lake keeps them, each name once; and which aren't the JSON object (or list) that they should be.

    Events of a kind say much the same, so each different text is looked at once.
    """
    if texts.null_count == len(texts):
        return texts, []
    coded = texts.cast(pa.binary()).dictionary_encode()
    kept, faults = _kept_once(coded.dictionary, name)
    places = [
        (reason, message, _compute.take(mask, coded.indices).fill_null(False)) for reason, message, mask in faults
    ]
    return _compute.take(kept, coded.indices), places


def _kept_once(raw: pa.Array, name: str) -> tuple[pa.Array, list[_Fault]]:
    """As `_kept`. All are decoded and encoded in one call, a line each; only where that won't do is each looked at."""
    lines = _all_encoded(raw, name)
    if lines is not None and are_sound(lines):
        return json_texts(lines), []
    kept: list[bytes | None] = []
    found: dict[tuple[str, str], list[int]] = {}
    for place, text in enumerate(raw.to_pylist()):
        try:
            kept.append(_encoded(_decoded(text, name)))
        except UnstorableError as error:
            kept.append(None)
            found.setdefault((error.reason, error.message.format(name)), []).append(place)
    places = pa.array(range(len(raw)), pa.int64())
    faults = [(*why, _compute.is_in(places, pa.array(where, pa.int64()))) for why, where in found.items()]
    return json_texts(kept), faults


def _all_encoded(texts: pa.Array, name: str) -> list[bytes] | None:
    """All of them, in one call; None where one is broken. Texts in braces can't merge over a line end, so it is enough
    that the counts agree."""
    joined = _compute.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), b"\n")[0].as_buffer()
    try:
        found = _DECODERS[name].decode_lines(joined)
        encoded = _encoder.encode_lines(found)
    except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError, RecursionError):
        return None
    return encoded.split(b"\n")[:-1] if len(found) == len(texts) else None


def _decoded(text: bytes, name: str) -> Any:
    try:
        return _DECODERS[name].decode(text)
    except RecursionError:
        raise too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UnstorableError("bad_json", "The column {} does not hold the JSON that it should.") from None


def _encoded(value: Any) -> bytes:
    try:
        encoded = _encoder.encode(value)
    except RecursionError:
        raise too_deep() from None
    return sound_object(encoded) if isinstance(value, dict) else sound_texts(encoded)


SOURCE = Source(
    name="shoal", title="Canonical records (Parquet)", recognise=recognise, map_rows=map_rows, map_batch=map_batch
)
