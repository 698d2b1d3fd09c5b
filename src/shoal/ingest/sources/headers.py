"""Recognising a file by its header."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from shoal.ingest.canonical import Record
from shoal.ingest.source import Context, FileHead, Row, RowSkippedError, Source


def folded(head: FileHead) -> frozenset[str]:
    """The header's names in lower case, without blanks around them."""
    return frozenset(column.strip().lstrip("\ufeff").casefold() for column in head.columns)


def by_columns(
    required: Collection[str], usual: Collection[str] = (), *, formats: Collection[str] = ("csv", "jsonl", "parquet")
) -> Callable[[FileHead], float]:
    """Scores a header: 0 when a required column is missing, else 0.6 to 1.0 by the share of columns that are known.

    >>> score = by_columns({"email", "klaviyo id"}, {"city"})
    >>> score(FileHead("a.csv", "csv", ("Email", "Klaviyo ID", "City", "Shoe size")))
    0.9
    >>> score(FileHead("a.csv", "csv", ("Email",)))
    0.0
    """
    needed, known = frozenset(required), frozenset(required) | frozenset(usual)

    def recognise(head: FileHead) -> float:
        columns = folded(head)
        if head.format not in formats or not columns or not needed <= columns:
            return 0.0
        return round(0.6 + 0.4 * len(columns & known) / len(columns), 4)

    return recognise


def reference(name: str, title: str, recognise: Callable[[FileHead], float]) -> Source:
    """A source of which no row is stored, because it tells of things and not of people."""
    return Source(name=name, title=title, recognise=recognise, map_rows=_skip)


def _skip(group: Sequence[Row], context: Context) -> Iterable[Record]:  # noqa: ARG001
    raise RowSkippedError("reference_table")
