"""The lake: event history as immutable, checksummed Parquet files that the database catalogues.

A file is written under a temporary name, flushed to disk, renamed, and then catalogued in the SQL
transaction that also moves the journal offset. A file without a catalogue row is a left-over
of an interrupted write and is swept away.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import sqlalchemy as sa

from shoal.core.disk import flush, make_folder
from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.store.tables import lake_files

KEPT = 3_600
"""Seconds for which files that are no longer part of the lake stay on disk, because somebody may be reading them."""

ROW_GROUP = 122_880
"""Rows of a row group, DuckDB's own choice."""


class CorruptLakeError(UserError):
    """A lake file is missing or does not have the checksum it was written with (`damaged_lake`)."""


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One immutable file of one lake table."""

    table: str
    path: str  # below the lake's folder
    rows: int
    bytes: int
    sha256: str
    min_at: Instant
    max_at: Instant
    mtime_ns: int = 0  # time of its last change; 0: not known


def write_file(
    folder: Path,
    duck: duckdb.DuckDBPyConnection,
    *,
    table: str,
    stem: str,
    rows: str,
    shredding: str | None = None,
    row_group: int = ROW_GROUP,
    twice: bool = False,
) -> LakeFile | None:
    """Write what a query of ours gives (it has a column `at`); None when that is no row.

    `shredding` is the type of the columns that the column `properties` is parted into; DuckDB decides where it is
    None. A row group has `row_group` rows, which the writer holds in memory. The file is on disk under its
    final name when this returns, but is not part of the lake until it is catalogued.

    `twice` reads what was written and writes it again: DuckDB takes the whole numbers of JSON for unsigned ones, which
    have no type in Parquet and so get no column; those that it reads from Parquet do.
    """
    path = f"{table}/{stem}.parquet"
    final = folder / path
    make_folder(final.parent)
    partial, first_written = final.with_suffix(".partial"), final.with_suffix(".first.partial")
    parted = f", SHREDDING {{properties: {quoted(shredding)}}}" if shredding else ""
    options = f"FORMAT parquet, ROW_GROUP_SIZE {row_group}"
    if twice:
        duck.execute(f"COPY ({rows}) TO {_literal(first_written)} ({options}, COMPRESSION uncompressed)")
        rows = f"FROM read_parquet({_literal(first_written)})"
    duck.execute(f"COPY ({rows}) TO {_literal(partial)} ({options}, COMPRESSION zstd{parted})")
    first_written.unlink(missing_ok=True)
    count, first, last = duck.execute(
        f'SELECT count(*), epoch_ms(min("at")), epoch_ms(max("at")) FROM read_parquet({_literal(partial)})'
    ).fetchall()[0]
    if count == 0:
        partial.unlink()
        return None
    flush(partial)
    digest, stat = _digest(partial), partial.stat()
    partial.rename(final)
    flush(final.parent)
    return LakeFile(table, path, count, stat.st_size, digest, Instant(first), Instant(last), stat.st_mtime_ns)


def catalogue(connection: sa.Connection, files: Iterable[LakeFile]) -> None:
    """Make files part of the lake, in the caller's transaction."""
    rows = [asdict(file) for file in files]
    if rows:
        connection.execute(sa.insert(lake_files), rows)


def catalogued(connection: sa.Connection) -> tuple[LakeFile, ...]:
    """All files of the lake, in the order they were written."""
    columns = [lake_files.c[name] for name in LakeFile.__slots__]
    rows = connection.execute(sa.select(*columns).order_by(lake_files.c.id))
    return tuple(LakeFile(**row._mapping) for row in rows)


def replace(connection: sa.Connection, old: Iterable[LakeFile], new: Iterable[LakeFile]) -> None:
    """Let files take the place of others with the same rows, in the caller's transaction.

    The old ones stay on disk for those who are reading them (`KEPT`). Call `retire` when it is committed.
    """
    connection.execute(sa.delete(lake_files).where(lake_files.c.path.in_([file.path for file in old])))
    catalogue(connection, new)


def retire(folder: Path, files: Iterable[LakeFile]) -> None:
    """Begin the time for which replaced files are kept."""
    for file in files:
        (folder / file.path).touch()


def sweep(folder: Path, files: Sequence[LakeFile]) -> int:
    """Remove what an interrupted write left behind and what was replaced a while ago; returns the number of files.

    Only the one writer may call this.
    """
    kept = {file.path for file in files}
    old = time.time() - KEPT
    unknown = (path for path in folder.glob("*/*") if str(path.relative_to(folder)) not in kept)
    stale = [path for path in unknown if path.stat().st_mtime <= old]
    for path in stale:
        path.unlink()
    return len(stale)


def verify(folder: Path, files: Iterable[LakeFile]) -> None:
    """Check every file against its checksum; raises CorruptLakeError naming the first bad one."""
    for file in files:
        path = folder / file.path
        if not path.is_file():
            raise _corrupt(folder, file, "missing")
        if _digest(path) != file.sha256:
            raise _corrupt(folder, file, "damaged")


def check(folder: Path, files: Iterable[LakeFile]) -> None:
    """As `verify`, but reads only the files whose size or time has changed since they were written.

    A Parquet file with one bit changed may well read without an error and give a wrong count.
    """
    verify(folder, [file for file in files if _is_changed(folder / file.path, file)])


def _is_changed(path: Path, file: LakeFile) -> bool:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return True
    return (stat.st_size, stat.st_mtime_ns) != (file.bytes, file.mtime_ns)


def _corrupt(folder: Path, file: LakeFile, harm: str) -> CorruptLakeError:
    return CorruptLakeError(
        "damaged_lake",
        f"The lake file {file.path} is {harm}, so no answer would be right.",
        where=str(folder / file.path),
        fix="Run `shoal rebuild --from-journal`, or restore the workspace from a backup.",
    )


def scan(folder: Path, files: Sequence[LakeFile], *, by_name: bool = False) -> str:
    """The SQL table expression that reads some files, one at least.

    With `by_name`, files that were written before a column was added may be among them: it is NULL there.

    >>> scan(Path("lake"), [LakeFile("events", "events/a.parquet", 1, 9, "", Instant(0), Instant(0))])
    "read_parquet(['lake/events/a.parquet'])"
    """
    assert files, "scan of no files"
    more = ", union_by_name = true" if by_name else ""
    return f"read_parquet({paths(folder, files)}{more})"


def paths(folder: Path, files: Sequence[LakeFile]) -> str:
    """The paths of some files as a list of SQL.

    >>> paths(Path("lake"), [LakeFile("events", "events/a.parquet", 1, 9, "", Instant(0), Instant(0))])
    "['lake/events/a.parquet']"
    """
    return f"[{', '.join(_literal(folder / file.path) for file in files)}]"


def _literal(path: Path) -> str:
    return quoted(str(path))


def quoted(text: str) -> str:
    """The text as a literal of SQL, for the places where DuckDB binds no values.

    >>> print(quoted("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
