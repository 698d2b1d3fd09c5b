"""Canonical records as Parquet: the columns of `canonical.SCHEMA` without `line`. The quick way in for large histories.

Columns are checked and taken over as a whole; no row is looked at in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute

from shoal.core.errors import UserError
from shoal.ingest.canonical import SCHEMA, Consent, Record
from shoal.ingest.source import Context, FileHead, MappedBatch, Row, RowRejectedError, Source

_compute: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them
_REQUIRED = ("message_id", "at", "keys")
_TEXTS = (("properties", "{", "}"), ("traits", "{", "}"), ("consent", "[", "]"))
_KEY = r"^(user|email|phone|anonymous|device):."
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    "properties": msgspec.json.Decoder(msgspec.Raw),  # checks the syntax and builds nothing
    "traits": msgspec.json.Decoder(msgspec.Raw),
    "consent": msgspec.json.Decoder(list[Consent]),
}


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
    lines = pa.array(range(line, line + len(batch)), pa.int64())
    whole = pa.RecordBatch.from_arrays([lines, *columns.values()], names=["line", *columns])
    faults = [
        (
            "incomplete_row",
            "The id, the time or the keys are missing, or a key is not kind:value.",
            _incomplete(columns),
        ),
        (
            "versioned_facts",
            "A record with a version has no name, or states traits or consent: state those in a record without both.",
            _versioned_facts(columns),
        ),
    ]
    for name, start, end in _TEXTS:
        faults.append(
            (
                "bad_json",
                f"The column {name} does not hold the JSON that it should.",
                _broken(columns[name], name, start, end),
            )
        )
    rejects: list[tuple[int, str, str]] = []
    bad = pa.array([False] * len(batch))
    for reason, message, mask in faults:
        fresh = _compute.and_not(mask, bad)
        rejects.extend((number, reason, message) for number in lines.filter(fresh).to_pylist())
        bad = _compute.or_(bad, mask)
    sound = whole.filter(_compute.invert(bad)) if rejects else whole
    arrival = pa.scalar(context.received_at, pa.timestamp("ms"))
    at = _compute.min_element_wise(sound.column("at"), arrival)
    arrays = [at if name == "at" else sound.column(name) for name in SCHEMA.names]
    clamped = bool(_compute.any(_compute.greater(sound.column("at"), arrival)).as_py())
    return MappedBatch(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA), sorted(rejects), clamped)


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


def _broken(texts: pa.Array, name: str, start: str, end: str) -> pa.Array:
    """Which texts aren't the JSON object (or list) that they should be.

    All texts are decoded in one call, a line each; only where that fails is each looked at.
    """
    if texts.null_count == len(texts):
        return pa.array([False] * len(texts))
    shaped = _compute.and_(_compute.starts_with(texts, start), _compute.ends_with(texts, end)).fill_null(True)
    present = texts.drop_null()
    if _compute.all(shaped).as_py() and _all_decode(present, name):
        return pa.array([False] * len(texts))
    shapes = shaped.to_pylist()
    return pa.array(
        [
            text is not None and not (shape and _decodes(text, name))
            for text, shape in zip(texts.to_pylist(), shapes, strict=True)
        ]
    )


def _all_decode(texts: pa.Array, name: str) -> bool:
    """Whether each is sound: texts in braces can't merge over a line end, so it is enough that the counts agree."""
    joined = _compute.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), "\n")[0].as_buffer()
    try:
        return len(_decoders[name].decode_lines(joined)) == len(texts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _decodes(text: str, name: str) -> bool:
    try:
        _decoders[name].decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


SOURCE = Source(
    name="shoal", title="Canonical records (Parquet)", recognise=recognise, map_rows=map_rows, map_batch=map_batch
)
