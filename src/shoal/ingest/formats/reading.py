"""Opening a file as rows, whatever its packing and format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from shoal.core.errors import UserError
from shoal.ingest.formats.delimited import DelimitedRows
from shoal.ingest.formats.jsonl import JsonRows
from shoal.ingest.formats.limits import BLOCK, Limits
from shoal.ingest.formats.packed import Bytes, FilePart, open_bytes, parts_of
from shoal.ingest.formats.rows import Rows
from shoal.ingest.source import Headerless

_TABLES = (".csv", ".tsv", ".tab", ".txt", ".psv")
_BINARY = (b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"SQLite format 3", b"ORC", b"Obj\x01")
_MAGIC = b"PAR1"

Position = Callable[[], int]


class _Peeked:
    """A stream that gives back the first block that was looked at."""

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self.first = stream.read(BLOCK)
        self._held = self.first

    @property
    def position(self) -> int:
        return self._stream.position

    def read(self, size: int) -> bytes:
        held, self._held = self._held, b""
        return held or self._stream.read(size)


def only_part(path: FilePart, limits: Limits) -> FilePart:
    """The part itself, or the single file in a zip; UserError `which_file` where there are several."""
    if path.member is not None:
        return path
    parts = parts_of(path.path, limits)
    if len(parts) > 1:
        raise UserError(
            "which_file",
            f"The archive holds {len(parts)} files.",
            where=path.label,
            fix="Name the member that is meant.",
        )
    return parts[0]


@contextmanager
def open_rows(part: FilePart, limits: Limits, forms: Sequence[Headerless] = ()) -> Iterator[tuple[Rows, Position]]:
    """The rows of a file, and how many bytes of it on disk are used up; of `forms`, a file needs no header line.

    Raises UserError: `empty_file`, `unreadable_file`, `truncated_file`, `too_many_columns` and those of the
    format's reader.
    """
    with open_bytes(part, limits) as raw:
        stream = _Peeked(raw)
        if not stream.first.strip():
            raise UserError("empty_file", "The file is empty.", where=part.label, fix="Export it again.")
        if stream.first.startswith(_MAGIC):
            with _parquet(stream, part, limits) as rows:
                yield rows, lambda: raw.position
            return
        _refuse_binary(stream.first, part)
        is_json = _is_json(stream.first, part.name)
        rows = JsonRows(stream, part.label, limits) if is_json else DelimitedRows(stream, part.label, limits, forms)
        yield rows, lambda: raw.position


@contextmanager
def _parquet(stream: Bytes, part: FilePart, limits: Limits) -> Iterator[Rows]:
    from shoal.ingest.formats.parquet import ParquetRows, unpacked  # noqa: PLC0415 - costs memory that CSV needn't pay

    with part.path.open("rb") as file:
        plain = file.read(4) == _MAGIC
    if plain:
        yield ParquetRows(str(part.path), part, limits)
        return
    with unpacked(stream, part, limits) as file:
        yield ParquetRows(file, part, limits)


def _is_json(first: bytes, name: str) -> bool:
    if name.lower().endswith(_TABLES):
        return False
    text = (
        first.decode("utf-16", "ignore")
        if first[:2] in (b"\xff\xfe", b"\xfe\xff")
        else first.decode("utf-8-sig", "ignore")
    )
    return text.lstrip()[:1] in ("{", "[")


def _refuse_binary(first: bytes, part: FilePart) -> None:
    if first.startswith(_BINARY):
        raise UserError(
            "unreadable_file",
            "The file is neither CSV, nor JSON lines, nor Parquet.",
            where=part.label,
            fix="Export it as CSV.",
        )
