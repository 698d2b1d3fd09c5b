"""Which properties of a lake file get a column of their own, and of which type.

DuckDB stores a VARIANT's properties as typed columns ("shredding"). A filter on one of them is fast, about 0.05 µs a
row, only while every row of the file is covered; a property without a column sends the filter through every
row's rest, about 1 µs a row. So files are written one event name each, and every property is named here.

Source: https://github.com/apache/parquet-format/blob/master/VariantShredding.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

MOST = 200
"""Most properties of one file that get a column; the least frequent ones beyond stay together."""

EVERYWHERE = {"machine": "BOOLEAN"}
"""Properties that conditions ask of any event ("by a person"), so every file has a column for them, be it empty."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ .:?()$-]{0,62}")
_TYPES = {"UBIGINT": "BIGINT", "BIGINT": "BIGINT", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN", "VARCHAR": "VARCHAR"}


def shredding(names: Iterable[str], structure: str | None) -> str:
    """The DuckDB type of the columns.

    `names` are all properties, the most frequent first; `structure` is what `json_group_structure` says of a
    sample. Names that differ in case only share a column's name in DuckDB, so the first of them gets it.

    >>> shredding(["path", "price"], '{"path":"VARCHAR","price":"DOUBLE"}')
    'STRUCT("machine" BOOLEAN, "path" VARCHAR, "price" DOUBLE)'
    """
    sampled = json.loads(structure) if structure else {}
    found = _struct((*EVERYWHERE, *names), EVERYWHERE | (sampled if isinstance(sampled, dict) else {}))
    assert found is not None
    return found


def has_whole_numbers(structure: str | None) -> bool:
    """Whether a sample has properties that are whole numbers, 0 or greater.

    >>> has_whole_numbers('{"path":"VARCHAR","seconds":"UBIGINT"}'), has_whole_numbers('{"lines":[{"at":"UBIGINT"}]}')
    (True, False)
    """
    sampled = json.loads(structure) if structure else {}
    return isinstance(sampled, dict) and "UBIGINT" in sampled.values()


def _struct(names: Iterable[str], sampled: Mapping[str, Any]) -> str | None:
    typed: dict[str, str] = {}
    for name in names:
        if len(typed) < MOST and _PLAIN.fullmatch(name):
            typed.setdefault(name.casefold(), f'"{name}" {_type(sampled.get(name, "VARCHAR"))}')
    return f"STRUCT({', '.join(typed.values())})" if typed else None


def _type(sampled: Any) -> str:
    if isinstance(sampled, list):
        return f"{_type(sampled[0])}[]" if sampled else "VARCHAR[]"
    if isinstance(sampled, Mapping):
        return _struct(sampled, sampled) or "VARCHAR"
    return _TYPES.get(str(sampled), "VARCHAR")


TYPES_SQL = """
WITH columns AS (
    SELECT file_name, path_in_schema, string_split(path_in_schema, ', ') AS path, any_value(type) AS type,
           count(stats_null_count) = count(*) AND sum(stats_null_count) = sum(num_values) AS empty
    FROM parquet_metadata({files}) WHERE starts_with(path_in_schema, 'properties, ') GROUP BY ALL),
rest AS (SELECT file_name FROM columns WHERE path_in_schema = 'properties, value' AND NOT empty),
properties AS (
    SELECT file_name, path[3] AS name,
           any_value(CASE WHEN len(path) = 4 THEN type WHEN path[5] = 'list' AND path[6] = 'element' THEN 'LIST'
                          ELSE 'OBJECT' END) FILTER (path[4] = 'typed_value') AS type,
           bool_and(path[4] = 'typed_value' OR empty) AS typed
    FROM columns WHERE path[2] = 'typed_value' GROUP BY ALL)
SELECT name, CASE any_value(type) WHEN 'BYTE_ARRAY' THEN 'VARCHAR' WHEN 'INT64' THEN 'BIGINT'
                  ELSE any_value(type) END AS type
FROM properties LEFT JOIN rest USING (file_name) GROUP BY name
HAVING bool_and(typed) AND count(type) = count(*) AND count(DISTINCT type) = 1
    AND any_value(type) <> 'LIST' AND count(rest.file_name) = (SELECT count(*) FROM rest)"""
"""SQL of the properties that have values of one type in all of some files, with that type; OBJECT for objects.

It reads the footers of Parquet files alone. A property counts where each file that has a column for it has nothing of
it outside that column, and each file without such a column has only properties that have one.
"""
