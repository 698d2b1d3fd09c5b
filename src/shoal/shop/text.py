"""Text in bulk: columns of numbers become lines of CSV or JSON without a loop over rows.

A line is a join of columns and fixed pieces; the joined column's own buffer is the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shoal.shop.rates import DAY, Codes, Flags, Ints

Text: TypeAlias = pa.Array
"""A column of text; null is written as nothing."""

BLOCK = 200_000  # rows joined at once, to bound memory


def join(*parts: Text | str) -> Text:
    """Columns and fixed pieces side by side.

    >>> join("a", pa.array(["1", None]), "b").to_pylist()
    ['a1b', 'ab']
    """
    return pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")


def pick(words: Sequence[str | None] | Text, codes: Codes | Ints) -> Text:
    """The word of each code; null for a negative one.

    >>> pick(["no", "yes"], np.array([1, -1])).to_pylist()
    ['yes', None]
    """
    table = words if isinstance(words, pa.Array) else pa.array(words, pa.string())
    return table.take(pa.array(codes, mask=codes < 0))


def digits(values: Ints | Codes, width: int = 0) -> Text:
    """Whole numbers as text, padded with zeros to a width.

    >>> digits(np.array([7]), 3).to_pylist()
    ['007']
    """
    text = pa.array(values).cast(pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def money(cents: Ints) -> Text:
    """Cents as a decimal amount.

    >>> money(np.array([1905])).to_pylist()
    ['19.05']
    """
    return join(digits(cents // 100), ".", digits(cents % 100, 2))


def when(flags: Flags, text: Text | str, otherwise: Text | str | None = None) -> Text:
    """The text where the flag is set, else the other or null."""
    rest = pa.scalar(None, pa.string()) if otherwise is None else otherwise
    return pc.if_else(pa.array(flags), text, rest)


def day_text(at: Ints) -> Text:
    """The UTC date of each instant, YYYY-MM-DD."""
    days, place = np.unique(at // DAY, return_inverse=True)
    return pick([str(day) for day in days.astype("datetime64[D]")], place)


def clock_text(at: Ints, unit: str = "ms") -> Text:
    """The UTC time of day, HH:MM:SS with milliseconds unless `unit` is "s"."""
    rest = at % DAY
    number = rest if unit == "ms" else rest // 1_000
    return pa.array(number.astype(np.int32)).cast(pa.time32(unit)).cast(pa.string())


def iso(at: Ints) -> Text:
    """ISO 8601 in UTC with milliseconds.

    >>> iso(np.array([1])).to_pylist()
    ['1970-01-01T00:00:00.001Z']
    """
    return join(day_text(at), "T", clock_text(at), "Z")


def seconds(at: Ints, zone: str = "") -> Text:
    """Date and time to the second, as most exports write them; null where the instant is 0.

    >>> seconds(np.array([1_000, 0]), " +0000").to_pylist()
    ['1970-01-01 00:00:01 +0000', None]
    """
    return when(at != 0, join(day_text(at), " ", clock_text(at, "s"), zone))


def csv_words(words: Iterable[str]) -> list[str]:
    """Words with the quotes that RFC 4180 asks for.

    >>> csv_words(["plain", "a, b"])
    ['plain', '"a, b"']
    """
    return ['"' + word.replace('"', '""') + '"' if any(sign in word for sign in ',"\r\n') else word for word in words]


def csv_lines(columns: Sequence[Text | str | None]) -> Text:
    """One CSV line a row; None is a column that is always blank."""
    parts: list[Text | str] = []
    for column in columns:
        parts += [",", "" if column is None else column]
    return join(*parts[1:], "\n")


def write_lines(
    file: Path, count: int, lines: Callable[[slice], Text], header: Sequence[str] = (), *, append: bool = False
) -> None:
    """Write what `lines` makes of each block of rows; every line ends with a newline."""
    with file.open("ab" if append else "wb") as out:
        if header:
            out.write((",".join(csv_words(header)) + "\n").encode())
        for begin in range(0, count, BLOCK):
            write_text(out, lines(slice(begin, min(begin + BLOCK, count))))


def write_text(out: BinaryIO, text: Text) -> None:
    """The values of a column one after the other, straight from its buffer."""
    offsets = np.frombuffer(text.buffers()[1], np.int32, len(text) + 1, text.offset * 4)
    buffer = memoryview(text.buffers()[2]) if text.buffers()[2] is not None else memoryview(b"")
    out.write(buffer[offsets[0] : offsets[-1]])
