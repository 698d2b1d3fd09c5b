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
