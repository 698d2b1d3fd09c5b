"""A column of an unknown file, as its name and the first rows show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shoal.core.time import Instant
from shoal.ingest import values
from shoal.ingest.column_names import NAMES, plain_name
from shoal.ingest.source import Context, FileHead, RowRejectedError

MOSTLY = 0.8
"""Share of a column's values that have to look alike, where its name doesn't tell."""

_CONTEXT = Context(received_at=Instant(0))


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    values: tuple[str, ...]  # those of the sample that aren't blank

    @property
    def plain(self) -> str:
        """The name as `customer_id`, from whatever spelling."""
        return plain_name(self.name)

    def is_called(self, kind: str) -> bool:
        """Whether the name is one of a kind of `NAMES`."""
        return NAMES[kind].search(self.plain) is not None

    def mostly(self, looks: Callable[[str], object], share: float = MOSTLY) -> bool:
        """Whether so many of the values look like this; False without values."""
        return bool(self.values) and sum(map(bool, map(looks, self.values))) >= share * len(self.values)

    @property
    def is_unique(self) -> bool:
        """Whether no value stands twice; False without values."""
        return 0 < len(self.values) == len(set(self.values))


def columns_of(head: FileHead) -> tuple[Column, ...]:
    """The columns in their order."""
    return tuple(Column(name, tuple(_texts(head, name))) for name in head.columns)


def _texts(head: FileHead, name: str) -> list[str]:
    found = (row.get(name) for row in head.sample)
    return [str(value) for value in found if value is not None and str(value).strip()]


def is_number(text: str) -> bool:
    """Whether a text is a number.

    >>> is_number("1.234,50 €"), is_number("A1")
    (True, False)
    """
    return values.number(text) is not None


def is_time(text: str) -> bool:
    """Whether a text is a time.

    >>> is_time("31.12.2026"), is_time("soon")
    (True, False)
    """
    try:
        values.instant(text, _CONTEXT)
    except RowRejectedError:
        return False
    return True
