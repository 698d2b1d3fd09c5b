"""Whether a record or the machine is to blame where the engine fails, and which record it is."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence

import duckdb
import sqlalchemy as sa

from shoal.core.errors import UserError

Fails = Callable[[Sequence[int]], str | None]
"""Tries records, by their places in order: the kind of fault, or None where all goes well."""

_OF_THE_MACHINE = (
    UserError,  # a damaged file, a lock that somebody holds, no room: each says what is to be done
    OSError,
    MemoryError,
    sqlite3.Error,
    sa.exc.SQLAlchemyError,
    duckdb.OperationalError,  # of its files and its memory
    duckdb.InterruptException,
    duckdb.PermissionException,
)

_OF_A_VALUE = (sa.exc.DataError, sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.NotSupportedError)
"""What a database says of a statement or of its values (PEP 249)."""

_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL})


def may_be_a_record(error: BaseException) -> bool:
    """Whether a record may be to blame for an error. Not for what disks, memory, databases and locks do.

    >>> may_be_a_record(ValueError("a fault of ours")), may_be_a_record(OSError("no room"))
    (True, False)
    """
    if isinstance(error, _OF_A_VALUE):
        return True
    return isinstance(error, Exception) and not isinstance(error, _OF_THE_MACHINE)


def is_crash(status: int) -> bool:
    """Whether a process that ended with this status (a signal is negative) may have died of a record.

    Not where somebody killed it, for want of memory too, and not where it says that a disk failed.

    >>> is_crash(-signal.SIGSEGV), is_crash(70), is_crash(-signal.SIGKILL), is_crash(os.EX_IOERR), is_crash(0)
    (True, True, False, False, False)
    """
    if status < 0:
        return -status in _CRASHES
    return status not in (os.EX_OK, os.EX_IOERR, os.EX_TEMPFAIL)


def culprits(size: int, fails: Fails) -> Iterator[tuple[int, str]]:
    """The places among so many records of those without which no fault is left, each with its kind of fault.

    Halves are tried by themselves, so one of a thousand costs some fourteen tries. Where records fail only together,
    the one is found with which those before it begin to fail. A fault that does not come again names nobody.

    >>> list(culprits(1_000, lambda some: "ValueError" if 618 in some else None))
    [(618, 'ValueError')]
    """
    left = list(range(size))
    while left and fails(left):
        place = _alone(left, fails)
        fault = fails([place])
        if fault is None:
            last = _completing(left, fails)
            place, fault = left[last], fails(left[: last + 1])
        if fault is None:
            return
        left.remove(place)
        yield place, fault


def _alone(some: Sequence[int], fails: Fails) -> int:
    """The first that fails by itself, where there is one."""
    while len(some) > 1:
        first, second = some[: len(some) // 2], some[len(some) // 2 :]
        some = second if fails(first) is None else first
    return some[0]


def _completing(some: Sequence[int], fails: Fails) -> int:
    """Where among them the one is with which all before it begin to fail; all of them do."""
    well, ill = 0, len(some)
    while ill - well > 1:
        middle = (well + ill) // 2
        well, ill = (well, middle) if fails(some[:middle]) else (middle, ill)
    return ill - 1
