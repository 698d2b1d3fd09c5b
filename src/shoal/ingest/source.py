"""What a source is: a way to recognise its files and to map their rows to canonical records.

Each source is one file in `ingest/sources/`, listed in `SOURCES` there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from shoal.core.time import Instant
from shoal.ingest.canonical import Record

Row = Mapping[str, Any]
"""One row as read: column name to text for CSV ("" where blank), to JSON values for JSONL and Parquet."""


class RowRejectedError(Exception):
    """The row is broken: it goes to the reject file with this reason ("bad_email", "no_identity")."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        self.message = message
        super().__init__(message)


class RowSkippedError(Exception):
    """The row is sound but says nothing to store, for a reason worth counting ("cancelled", "test_order")."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class FileHead:
    """What is known of a file before its rows are mapped."""

    name: str  # file name without its folder and without .gz or .zip: "orders.csv"
    format: str  # "csv", "jsonl" or "parquet"
    columns: tuple[str, ...]  # header, or the top-level names of the first rows of JSONL
    sample: tuple[Row, ...] = ()  # the first rows, 100 at most


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping may need besides the row."""

    received_at: Instant
    zone: dt.tzinfo = dt.UTC  # meant by times that name no zone
    region: str = "US"  # meant by phone numbers that name no country (ISO 3166-1 alpha-2)
    currency: str = "USD"  # meant by amounts that name none (ISO 4217)
    day_first: bool = False  # how 03/04/2026 is meant; found from the file's own dates
    one_order: bool = False  # whether a date against `day_first` rejects its row
    siblings: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)  # see Source.siblings


@dataclass(frozen=True, slots=True)
class MappedBatch:
    """What `Source.map_batch` made of a batch: records, and (line, reason, message) of the refused rows."""

    records: pa.RecordBatch  # canonical.SCHEMA
    rejects: Sequence[tuple[int, str, str]] = ()
    clamped: bool = False  # an instant after the arrival was moved to it


@dataclass(frozen=True, slots=True)
class Headerless:
    """The form of a delimited file whose first line is a row already: its columns are known from elsewhere.

    No value is quoted: a delimiter always ends it, and a quotation mark is a sign like any other.
    """

    columns: tuple[str, ...]  # in the order of the file
    delimiter: str
    fits: Callable[[Mapping[str, str]], bool]  # whether a first line of so many values is a row of this form

    def is_row(self, line: str) -> bool:
        """Whether a line, with or without its end, is a row of this form."""
        values = line.rstrip("\r\n").split(self.delimiter)
        return len(values) == len(self.columns) and self.fits(dict(zip(self.columns, values, strict=True)))


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of file (an export, a table, a log).

    `recognise` scores a file from 0.0 (not this) to 1.0 (certainly this); the highest score of 0.5
    or more wins. `map_rows` gets one row, or, where `group_by` names a column, all consecutive rows
    that share its value (the lines of one order); it yields the records, raises RowRejectedError for
    a broken row and RowSkippedError for a sound one that is deliberately not stored.
    `siblings` names tables of the same folder that rows refer to: table name to its key column; they
    are handed over in `Context.siblings` as {table: {key: row}} where the files are there.
    `check` looks at single rows before they are grouped and raises as `map_rows` does. `map_batch` maps
    a Parquet batch to `canonical.SCHEMA` as a whole, instead of `map_rows`, and counts what it refuses. `warnings` are
    told with every file that is read so. `headerless` is the form of its files that have no header line.
    """

    name: str  # "shopify_orders"; the `source` of its events
    title: str  # "Shopify orders export"
    recognise: Callable[[FileHead], float]
    map_rows: Callable[[Sequence[Row], Context], Iterable[Record]]
    group_by: str | None = None
    siblings: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[Row, Context], None] | None = None
    map_batch: Callable[[pa.RecordBatch, int, Context], MappedBatch] | None = None  # batch, line of its first row
    warnings: tuple[str, ...] = ()
    headerless: Headerless | None = None


def has_columns(head: FileHead, *names: str) -> bool:
    """Whether the header holds all the names, whatever their case.

    >>> has_columns(FileHead("a.csv", "csv", ("Email", "Name")), "email")
    True
    """
    present = {column.strip().casefold() for column in head.columns}
    return all(name.casefold() in present for name in names)
