"""Tables of other tools as warehouse connectors land them: one declaration a table.

A table is recognised by characteristic columns, a connector's own columns (`_fivetran_synced` …) and the
file's name. Columns are few in some tables (`product_id, media_id`): those need the name too, so that
nobody's own file is taken for one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shoal.core.time import Instant
from shoal.ingest.canonical import Record
from shoal.ingest.source import Context, FileHead, Row, RowSkippedError, Source
from shoal.ingest.sources.cells import CONNECTOR, Cells, read
from shoal.ingest.sources.headers import folded

MapRow = Callable[[Cells], Iterable[Record]]

REFERENCE = "reference_table"
"""Why rows of a table about things, not people, are skipped."""

FEW_COLUMNS = 3
"""Tables told by fewer columns than this are recognised by name only."""

_SYNCED = ("_fivetran_synced", "_airbyte_extracted_at", "_airbyte_emitted_at", "_company_synced", "_sdc_batched_at")
_DELETED = ("_fivetran_deleted", "is_deleted", "_ab_cdc_deleted_at")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is mapped. `columns` are the characteristic ones, in lower case, separated by blanks."""

    name: str
    columns: str
    map_row: MapRow
    siblings: Mapping[str, str] = field(default_factory=dict)  # table to its key column
    keeps_deleted: bool = False  # whether rows marked as deleted say something too


def detail_of(table: str) -> str:
    """Why rows of a table are skipped whose parent already tells it."""
    return f"detail_of_{table}"


def table_name(file: str, vendor: str) -> str:
    """The table that a file of a connector holds.

    >>> table_name("shopify_gql_order_data.csv", "shopify"), table_name("metric.parquet", "klaviyo")
    ('order', 'metric')
    """
    stem = file.casefold().rsplit(".", 1)[0]
    return re.sub(rf"^(?:{vendor}_)?(?:gql_)?|_data$|_\d+$", "", stem)


def score(head: FileHead, vendor: str, name: str, columns: str) -> float:
    """How sure it is that a file holds this table: 0, or 0.5 and more.

    >>> head = FileHead("metric.csv", "csv", ("id", "name", "integration_id"))
    >>> score(head, "klaviyo", "metric", "id name integration_id")
    0.76
    """
    needed, present = frozenset(columns.split()), folded(head)
    if not needed <= present:
        return 0.0
    named = table_name(head.name, vendor) == name
    marked = any(column.startswith(CONNECTOR) for column in present)
    if not named and (not marked or len(needed) < FEW_COLUMNS):
        return 0.0
    return round(0.5 + 0.15 * marked + 0.2 * named + 0.02 * min(len(needed), 7), 4)


def sources(
    vendor: str, title: str, tables: Sequence[Table], skipped: Mapping[str, Mapping[str, str]]
) -> tuple[Source, ...]:
    """One source for each mapped table, and one for each reason why tables are skipped.

    `skipped` is {reason: {table: characteristic columns}}.
    """
    mapped = (
        Source(
            name=f"{vendor}_warehouse_{table.name}",
            title=f"{title} warehouse table {table.name}",
            recognise=_recognise(vendor, {table.name: table.columns}),
            map_rows=_mapped(table),
            siblings=_named_siblings(vendor, table.siblings),
        )
        for table in tables
    )
    left = (
        Source(
            name=f"{vendor}_warehouse_{reason}",
            title=f"{title} warehouse tables: {reason.replace('_', ' ')}",
            recognise=_recognise(vendor, columns),
            map_rows=_skipping(reason),
        )
        for reason, columns in skipped.items()
    )
    return (*mapped, *left)


def sibling(cells: Cells, vendor: str, table: str, key: str | None) -> Cells | None:
    """The row of another table that this row refers to; None where the table or the row isn't there."""
    for name in _spellings(vendor, table):
        row = cells.context.siblings.get(name, {}).get(key or "")
        if key and row is not None:
            return read(row, cells.context)
    return None


def changed(cells: Cells, *columns: str, otherwise: Instant | None = None) -> Instant | None:
    """When a row last changed, as its event's version: the latest of the columns, or when the connector brought it."""
    told = cells.latest(*columns)
    synced = cells.at(*_SYNCED) if told is None else told
    return otherwise if synced is None else synced


def _spellings(vendor: str, table: str) -> tuple[str, ...]:
    return table, f"{vendor}_{table}", f"{vendor}_gql_{table}"


def _named_siblings(vendor: str, tables: Mapping[str, str]) -> dict[str, str]:
    return {name: key for table, key in tables.items() for name in _spellings(vendor, table)}


def _recognise(vendor: str, tables: Mapping[str, str]) -> Callable[[FileHead], float]:
    return lambda head: max(score(head, vendor, name, columns) for name, columns in tables.items())


def _mapped(table: Table) -> Callable[[Sequence[Row], Context], Iterable[Record]]:
    def map_rows(group: Sequence[Row], context: Context) -> Iterator[Record]:
        for row in group:
            cells = read(row, context)
            if not table.keeps_deleted and any(cells.flag(column) for column in _DELETED):
                raise RowSkippedError("deleted")
            yield from table.map_row(cells)

    return map_rows


def _skipping(reason: str) -> Callable[[Sequence[Row], Context], Iterable[Record]]:
    def map_rows(group: Sequence[Row], context: Context) -> Iterable[Record]:  # noqa: ARG001
        raise RowSkippedError(reason)

    return map_rows
