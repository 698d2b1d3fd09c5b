"""What the engine would do with some records of the journal, tried without a trace.

A live reading is made once, as when a server starts. Each try is a fork of the process, which takes the records as the
engine does: it folds them, tells the changes and writes files. All it writes to the database is one transaction that
never ends well, its files go to a folder that is thrown away, and what it has in memory goes with it. So a try may fail
in any way, and the next one begins where the first did.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.flow.baseline import Baseline
from shoal.flow.blame import is_crash, may_be_a_record
from shoal.flow.drain import GENTLE, Drain
from shoal.flow.following import Following
from shoal.flow.home import Opened
from shoal.segments import feed
from shoal.store import journal
from shoal.store.database import Database

LONGEST_S = 120
"""A try that takes longer is ended, and says nothing of its records."""

_FORKED = replace(GENTLE, async_threads=0)

_LEFT_OPEN = 3
"""Files with greater numbers are none of a try's business: the sockets and the lock of an engine."""


class NotTheRecordError(Exception):
    """A try failed for a reason that no record is to blame for; it is named."""


class Rehearsal:
    """Tries records of the journal's next entries. Made by `rehearsal`."""

    def __init__(self, database: _Undone, following: _Tried, drain: _Part) -> None:
        self._database, self._following, self._drain = database, following, drain

    def fault(self, entries: Sequence[journal.Entry], *, keeps: bool) -> str | None:
        """What goes wrong with these records: the type of an error, or a signal; None where nothing does.

        `keeps` says whether they are also written to files, which takes the most time. Raises NotTheRecordError.
        """
        self._database.close()  # SQLite's files must not be open in two processes by one opening
        hears, tells = os.pipe()
        child = os.fork()
        if not child:
            self._try(entries, keeps, tells)
        os.close(tells)
        with os.fdopen(hears, "rb") as told:
            said = told.read().decode()
        return _fault(said, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    def _try(self, entries: Sequence[journal.Entry], keeps: bool, tells: int) -> NoReturn:
        status = os.EX_SOFTWARE
        try:
            os.dup2(tells, _LEFT_OPEN)
            os.closerange(_LEFT_OPEN + 1, os.sysconf("SC_OPEN_MAX"))
            signal.alarm(LONGEST_S)
            self._drain.entries = entries
            said = _DONE
            try:
                self._database.begin()
                self._following.run()
                if keeps and self._drain.waiting:
                    self._drain.keep()
            except Exception as error:  # what it is says whether a record may be to blame
                said = f"{_RECORD if may_be_a_record(error) else _MACHINE} {type(error).__name__}"
            os.write(_LEFT_OPEN, said.encode())
            status = os.EX_OK
        finally:
            os._exit(status)  # nothing of it is ended in order, least of all the transaction


_DONE, _RECORD, _MACHINE = "done", "record", "machine"


@contextmanager
def rehearsal(opened: Opened) -> Iterator[Rehearsal]:
    """Make a live reading as of the last entry that is in files, for whoever holds the workspace's lock.

    To be called in a process of one thread. Raises what a start of the engine does.
    """
    place = opened.home.scratch / f"rehearsal-{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    try:
        home = _Linked(opened.home.folder, place)
        for folder, copy in ((opened.home.lake, home.lake), (opened.home.derived, home.derived)):
            folder.mkdir(exist_ok=True)
            shutil.copytree(folder, copy, copy_function=os.link)
        database = _Undone(opened.database.engine)
        with _Part(home, database) as drain:
            yield Rehearsal(database, _Tried(Opened(home, opened.settings, database), drain), drain)
    finally:
        shutil.rmtree(place, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Linked(Home):
    """The workspace with other folders for its files, which are linked there: they may be replaced and swept away."""

    place: Path

    @property
    def lake(self) -> Path:
        return self.place / "lake"

    @property
    def derived(self) -> Path:
        return self.place / "derived"


@dataclass(frozen=True, slots=True)
class _Undone(Database):
    """The database; once it has begun, all is read and written in one transaction that is never committed."""

    only: list[sa.Connection] = field(default_factory=list)
    holding: ExitStack = field(default_factory=ExitStack)

    def begin(self) -> None:
        """From now on nothing that is written stays."""
        self.only.append(self.holding.enter_context(Database.write(self)))

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        if self.only:
            yield self.only[0]
            return
        with Database.read(self) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        if self.only:
            yield self.only[0]
            return
        with Database.write(self) as connection:
            yield connection


class _Part(Drain):
    """Takes some entries, whatever the journal has."""

    def __init__(self, home: Home, database: Database) -> None:
        super().__init__(home, database, _FORKED)
        self.entries: Sequence[journal.Entry] = ()

    def _entries(self, _connection: sa.Connection, until: int | None) -> Iterator[journal.Entry]:
        taken = 0
        for entry in self.entries:
            if entry.offset <= self.offset or (until is not None and entry.offset > until):
                continue
            if taken and taken + entry.batch.num_rows > self.pace.most_rows:
                return
            taken += entry.batch.num_rows
            yield entry

    def _compact(self, stem: str) -> None:
        """Files that are there already are no matter of these records."""


class _Tried(Following):
    """Goes on when it is told to."""

    def _begin(self, state: feed.State | None, told: Baseline | None) -> None:
        self._beginning = state, told

    def run(self) -> None:
        """Take what there is, as a server would."""
        super()._begin(*self._beginning)
        while self.step():
            pass


def _fault(said: str, status: int) -> str | None:
    if said == _DONE:
        return None
    blamed, _, name = said.partition(" ")
    if blamed == _RECORD:
        return name
    if blamed != _MACHINE and is_crash(status):
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"
    raise NotTheRecordError(name or f"status {status}")
