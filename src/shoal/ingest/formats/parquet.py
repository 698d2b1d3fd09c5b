"""Parquet files, streamed a batch at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from shoal.core.errors import UserError
from shoal.ingest.formats.limits import BLOCK, Limits
from shoal.ingest.formats.packed import Bytes, FilePart
from shoal.ingest.formats.rows import Broken, Numbered, name_columns, too_many_columns
from shoal.ingest.source import Row

_ROWS = 1_000
_open: Any = pq.ParquetFile  # pyarrow has no types


class ParquetRows:
    """The rows of a Parquet file; a row's line is its number."""

    format = "parquet"

    def __init__(self, opened: IO[bytes] | str, part: FilePart, limits: Limits) -> None:
        self._label = part.label
        self.warnings: tuple[str, ...] = ()
        self.consumed = 0
        with self._told():
            self._file = _open(opened, pre_buffer=False, buffer_size=BLOCK)
            names = self._file.schema_arrow.names
            self.columns = tuple(names) if len(set(names)) == len(names) else name_columns(names)
            self.rows = self._file.metadata.num_rows
        if len(self.columns) > limits.columns:
            raise too_many_columns(len(self.columns), self._label, limits)

    def __iter__(self) -> Iterator[Numbered]:
        line = 1
        for batch in self.batches(_ROWS):
            yield from enumerate(_rows(batch), start=line)
            line += len(batch)

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """The table in batches of at most `size` rows."""
        with self._told():
            batches = self._file.iter_batches(batch_size=size, use_threads=False)
        while True:
            with self._told():
                batch = next(batches, None)
            if batch is None:
                return
            self.consumed += batch.get_total_buffer_size()
            yield batch.rename_columns(list(self.columns))

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except MemoryError:  # Arrow's own is an ArrowException too
            raise
        except (pa.ArrowException, OSError, ValueError, OverflowError, UnicodeDecodeError):
            raise UserError(
                "unreadable_file",
                "The file begins like Parquet but is damaged.",
                where=self._label,
                fix="Write or download it again.",
            ) from None


def _rows(batch: pa.RecordBatch) -> list[Row | Broken]:
    """The rows in Python's types, which know microseconds and the years 1 to 9999."""
    columns = [_cut(column) for column in batch.columns]
    try:
        return cast(list[Row | Broken], pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist())
    except (ValueError, OverflowError):  # somewhere in it; a text of bytes that are none is a ValueError too
        return [_row(batch.schema.names, columns, place) for place in range(len(batch))]


def _row(names: list[str], columns: list[pa.Array], place: int) -> Row | Broken:
    row = {}
    for name, column in zip(names, columns, strict=True):
        try:
            row[name] = column[place].as_py()
        except UnicodeDecodeError:
            return Broken("bad_encoding", f"The text in column {name!r} is none.")
        except (ValueError, OverflowError):
            return Broken("unreadable_value", f"The value in column {name!r} is no date of the years 1 to 9999.")
    return row


def _cut(column: pa.Array) -> pa.Array:
    """The column with nanoseconds cut to microseconds."""
    cut = _micro(column.type)
    if cut != column.type:
        with suppress(pa.ArrowNotImplementedError):  # then rows that need it are refused
            return column.cast(cut, safe=False)
    return column


def _micro(kind: pa.DataType) -> pa.DataType:
    """The type with microseconds in place of nanoseconds, however deep."""
    types = pa.types
    if types.is_nested(kind):
        return _micro_within(kind)
    if types.is_dictionary(kind):
        inner = _micro(kind.value_type)
        return kind if inner == kind.value_type else inner
    if getattr(kind, "unit", None) != "ns":
        return kind
    if types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.duration("us") if types.is_duration(kind) else pa.time64("us")


def _micro_within(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_map(kind):
        return pa.map_(_micro(kind.key_type), _micro(kind.item_type))
    if types.is_struct(kind):
        return pa.struct([field.with_type(_micro(field.type)) for field in kind])
    if types.is_list(kind) or types.is_large_list(kind):
        made = pa.list_ if types.is_list(kind) else pa.large_list
        return made(kind.value_field.with_type(_micro(kind.value_type)))
    return kind


@contextmanager
def unpacked(stream: Bytes, part: FilePart, limits: Limits) -> Iterator[Any]:
    """A packed Parquet file on disk, because its end has to be read first; gone afterwards."""
    with tempfile.TemporaryFile() as file:
        while block := stream.read(BLOCK):
            file.write(block)
            if file.tell() > limits.table:
                raise UserError(
                    "unpacks_too_large",
                    f"The packed Parquet file unpacks to more than {limits.table // 2**30} GB.",
                    where=part.label,
                    fix="Unpack it yourself; Parquet is compressed already.",
                )
        file.seek(0)
        yield file
