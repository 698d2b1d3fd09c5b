"""Telling which source a file comes from, by its header and first rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from shoal.core.errors import UserError, nearest, require
from shoal.ingest.formats.endings import is_clutter, is_readable
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.packed import FilePart, check_packing, parts_of
from shoal.ingest.formats.reading import only_part, open_rows
from shoal.ingest.formats.rows import Broken
from shoal.ingest.source import FileHead, Source
from shoal.ingest.sources import HEADERLESS, SOURCES

SAMPLE_ROWS = 100
SURE = 0.5
"""The least score that recognises a file."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A readable file and what it seems to be."""

    part: FilePart
    head: FileHead
    source: str | None  # name of the source; None where no source knows it
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One of several files in a zip that can't be read."""

    part: FilePart
    error: UserError


@dataclass(frozen=True, slots=True)
class Listed:
    """The files that a path stands for, sorted."""

    files: tuple[Path, ...]
    others: tuple[Path, ...] = ()  # a folder's files whose ending no table has


def named_path(given: str | Path) -> Path:
    """A path as the user gave it; UserError `empty_path` for no text at all, which would mean the current folder.

    >>> named_path("exports").name
    'exports'
    """
    require(
        bool(str(given).strip()),
        "empty_path",
        "A path is empty.",
        fix="Name a file or folder; a variable that is not set gives an empty path. `.` is the current folder.",
    )
    return Path(given)


def _natural(file: Path) -> list[tuple[int, str]]:
    """Orders numbers in names by their value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", str(file))]


def list_files(path: Path) -> Listed:
    """The file itself, or the files of a folder with all below.

    Hidden ones, and what desktops make for themselves, are left out; `export-9` comes before `export-10`. Raises
    UserError `no_such_file`, `not_a_file` and `empty_folder`.
    """
    require(path.exists(), "no_such_file", "There is no such file or folder.", where=str(path), fix="Check the path.")
    if not path.is_dir():
        require(
            path.is_file(),
            "not_a_file",
            "It is a pipe, a socket or a device. A file is read more than once, so it has to be on disk.",
            where=str(path),
            fix="Save what it gives as a file and import that.",
        )
        return Listed((path,))
    below = (file.relative_to(path) for file in path.rglob("*"))
    found = [path / file for file in sorted(below, key=_natural) if not is_clutter(file) and (path / file).is_file()]
    files = tuple(file for file in found if is_readable(file.name))
    require(
        bool(files),
        "empty_folder",
        "The folder holds no CSV, JSONL or Parquet files.",
        where=str(path),
        fix="Name the folder that your exports are in.",
    )
    return Listed(files, tuple(file for file in found if not is_readable(file.name)))


def read_head(part: FilePart, limits: Limits | None = None) -> FileHead:
    """What is known of a file before its rows are mapped; UserError where it can't be read."""
    return _read_head(part, limits or Limits())[0]


def _read_head(part: FilePart, limits: Limits) -> tuple[FileHead, tuple[str, ...]]:
    part = only_part(part, limits)
    with open_rows(part, limits, HEADERLESS) as (rows, _):
        sample = [row for _, row in islice(rows, SAMPLE_ROWS) if not isinstance(row, Broken)]
        return FileHead(part.name, rows.format, rows.columns, tuple(sample)), rows.warnings


def recognise(head: FileHead, sources: Sequence[Source] = SOURCES) -> Source | None:
    """The source whose files look like this; None when none is sure."""
    best = max(sources, key=lambda source: source.recognise(head), default=None)
    return best if best is not None and best.recognise(head) >= SURE else None


def inspect(path: Path, limits: Limits | None = None) -> Iterator[Recognised | Unreadable]:
    """The files in a file (the members of a zip, else itself), each with its source.

    Packed files are unpacked to their ends: a damaged one is refused before anything of it is stored. Raises UserError
    where the file as a whole can't be read, and for its only member.
    """
    limits = limits or Limits()
    parts = parts_of(path, limits)
    for part in parts:
        try:
            yield _inspected(part, limits)
        except UserError as error:
            if len(parts) == 1:
                raise
            yield Unreadable(part, error)


def _inspected(part: FilePart, limits: Limits) -> Recognised:
    head, warnings = _read_head(part, limits)
    check_packing(part, limits)
    source = recognise(head)
    return Recognised(part, head, source.name if source else None, warnings)


def named_source(name: str, sources: Sequence[Source] = SOURCES) -> Source:
    """The source of that name; UserError `no_such_source` with the nearest name."""
    by_name = {source.name: source for source in sources}
    if name not in by_name:
        listed = "`shoal sources` lists all."
        guess = nearest(name, by_name)
        raise UserError("no_such_source", f"There is no source {name!r}.", fix=f"{guess} {listed}" if guess else listed)
    return by_name[name]


def check_source(head: FileHead, source: Source, label: str) -> None:
    """Raise UserError `wrong_source` when the file can't be what the user says it is."""
    if source.recognise(head) > 0:
        return
    other = recognise(head)
    raise UserError(
        "wrong_source",
        f"The file is no {source.title}. Its columns are {_named(head.columns)}.",
        where=label,
        fix=f"It looks like --source {other.name}."
        if other
        else "Leave --source out, or describe the file with --map.",
    )


def unknown_source(head: FileHead, label: str) -> UserError:
    """The error for a file that no source knows."""
    return UserError(
        "unknown_source",
        f"No known source has these columns: {_named(head.columns)}.",
        where=label,
        fix="Run `shoal import --dry-run` on it for a mapping to start from, then import with `--map FILE`.",
    )


def _named(columns: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(column[:60] for column in columns[:most])
    return f"{shown} and {len(columns) - most} more" if len(columns) > most else shown
