"""Bytes as lines of text, in whatever encoding they turn out to be."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from itertools import chain

from shoal.core.errors import UserError
from shoal.ingest.formats.encodings import WESTERN, legacy_encoding
from shoal.ingest.formats.limits import BLOCK, Limits
from shoal.ingest.formats.packed import Bytes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GUESS_SAMPLE = 65_536


class Lines:
    """The lines of a text file with their ends, streamed.

    `encoding` is None until a byte beyond ASCII was met. `suspect` turns true once a NUL or bytes that
    the encoding doesn't know were met: from then on rows have to be looked at (`is_garbled`).
    """

    def __init__(self, stream: Bytes, label: str, limits: Limits) -> None:
        self.encoding: str | None = None
        self.suspect = False
        self.consumed = 0  # bytes decoded
        self._stream, self._label, self._limits = stream, label, limits
        self._blocks = self._complete()
        first = next(self._blocks, None)
        self.first = first.getvalue() if first else ""  # the first block of whole lines
        self._all = chain([first] if first else [], self._blocks)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._all)

    def _complete(self) -> Iterator[io.StringIO]:
        carry = ""
        for text in self._decoded():
            text = carry + text  # noqa: PLW2901 - one name for what is at hand
            cut = text.rfind("\n") + 1 or text.rfind("\r", 0, -1) + 1
            carry = text[cut:]
            if cut:
                yield io.StringIO(text[:cut], newline="")
            if len(carry) > self._limits.line:
                raise LineTooLongError
        if carry:
            yield io.StringIO(carry, newline="")

    def _decoded(self) -> Iterator[str]:
        block = self._stream.read(BLOCK)
        block = self._take_mark(block)
        decoder = self._decoder() if self.encoding else None
        while block:
            self.consumed += len(block)
            if decoder is None and not block.isascii():
                self.encoding = guess_encoding(block)
                decoder = self._decoder()
            text = decoder.decode(block) if decoder else block.decode("ascii")
            self._look(text)
            yield text
            block = self._stream.read(BLOCK)
        rest = decoder.decode(b"", final=True) if decoder else ""
        self._look(rest)
        yield rest

    def _take_mark(self, block: bytes) -> bytes:
        for mark, encoding in _MARKS:
            if block.startswith(mark):
                self.encoding = encoding
                return block[len(mark) :]
        if b"\0" in block:
            self.encoding = _wide(block[:4_096])
        return block

    def _decoder(self) -> codecs.IncrementalDecoder:
        wide = str(self.encoding).startswith(("utf-16", "utf-32"))
        return codecs.getincrementaldecoder(str(self.encoding))("replace" if wide else "surrogateescape")

    def _look(self, text: str) -> None:
        if not self.suspect:
            self.suspect = "\0" in text or (not text.isascii() and _is_undecodable(text))


class LineTooLongError(Exception):
    """A line goes on beyond the limit; the reader knows its number."""


def garbled(text: str) -> str | None:
    """Why a text can't be stored: "nul_character" or "bad_encoding"; None when it can.

    >>> garbled("a\\0b"), garbled("a\\udce9b"), garbled("é")
    ('nul_character', 'bad_encoding', None)
    """
    if "\0" in text:
        return "nul_character"
    return "bad_encoding" if not text.isascii() and _is_undecodable(text) else None


def _is_undecodable(text: str) -> bool:
    if "\ufffd" in text:
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of Western text is NUL."""
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else None


def guess_encoding(sample: bytes) -> str:
    """The most likely encoding of bytes that aren't all ASCII.

    UTF-8 where nearly all of them are; else the code page in which they spell words; else the Western one, cp1252,
    or latin-1 where that has no sign for a byte.

    >>> guess_encoding("Zoë".encode()), guess_encoding("Zoë".encode("latin-1"))
    ('utf-8', 'cp1252')
    """
    whole = len(sample) < BLOCK  # else the last sign may be cut
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(sample, final=whole)
    strange = sum("\udc80" <= sign <= "\udcff" for sign in text)
    if strange <= 0.2 * sum(sign > "\x7f" for sign in text):
        return "utf-8"
    start = next(place for place, byte in enumerate(sample) if byte > 127)
    return _guess_legacy(sample[max(0, start - 1_024) :][:_GUESS_SAMPLE])


def _guess_legacy(sample: bytes) -> str:
    found = legacy_encoding(sample) or WESTERN
    try:
        sample.decode(WESTERN)
    except UnicodeDecodeError:
        return "latin-1" if found == WESTERN else found
    return found


def line_too_long(label: str, line: int, limits: Limits) -> UserError:
    """The error for a line beyond the limit."""
    return UserError(
        "line_too_long",
        f"A line goes on for more than {limits.line:,} characters.",
        where=f"{label}, line {line}",
        fix="Is it a text file with one record a line? Export it again.",
    )
