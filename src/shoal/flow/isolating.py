"""Records that make the engine fail are found, and become dead letters; all others are taken."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from shoal.core import happenings
from shoal.core.time import Instant
from shoal.flow.blame import culprits
from shoal.flow.drain import STAGE
from shoal.flow.following import KEEP_ROWS
from shoal.flow.home import Opened
from shoal.flow.rehearsal import NotTheRecordError, Rehearsal, rehearsal
from shoal.flow.unifying import unify
from shoal.ingest import letters, withheld
from shoal.store import journal, lake
from shoal.store.columns import whole_numbers

MOST_ROWS = 10 * KEEP_ROWS
"""More than an engine takes before it writes files: what it failed on is among so many of the next records."""


def isolate(opened: Opened, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Try what the engine takes next, and put the records away with which it fails; how many they are.

    None where the fault doesn't come again, comes without any record, or is one of the machine: a full disk, too little
    memory, a locked database, a damaged file. Stops between two tries where `goes_on` says no. For whoever holds the
    workspace's lock, in a process of one thread. Raises what a start of the engine does.
    """
    started = time.monotonic()
    waiting = _waiting(opened)
    found: list[int] = []
    if waiting.size:
        unify(opened)
        with rehearsal(opened) as tried, suppress(_BrokenOffError):
            try:
                for record, why in _culprits(waiting, tried, goes_on):
                    if not found:
                        _check_files(opened)
                    found.append(record)
                    _put_away(opened, waiting, found, why)
            except NotTheRecordError as error:
                happenings.tell("isolating_failed", error=str(error))
    happenings.tell("isolated", records=len(found), of=waiting.size, ms=int((time.monotonic() - started) * 1_000))
    return len(found)


class _BrokenOffError(Exception):
    """Nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The next entries of the journal, whose records are counted through."""

    entries: Sequence[journal.Entry]
    ends: Sequence[int]  # of each, the place behind its last record

    @property
    def size(self) -> int:
        """Records."""
        return self.ends[-1] if self.ends else 0

    def place(self, record: int) -> tuple[journal.Entry, int]:
        """The entry of a record, and its place there."""
        number = bisect_right(self.ends, record)
        entry = self.entries[number]
        return entry, record - self.ends[number] + entry.batch.num_rows

    def part(self, records: Sequence[int]) -> Iterator[journal.Entry]:
        """The entries with these records only."""
        chosen = np.asarray(records)
        for entry, end in zip(self.entries, self.ends, strict=True):
            start = end - entry.batch.num_rows
            own = chosen[np.searchsorted(chosen, start) : np.searchsorted(chosen, end)] - start
            if len(own) == entry.batch.num_rows:
                yield entry
            elif len(own):
                yield replace(entry, batch=entry.batch.take(whole_numbers(own)))


def _waiting(opened: Opened) -> _Waiting:
    with opened.database.read() as connection:
        after = journal.offset_of(connection, STAGE)
        entries = list(journal.read(connection, after=after, most_rows=MOST_ROWS))
    return _Waiting(entries, list(accumulate(entry.batch.num_rows for entry in entries)))


def _culprits(waiting: _Waiting, tried: Rehearsal, goes_on: Callable[[], bool]) -> Iterator[tuple[int, str]]:
    """First those on which memory fails, then those that no file can hold."""
    gone: set[int] = set()
    for keeps in (False, True):
        left = [record for record in range(waiting.size) if record not in gone]

        def fails(places: Sequence[int], left: Sequence[int] = left, keeps: bool = keeps) -> str | None:
            if not goes_on():
                raise _BrokenOffError
            return tried.fault(list(waiting.part([left[place] for place in places])), keeps=keeps)

        if fault := fails(()):
            raise NotTheRecordError(fault)
        for place, why in culprits(len(left), fails):
            gone.add(left[place])
            yield left[place], why


def _check_files(opened: Opened) -> None:
    """No record is to blame for what a damaged file does; raises CorruptLakeError."""
    with opened.database.read() as connection:
        files = lake.catalogued(connection)
    lake.verify(opened.home.lake, files)


def _put_away(opened: Opened, waiting: _Waiting, found: Sequence[int], why: str) -> None:
    """Make the last of the records that were found a letter. What is left of its entry was written after the others."""
    entry, place = waiting.place(found[-1])
    received_at = entry.records()[journal.RECEIVED_AT].cast("int64")[place].as_py()
    letter = withheld.letter(entry.batch.slice(place, 1), entry.origin, why)
    gone = [at for each, at in map(waiting.place, found) if each is entry]
    with opened.database.write() as connection:
        letters.keep(connection, entry.source, Instant(received_at), [letter])
        journal.take_out(connection, entry, gone)
