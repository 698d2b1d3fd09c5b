"""CSV and its kin: delimiter, header and quoting found from the file, strictly read.

Meaning of quotes and line ends as in RFC 4180, through Python's csv module. A form without a header and without quotes
is read by the columns that it is known to have.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from shoal.core.errors import UserError
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.packed import Bytes
from shoal.ingest.formats.rewinding import Rewindable
from shoal.ingest.formats.rows import Broken, Numbered, name_columns, too_many_columns
from shoal.ingest.formats.text import Lines, LineTooLongError, garbled, line_too_long
from shoal.ingest.source import Headerless

_DELIMITERS = (",", ";", "\t", "|")
_LOOK = 50  # rows that decide about the delimiter
_SAMPLE = 65_536  # characters
_TELLING = 3  # lines of as many fields as the header that lie within one row, and fields of them, that tell of a fault
_AGAIN = 16  # times the longest line: characters that are read a second time before the file is given up
_LETTER = re.compile(r"[^\W\d_]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class DelimitedRows:
    """The rows of a CSV file as mappings from column name to text; `forms` are those that need no header."""

    format = "csv"

    def __init__(self, stream: Bytes, label: str, limits: Limits, forms: Sequence[Headerless] = ()) -> None:
        csv.field_size_limit(limits.field)
        self._label, self._limits = label, limits
        try:
            self._lines = Lines(stream, label, limits)
        except LineTooLongError:
            raise line_too_long(label, 1, limits) from None
        first = self._lines.first[:_SAMPLE]
        form = _form(self._lines.first, forms)
        self._is_quoted = form is None
        self.delimiter, marked = _delimiter(first) if form is None else (form.delimiter, False)
        self._padded = form is None and _is_padded(first, self.delimiter)
        self._source = Rewindable(islice(self._lines, 1, None) if marked else self._lines, first_line=1 + marked)
        self._reader = self._fresh_reader()
        self._read_again = 0  # characters
        header = self._header() if form is None else form.columns
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
            found.append(
                f"Read as {self._lines.encoding}, because it is not UTF-8. If names look wrong, export it as UTF-8."
            )
        if self._renamed:
            found.append(f"Columns without a name of their own are called {', '.join(self._renamed[:10])}.")
        return tuple(found)

    def __iter__(self) -> Iterator[Numbered]:
        source, width = self._source, len(self.columns)
        while True:
            try:
                for values in self._reader:
                    if len(values) == width and len(source.held) == 1 and not self._lines.suspect:
                        yield source.line, dict(zip(self.columns, values, strict=True))
                    elif values:
                        yield source.line, self._inspected(values)
                    source.forget()
                return
            except csv.Error as error:
                yield source.line, self._broken(str(error))
                source.forget()
            except LineTooLongError:
                raise line_too_long(self._label, source.next_line, self._limits) from None

    def _fresh_reader(self) -> Iterator[list[str]]:
        return csv.reader(
            self._source,
            delimiter=self.delimiter,
            quoting=csv.QUOTE_MINIMAL if self._is_quoted else csv.QUOTE_NONE,
            strict=True,
            skipinitialspace=self._padded,
        )

    def _header(self) -> Sequence[str]:
        header: Sequence[str] | None = None
        try:
            for values in self._reader:
                if any(value.strip() for value in values):
                    header = values
                    break
                self._source.forget()
        except csv.Error as error:
            raise self._unreadable(str(error)) from None
        except LineTooLongError:
            raise line_too_long(self._label, 1, self._limits) from None
        if header is None:
            raise UserError("empty_file", "The file has no header line.", where=self._label, fix="Export it again.")
        if len(header) > self._limits.columns:
            raise too_many_columns(len(header), self._label, self._limits)
        self._refuse(header)
        self._source.forget()
        return header

    def _refuse(self, header: Sequence[str]) -> None:
        reason = garbled("".join(header))
        if reason:
            raise UserError(
                "unreadable_file",
                "The file isn't a text file, or its encoding can't be told.",
                where=self._where,
                fix="Export it again as CSV UTF-8.",
            )
        if any(_EMAIL.fullmatch(name.strip()) for name in header) or not any(map(_LETTER.search, header)):
            raise UserError(
                "no_header",
                "The first line holds values, not the names of columns.",
                where=self._where,
                fix="Put a line with the names of the columns first.",
            )

    @property
    def _where(self) -> str:
        return f"{self._label}, line {self._source.line}"

    def _inspected(self, values: list[str]) -> dict[str, str] | Broken:
        """A row that isn't plainly sound."""
        reason = garbled("".join(values)) if self._lines.suspect else None
        width = len(self.columns)
        if len(values) > width and not any(values[width:]):
            del values[width:]  # delimiters at the end of the line
        if len(values) != width:
            fields = f"The row has {len(values)} fields, not {width}."
            return self._runaway(fields) if len(self._source.held) > 1 else Broken("ragged_row", fields)
        if self._swallowed():
            return self._runaway("The field would hold whole rows.")
        if reason:
            return Broken(reason, "The row holds characters that no text can hold.")
        return dict(zip(self.columns, values, strict=True))

    def _swallowed(self) -> bool:
        """Whether the lines inside of the row are rows themselves: a quotation mark found its partner by accident."""
        inner, width = self._source.held[1:-1], len(self.columns)
        return (
            width >= _TELLING
            and len(inner) >= _TELLING
            and all(len(_alone(line, self.delimiter)) == width for line in inner)
        )

    def _broken(self, error: str) -> Broken:
        if len(self._source.held) > 1:
            return self._runaway("It is never closed." if "unexpected end" in error else "It ends within another row.")
        if "field larger" in error:
            raise self._unreadable(error)
        self._reader = self._fresh_reader()
        if "unexpected end" in error:
            return Broken("bad_quotes", "A quotation mark that begins here is never closed.")
        return Broken("bad_quotes", "After a closing quotation mark there is more than a delimiter.")

    def _runaway(self, what: str) -> Broken:
        """The first line of a row that took others with it; those are read again, each by itself."""
        line, last = self._source.line, self._source.next_line - 1
        self._read_again += self._source.rewind()
        if self._read_again > self._limits.line * _AGAIN:
            raise self._unreadable("unexpected end")
        self._reader = self._fresh_reader()
        return Broken(
            "bad_quotes",
            f"A quotation mark that begins here has no partner up to line {last}. {what} "
            f"The lines from {line + 1} on are read by themselves.",
        )

    def _unreadable(self, error: str) -> UserError:
        if "field larger" in error:
            return UserError(
                "field_too_large",
                f"A field that begins here is longer than {self._limits.field:,} characters.",
                where=self._where,
                fix="Look for a quotation mark without its partner.",
            )
        if "unexpected end" in error:
            return UserError(
                "endless_quote",
                "A quotation mark that begins here is never closed.",
                where=self._where,
                fix="Add the missing quotation mark, or export the file again.",
            )
        return UserError(
            "bad_quotes",
            "After a closing quotation mark there is more than a delimiter.",
            where=self._where,
            fix="Double the quotation marks within a field, or export the file again.",
        )


def _form(text: str, forms: Sequence[Headerless]) -> Headerless | None:
    """The form without a header whose row the first line is; None for every other file."""
    if not forms:
        return None
    first = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    return next((form for form in forms if form.is_row(first)), None)


def _delimiter(text: str) -> tuple[str, bool]:
    """The delimiter, and whether the first line says so ("sep=;", as Excel writes)."""
    if text[:4].lower() == "sep=" and text[5:6] in ("\r", "\n"):
        return text[4], True
    return max(_DELIMITERS, key=lambda delimiter: _evenness(text, delimiter)), False


def _alone(line: str, delimiter: str) -> list[str]:
    """The fields of a line read by itself; none where it can't be."""
    with contextlib.suppress(csv.Error):
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    return []


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
