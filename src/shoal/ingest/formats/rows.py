"""What every reader of a format offers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from shoal.core.errors import UserError
from shoal.ingest.formats.limits import Limits
from shoal.ingest.source import Row


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that can't be read at all: it goes to the reject file."""

    reason: str
    message: str


Numbered = tuple[int, Row | Broken]
"""A row with the 1-based line where it begins in the unpacked file (row number in Parquet)."""


class Rows(Protocol):
    """The rows of one file, streamed; can be iterated once."""

    @property
    def format(self) -> str:
        """csv, jsonl or parquet."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The header; of JSON lines, the names met in the first rows."""

    @property
    def consumed(self) -> int:
        """Unpacked bytes read so far; the same at the same row whenever the file is read."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about how the file was read."""

    def __iter__(self) -> Iterator[Numbered]:
        """The rows in order; UserError where the file as a whole can't be read on."""


def too_many_columns(count: int, label: str, limits: Limits) -> UserError:
    """The error for a table that is too wide."""
    return UserError(
        "too_many_columns",
        f"The file has {count:,} columns; {limits.columns:,} are the most that can be read.",
        where=label,
        fix="Export one row per record, or fewer columns.",
    )


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
