"""Tables of the same folder that a file's rows refer to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from shoal.core.errors import UserError
from shoal.ingest.formats.endings import is_clutter, is_readable
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.packed import FilePart, parts_of
from shoal.ingest.formats.reading import open_rows
from shoal.ingest.formats.rows import Broken
from shoal.ingest.source import Row

MOST_ROWS = 1_000_000
"""Rows of one such table that are held in memory."""


def load_siblings(part: FilePart, tables: Mapping[str, str], limits: Limits) -> Mapping[str, Mapping[str, Row]]:
    """The named tables as {table: {key: row}}, those that are there. A later row with the same key wins.

    A file is the table `campaign` when it is called `campaign` or `campaign_data`, whatever its ending.
    """
    neighbours = _neighbours(part, limits)
    found = {table: neighbours[table.casefold()] for table in tables if table.casefold() in neighbours}
    return {table: _load(file, tables[table], limits) for table, file in found.items() if file != part}


def table_name(name: str) -> str:
    """The table that a file name stands for.

    >>> table_name("Campaign_data.csv")
    'campaign'
    """
    return PurePosixPath(name).stem.casefold().removesuffix("_data")


def _neighbours(part: FilePart, limits: Limits) -> dict[str, FilePart]:
    if part.member is not None:
        return {table_name(other.name): other for other in parts_of(part.path, limits)}
    named = (path for path in part.path.parent.iterdir() if is_readable(path.name) and not is_clutter(Path(path.name)))
    files = sorted(path for path in named if path.is_file())
    return {table_name(FilePart(path).name): FilePart(path) for path in files}


def _load(part: FilePart, key: str, limits: Limits) -> dict[str, Row]:
    table: dict[str, Row] = {}
    with open_rows(part, limits) as (rows, _):
        column = {name.casefold(): name for name in rows.columns}.get(key.casefold())
        if column is None:
            return {}
        for _, row in rows:
            if not isinstance(row, Broken):
                table[str(row.get(column))] = row
            if len(table) > MOST_ROWS:
                raise UserError(
                    "table_too_large",
                    f"The table has more than {MOST_ROWS:,} rows, too many to look rows up in.",
                    where=part.label,
                    fix="Join the columns you need into the other file, or export fewer rows.",
                )
    return table
