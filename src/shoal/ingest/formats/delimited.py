"""CSV and its kin: delimiter, header and quoting found from the file, strictly read.

Meaning of quotes and line ends as in RFC 4180, through Python's csv module.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from shoal.core.errors import UserError
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.packed import Bytes
from shoal.ingest.formats.rows import Broken, Numbered, too_many_columns
from shoal.ingest.formats.text import Lines, LineTooLongError, garbled, line_too_long

_DELIMITERS = (",", ";", "\t", "|")
_LOOK = 50  # rows that decide about the delimiter
_SAMPLE = 65_536  # characters
_LETTER = re.compile(r"[^\W\d_]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class DelimitedRows:
    """The rows of a CSV file as mappings from column name to text."""

    format = "csv"

    def __init__(self, stream: Bytes, label: str, limits: Limits) -> None:
        csv.field_size_limit(limits.field)
        self._label, self._limits = label, limits
        try:
            self._lines = Lines(stream, label, limits)
        except LineTooLongError:
            raise line_too_long(label, 1, limits) from None
        first = self._lines.first[:_SAMPLE]
        self.delimiter, marked = _delimiter(first)
        source = islice(self._lines, 1, None) if marked else self._lines
        padded = _is_padded(first, self.delimiter)
        self._reader = csv.reader(source, delimiter=self.delimiter, strict=True, skipinitialspace=padded)
        self._offset = int(marked)
        header = self._header()
        self.columns = name_columns(header)
        self._renamed = [
            new for old, new in zip(header, self.columns, strict=True) if old.strip().strip("\ufeff") != new
        ]

    @property
    def consumed(self) -> int:
        """Bytes decoded so far."""
        return self._lines.consumed

    @property
    def warnings(self) -> tuple[str, ...]:
        """The encoding where it isn't UTF-8, and columns that had no name of their own."""
        found = []
        if self._lines.encoding not in (None, "utf-8"):
            found.append(f"Read as {self._lines.encoding}, because it is not UTF-8.")
        if self._renamed:
            found.append(f"Columns without a name of their own are called {', '.join(self._renamed[:10])}.")
        return tuple(found)

    def __iter__(self) -> Iterator[Numbered]:
        reader, width = self._reader, len(self.columns)
        last = reader.line_num
        while True:
            try:
                for values in reader:
                    line, last = last + 1 + self._offset, reader.line_num
                    if len(values) == width and not self._lines.suspect:
                        yield line, dict(zip(self.columns, values, strict=True))
                    elif values:
                        yield line, self._inspected(values, line)
                return
            except csv.Error as error:
                line, last = last + 1 + self._offset, reader.line_num
                yield line, self._broken(str(error), line)
            except LineTooLongError:
                raise line_too_long(self._label, reader.line_num + 1 + self._offset, self._limits) from None

    def _header(self) -> Sequence[str]:
        try:
            header = next((values for values in self._reader if any(value.strip() for value in values)), None)
        except csv.Error as error:
            header = None
            self._broken(str(error), 1)
        except LineTooLongError:
            raise line_too_long(self._label, 1, self._limits) from None
        if header is None:
            raise UserError("empty_file", "The file has no header line.", where=self._label, fix="Export it again.")
        if len(header) > self._limits.columns:
            raise too_many_columns(len(header), self._label, self._limits)
        self._refuse(header)
        return header

    def _refuse(self, header: Sequence[str]) -> None:
        reason = garbled("".join(header))
        if reason:
            raise UserError(
                "unreadable_file",
                "The file isn't a text file, or its encoding can't be told.",
                where=f"{self._label}, line {self._reader.line_num}",
                fix="Export it again as CSV UTF-8.",
            )
        if any(_EMAIL.fullmatch(name.strip()) for name in header) or not any(map(_LETTER.search, header)):
            raise UserError(
                "no_header",
                "The first line holds values, not the names of columns.",
                where=f"{self._label}, line {self._reader.line_num}",
                fix="Put a line with the names of the columns first.",
            )

    def _inspected(self, values: list[str], line: int) -> dict[str, str] | Broken:
        """A row that isn't plainly sound."""
        reason = garbled("".join(values)) if self._lines.suspect else None
        if reason:
            return Broken(reason, "The row holds characters that no text can hold.")
        width = len(self.columns)
        if len(values) > width and not any(values[width:]):
            del values[width:]  # delimiters at the end of the line
        if len(values) == width:
            return dict(zip(self.columns, values, strict=True))
        end = self._reader.line_num + self._offset
        spread = (
            f" It goes from line {line} to {end}: look for a quotation mark without its partner." if end > line else ""
        )
        return Broken("ragged_row", f"The row has {len(values)} fields, the header {width}.{spread}")

    def _broken(self, error: str, line: int) -> Broken:
        where = f"{self._label}, line {line}"
        if "field larger" in error:
            raise UserError(
                "field_too_large",
                f"A field that begins here is longer than {self._limits.field:,} characters.",
                where=where,
                fix="Look for a quotation mark without its partner.",
            )
        if "unexpected end" in error:
            raise UserError(
                "endless_quote",
                "A quotation mark that begins here is never closed.",
                where=where,
                fix="Add the missing quotation mark, or export the file again.",
            )
        return Broken("bad_quotes", "After a closing quotation mark there is more than a delimiter.")


def _delimiter(text: str) -> tuple[str, bool]:
    """The delimiter, and whether the first line says so ("sep=;", as Excel writes)."""
    if text[:4].lower() == "sep=" and text[5:6] in ("\r", "\n"):
        return text[4], True
    return max(_DELIMITERS, key=lambda delimiter: _evenness(text, delimiter)), False


def _is_padded(text: str, delimiter: str) -> bool:
    """Whether every delimiter of the header is followed by a blank, which then belongs to no value."""
    names = text.split("\n", 1)[0].split(delimiter)
    return len(names) > 1 and all(name.startswith(" ") and name.strip() for name in names[1:])


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    """Share of the first rows that have the header's number of fields, and that number; zero where it is 1."""
    widths: list[int] = []
    with contextlib.suppress(csv.Error):  # what was read before decides
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        widths.extend(len(values) for values in islice(reader, _LOOK) if values)
    if not widths or widths[0] == 1:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def name_columns(header: Sequence[str]) -> tuple[str, ...]:
    """Column names without blanks around them, each once; those without a name get their number.

    >>> name_columns([" id", "name", "", "name"])
    ('id', 'name', 'column 3', 'name (2)')
    """
    seen: Counter[str] = Counter()
    names = []
    for place, raw in enumerate(header, start=1):
        name = raw.strip().strip("\ufeff").strip() or f"column {place}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names) if len(set(names)) == len(names) else tuple(f"{n} [{i}]" for i, n in enumerate(names, start=1))
