"""What a file's name alone says: whether a folder's file is read, and whether leaving it out may lose data."""

from __future__ import annotations

from pathlib import PurePath

READABLE = (".csv", ".tsv", ".tab", ".txt", ".psv", ".jsonl", ".ndjson", ".json", ".parquet")
"""Endings of the files that are taken from a folder, each also with .gz, and .zip."""

_PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".tgz")
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")
_STORES = (".avro", ".orc", ".feather", ".arrow", ".sql", ".sqlite", ".duckdb", ".xml", ".dat")
_CLUTTER = ("thumbs.db", "desktop.ini", "icon\r", "__macosx")


def is_readable(name: str) -> bool:
    """Whether a folder's file of this name is read.

    >>> is_readable("Orders.CSV.gz"), is_readable("notes.pdf")
    (True, False)
    """
    lowered = name.lower()
    return lowered.endswith(".zip") or lowered.removesuffix(".gz").endswith(READABLE)


def is_clutter(place: PurePath) -> bool:
    """Whether it is hidden or made by a desktop for itself, so that nobody means it.

    >>> is_clutter(PurePath("exports/.DS_Store")), is_clutter(PurePath("exports/a.csv"))
    (True, False)
    """
    return any(part.startswith((".", "~$")) or part.lower() in _CLUTTER for part in place.parts)


def is_workbook(name: str) -> bool:
    """Whether it is a spreadsheet program's own file."""
    return name.lower().endswith(_WORKBOOKS)


def may_hold_data(name: str) -> bool:
    """Whether a file of this name probably holds rows; a text, a page or a picture doesn't.

    >>> may_hold_data("orders.xlsx"), may_hold_data("README.txt"), may_hold_data("logo.png")
    (True, False, False)
    """
    lowered = name.lower()
    tables = tuple(ending for ending in READABLE if ending != ".txt")
    return lowered.endswith((*tables, *_PACKED, *_WORKBOOKS, *_STORES))
