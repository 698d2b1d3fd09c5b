"""Many small lake files into few large ones: opening a file costs as much as reading some thousand rows of it.

The tiers of a log-structured merge tree: a row is rewritten when it has gathered with others like it, once or twice in
its life. Source: O'Neil et al., "The Log-Structured Merge-Tree" (Acta Informatica 33, 1996).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from shoal.flow.parts import Rows, write_events
from shoal.ingest import lake_rows
from shoal.ingest.names import Name
from shoal.store import lake

SMALL = 50_000
"""Files with fewer rows are small."""

MANY = 32
"""So many small files of one table are made into large ones."""


def small_files(files: Iterable[lake.LakeFile]) -> list[list[lake.LakeFile]]:
    """The small files of each table that has many of them."""
    small: dict[str, list[lake.LakeFile]] = {}
    for file in files:
        if file.rows < SMALL:
            small.setdefault(file.table, []).append(file)
    return [each for each in small.values() if len(each) >= MANY]


def compact(
    folder: Path,
    duck: duckdb.DuckDBPyConnection,
    files: Sequence[lake.LakeFile],
    *,
    stem: str,
    named: Iterable[Name],
    row_group: int,
) -> list[lake.LakeFile]:
    """Write files that hold the rows of `files`, all of one table. They take their place when they are catalogued."""
    table = files[0].table
    stored = lake.scan(folder, files, by_name=table == "consents")
    return rewrite(folder, duck, table, stored, stem=stem, named=named, row_group=row_group)


def rewrite(
    folder: Path,
    duck: duckdb.DuckDBPyConnection,
    table: str,
    stored: str,
    *,
    stem: str,
    named: Iterable[Name],
    row_group: int,
) -> list[lake.LakeFile]:
    """Write files of the rows of a table expression over stored rows of one lake table."""
    if table == "events":
        rows = Rows(stored, lake_rows.STORED_EVENTS)
        return write_events(folder, duck, rows, stem=stem, named=named, row_group=row_group)
    query = f"SELECT * FROM {stored} ORDER BY {lake_rows.ORDER[table]}"
    written = lake.write_file(folder, duck, table=table, stem=stem, rows=query, row_group=row_group)
    return [written] if written else []
