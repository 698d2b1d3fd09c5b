"""What comes in from each source: when it last said something, how much lately, and what its files were refused."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from shoal.core.time import Instant, now
from shoal.flow.home import Opened
from shoal.ingest import ledger, letters
from shoal.store.tables import journal

LATELY_MS = 3_600_000
"""How far back it is counted what came in."""

MINUTE_MS = 60_000

MOST = 50_000
"""So many entries of the journal are looked at in the beginning; where there are more, what is counted begins later."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What one source brought. Records are events and facts; rows are rows of files."""

    last_at: Instant | None  # when something last arrived; None: nothing that the journal still has
    lately: int  # records that arrived since `Arrived.since`
    files: int = 0
    rows_read: int = 0
    rows_rejected: int = 0
    rows_skipped: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)  # why, of refused and skipped rows; the most first


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came in, by source."""

    at: Instant
    since: Instant
    sources: Mapping[str, Arrivals]
    letters: int  # calls that could not be taken


class Arriving:
    """Follows the journal: each entry is looked at once. May be asked on any thread."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._turn = threading.Lock()
        self._seen = 0  # offset of the newest entry that was looked at
        self._begins = Instant(0)  # what arrived before was not counted
        self._lasts: dict[str, Instant] = {}
        self._counts: Counter[tuple[int, str]] = Counter()  # records by minute of arrival and source

    def arrived(self) -> Arrived:
        """What came in of late, and how files went, as of now."""
        at = now()
        with self._turn, self._opened.database.read() as connection:
            dead, files = letters.count(connection), ledger.all_imports(connection)
            self._follow(connection)
            oldest = (at - LATELY_MS) // MINUTE_MS * MINUTE_MS
            for minute, source in [key for key in self._counts if key[0] * MINUTE_MS < oldest]:
                del self._counts[minute, source]
            lately = Counter[str]()
            for (_, source), records in self._counts.items():
                lately[source] += records
            lasts = dict(self._lasts)
        by_source: defaultdict[str, list[ledger.Import]] = defaultdict(list)
        for file in files:
            by_source[file.source].append(file)
        names = sorted({*lasts, *by_source})
        found = {name: _of(lasts.get(name), lately[name], by_source.get(name, [])) for name in names}
        return Arrived(at, Instant(max(oldest, self._begins)), found, dead)

    def _follow(self, connection: sa.Connection) -> None:
        """Look at what is new; the first time at no more than the newest `MOST` entries."""
        columns = (journal.c.offset, journal.c.source, journal.c.rows, journal.c.received_at)
        query = sa.select(*columns).where(journal.c.offset > self._seen).order_by(journal.c.offset.desc())
        entries, first, oldest = 0, self._seen == 0, Instant(0)
        for offset, source, rows, received_at in connection.execution_options(yield_per=1_000).execute(query):
            entries, oldest = entries + 1, Instant(received_at)
            self._seen = max(self._seen, offset)
            self._lasts[source] = max(self._lasts.get(source, oldest), oldest)
            self._counts[received_at // MINUTE_MS, source] += rows
            if first and entries == MOST:
                self._begins = oldest
                return


def _of(last_at: Instant | None, lately: int, files: list[ledger.Import]) -> Arrivals:
    reasons = Counter[str]()
    for file in files:
        reasons.update(file.reasons)
    known = [at for at in (last_at, *(file.received_at for file in files)) if at is not None]
    return Arrivals(
        last_at=max(known, default=None),
        lately=lately,
        files=len(files),
        rows_read=sum(file.rows_read for file in files),
        rows_rejected=sum(file.rows_rejected for file in files),
        rows_skipped=sum(file.rows_skipped for file in files),
        reasons=dict(reasons.most_common()),
    )
