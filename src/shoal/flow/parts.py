"""Events into lake files: one file for each event name that has many rows, one for all the others.

A filter on a property is fast only while every row of a file has a column for it (`ingest.shredding`), so rows of
different names share a file only where they are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from shoal.ingest import lake_rows
from shoal.ingest.names import Name
from shoal.ingest.shredding import has_whole_numbers, shredding
from shoal.store import lake


@dataclass(frozen=True, slots=True)
class Rows:
    """Events to be written: a table expression, and the query of a part of them ({rows}, {part})."""

    table: str
    query: str
    of_json: bool = False  # whether properties are JSON that is parsed now
    repeating: str | None = None  # the query of a part whose properties repeat, where there is a faster one


def write_events(
    folder: Path, duck: duckdb.DuckDBPyConnection, events: Rows, *, stem: str, named: Iterable[Name], row_group: int
) -> list[lake.LakeFile]:
    """Write the files of all parts. `named` tells which properties the events have, and how often."""
    repeats = lake_rows.REPEATS if events.repeating else "false"
    found = duck.execute(lake_rows.LARGE_NAMES.format(rows=events.table, repeats=repeats)).fetchall()
    literals = [lake.quoted(name) for name, _ in found]
    rare = f"(name IS NULL OR name NOT IN ({', '.join(literals)}))" if literals else "true"
    parts = [("", False, rare), *((*each, f"name = {literal}") for each, literal in zip(found, literals, strict=True))]
    properties = _properties([name for name, _ in found], named)
    written = []
    for number, (name, repeating, part) in enumerate(parts):
        sample = lake_rows.SAMPLE if name else lake_rows.SAMPLE_OF_NAMES
        (structure,) = duck.sql(lake_rows.STRUCTURE.format(rows=events.table, part=part, sample=sample)).fetchall()[0]
        query = events.repeating if repeating and events.repeating else events.query
        written.append(
            lake.write_file(
                folder,
                duck,
                table="events",
                stem=f"{stem}-{number:03d}",
                rows=query.format(rows=events.table, part=part),
                shredding=shredding(properties[name], structure),
                row_group=row_group,
                twice=events.of_json and has_whole_numbers(structure),
            )
        )
    return [file for file in written if file is not None]


def _properties(large: Iterable[str], named: Iterable[Name]) -> Mapping[str, list[str]]:
    """The properties of each large event name, and under "" those of all others; the most frequent first."""
    properties: dict[str, list[str]] = {name: [] for name in ("", *large)}
    for each in sorted(named, key=lambda one: -one.rows):
        if each.event and each.name:
            properties[each.event if each.event in properties else ""].append(each.name)
    return properties
