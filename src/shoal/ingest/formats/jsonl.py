"""JSON lines: one object a line, or one array of objects as the whole file.

JSON is read as RFC 8259 has it (NaN is not JSON) through msgspec, many lines at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec

from shoal.core.errors import UserError
from shoal.ingest.formats.limits import BLOCK, Limits
from shoal.ingest.formats.packed import Bytes
from shoal.ingest.formats.rows import Broken, Numbered, too_many_columns
from shoal.ingest.formats.text import Lines, line_too_long

_decoder = msgspec.json.Decoder()
_raw_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_LOOK = 100  # rows whose names are the columns
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class JsonRows:
    """The rows of a JSON lines file."""

    format = "jsonl"

    def __init__(self, stream: Bytes, label: str, limits: Limits) -> None:
        self._stream, self._label, self._limits = stream, label, limits
        self.consumed = 0
        self.warnings: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        rows = self._rows()
        head: list[Numbered] = []
        for numbered in rows:
            head.append(numbered)
            if len(head) == _LOOK:
                break
        self.columns = _columns(head)
        if len(self.columns) > limits.columns:
            raise too_many_columns(len(self.columns), label, limits)
        self._all = chain(head, rows)

    def __iter__(self) -> Iterator[Numbered]:
        return iter(self._all)

    def _rows(self) -> Iterator[Numbered]:
        first = self._read()
        if first.startswith(_WIDE):
            yield from self._wide_rows(first)
            return
        first = first.removeprefix(b"\xef\xbb\xbf")
        if first.lstrip()[:1] == b"[":
            yield from self._array(first)
            return
        line = 1
        for block in self._blocks(first):
            yield from _numbered(block, line)
            line += block.count(b"\n")

    def _read(self) -> bytes:
        block = self._stream.read(BLOCK)
        self.consumed += len(block)
        return block

    def _blocks(self, block: bytes) -> Iterator[bytes]:
        """Blocks of whole lines."""
        carry, lines = b"", 0
        while block:
            cut = block.rfind(b"\n") + 1
            if cut:
                whole = carry + block[:cut]
                lines += whole.count(b"\n")
                yield whole
                carry = block[cut:]
            else:
                carry += block
            if len(carry) > self._limits.line:
                raise line_too_long(self._label, lines + 1, self._limits)
            block = self._read()
        if carry:
            yield carry

    def _wide_rows(self, first: bytes) -> Iterator[Numbered]:
        lines = Lines(_Resumed(first, self._stream), self._label, self._limits)
        self.warnings = (f"Read as {lines.encoding}, because it is not UTF-8.",)
        for line, text in enumerate(lines, start=1):
            self.consumed = lines.consumed
            yield from _numbered(text.encode("utf-8", "replace"), line)

    def _array(self, first: bytes) -> Iterator[Numbered]:
        blocks = [first]
        while block := self._read():
            blocks.append(block)
            if self.consumed > self._limits.document:
                raise UserError(
                    "document_too_large",
                    f"The file is one JSON array of more than {self._limits.document // 2**20} MB.",
                    where=self._label,
                    fix="Write one object a line (JSON lines).",
                )
        text = b"".join(blocks)
        try:
            items = _raw_decoder.decode(text)
        except _BROKEN as error:
            raise UserError("bad_json", _why(error), where=self._label, fix="Export it again.") from None
        line, place = 1, 0
        for item in items:
            raw = bytes(item)
            found = text.find(raw, place)
            line += text.count(b"\n", place, found)
            yield line, _decoded(raw)
            place = found + len(raw)
            line += raw.count(b"\n")


class _Resumed:
    """A stream whose first block has been read already."""

    def __init__(self, first: bytes, stream: Bytes) -> None:
        self._first, self._stream = first, stream

    @property
    def position(self) -> int:
        return self._stream.position

    def read(self, size: int) -> bytes:
        block, self._first = self._first, b""
        return block or self._stream.read(size)


def _numbered(block: bytes, line: int) -> Iterator[Numbered]:
    """Rows of a block of whole lines that begins at `line`."""
    try:
        rows = _decoder.decode_lines(block)
    except _BROKEN:
        rows = []
    ends = block.count(b"\n") + (not block.endswith(b"\n"))
    if len(rows) == ends and all(type(row) is dict for row in rows):
        yield from enumerate(rows, start=line)
        return
    for number, text in enumerate(block.split(b"\n"), start=line):
        if text and not text.isspace():
            yield number, _decoded(text)


def _decoded(text: bytes) -> dict[str, Any] | Broken:
    try:
        row = _decoder.decode(text)
    except _BROKEN as error:
        reason = "nested_too_deeply" if isinstance(error, RecursionError) else "bad_json"
        return Broken(reason, _why(error))
    if not isinstance(row, dict):
        return Broken("not_an_object", "The line is JSON but not an object with names and values.")
    return row


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "The JSON is nested too deeply."
    if isinstance(error, UnicodeDecodeError):
        return "The JSON holds bytes that are not UTF-8."
    return f"{str(error).removesuffix('.')}."


def _columns(head: list[Numbered]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for _, row in head:
        if not isinstance(row, Broken):
            names.update(dict.fromkeys(row))
    return tuple(names)
