"""What the machine refuses, told as a user's error: a full disk, a place that can't be written or read.

A caller that knows the file writes it in `replacing` or `writing`; at the edge `failure` tells what came from deeper.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shoal.core.disk import flush
from shoal.core.errors import UserError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_DISK_FULL = "53100"
"""PostgreSQL's code (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def failure(error: BaseException, where: str | None = None) -> UserError | None:
    """The user's error for what the machine refused; None for anything else.

    Its code is `disk_full`, `no_access`, `disk_error` or `damaged_database`. `where` is told where the error
    itself names no file.

    >>> failure(OSError(errno.ENOSPC, "No space left on device"), "list.csv").code
    'disk_full'
    >>> failure(ValueError("a mistake of ours")) is None
    True
    """
    code = _code(error)
    if code is None:
        return None
    named = getattr(error, "filename", None) or where
    if named is None and not isinstance(error, OSError):
        named = "the workspace's database"
    return _told(code, None if named is None else str(named))


def is_unflushed(error: BaseException | None) -> bool:
    """Whether the disk could not say that it has what was written to SQLite's files: nobody knows what is on it then.

    https://www.sqlite.org/rescode.html#ioerr_fsync
    """
    cause = getattr(error, "orig", None) or error
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) in _UNFLUSHED


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Whatever the system refuses in the block is told as `disk_full`, or `cannot_write`, at this place."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno is None:
            raise
        if error.errno in _FULL:
            raise _told("disk_full", str(place)) from error
        raise UserError(
            "cannot_write",
            f"It can't be written: {os.strerror(error.errno)}.",
            where=str(place),
            fix="Name a place that exists and may be written to.",
        ) from error


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Where to write what becomes this file, on disk, when the block ends; where it raises, what was before stays.

    A device or pipe is written to as it is. Raises UserError as `writing` does.
    """
    with writing(file):
        if file.exists() and not file.is_file():
            yield file
            return
        goal = file.resolve()
        partial = goal.with_name(f"{goal.name}.{os.getpid()}.partial")
        try:
            yield partial
            if goal.exists():
                shutil.copymode(goal, partial)
            flush(partial)
            partial.replace(goal)
            flush(goal.parent)
        finally:
            partial.unlink(missing_ok=True)


def _told(code: str, where: str | None) -> UserError:
    message, fix = _TOLD[code]
    return UserError(code, message, where=where, fix=fix)


def _code(error: BaseException) -> str | None:
    cause = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's own
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if getattr(cause, "sqlstate", None) == _DISK_FULL:
        return "disk_full"
    if isinstance(cause, OSError):
        return "disk_full" if cause.errno in _FULL else _BY_NUMBER.get(cause.errno or 0)
    # DuckDB and Arrow tell the system's reason in their text only.
    is_duckdb = type(cause).__module__.partition(".")[0] in ("duckdb", "_duckdb")
    return "disk_full" if is_duckdb and os.strerror(errno.ENOSPC) in str(cause) else None


_BY_NUMBER = {**dict.fromkeys(_REFUSED, "no_access"), errno.EIO: "disk_error"}
_SQLITE = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_IOERR: "disk_error",
    sqlite3.SQLITE_READONLY: "no_access",
    sqlite3.SQLITE_CANTOPEN: "no_access",
    sqlite3.SQLITE_CORRUPT: "damaged_database",  # also where a read failed (SQLITE_IOERR_CORRUPTFS)
    sqlite3.SQLITE_NOTADB: "damaged_database",
}
_UNFLUSHED = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})
_TOLD = {
    "disk_full": (
        "There is no space left to write.",
        "Make space, then run the same command again: what was finished is kept.",
    ),
    "no_access": (
        "A file or folder may not be read or written.",
        "Give yourself the right to it, or use another place.",
    ),
    "disk_error": (
        "The disk failed to read or write.",
        "Check the disk and its free space, then run the same command again.",
    ),
    "damaged_database": (
        "The database can't be read: the disk failed, or the file is damaged.",
        "Check the disk, then run `shoal doctor`; where the file is damaged, restore the newest backup.",
    ),
}
