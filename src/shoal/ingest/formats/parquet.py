"""Parquet files, streamed a batch at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from shoal.core.errors import UserError
from shoal.ingest.formats.limits import BLOCK, Limits
from shoal.ingest.formats.packed import Bytes, FilePart
from shoal.ingest.formats.rows import Numbered, too_many_columns

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
            self.columns = tuple(self._file.schema_arrow.names)
            self.rows = self._file.metadata.num_rows
        if len(self.columns) > limits.columns:
            raise too_many_columns(len(self.columns), self._label, limits)
        if self.rows == 0:
            raise UserError("empty_file", "The table has no rows.", where=self._label, fix="Export it again.")

    def __iter__(self) -> Iterator[Numbered]:
        line = 1
        for batch in self.batches(_ROWS):
            with self._told():
                rows = batch.to_pylist()
            yield from enumerate(rows, start=line)
            line += len(rows)

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
            yield batch

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
