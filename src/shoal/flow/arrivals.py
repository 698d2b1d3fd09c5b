"""What comes in from each source: when it last said something, how much lately, and what its files were refused."""

from __future__ import annotations

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

MOST = 50_000
"""So many entries of the journal are looked at; where more came in, what is counted begins later."""


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


def arrived(opened: Opened) -> Arrived:
    """What came in of late, and how files went, as of now."""
    at = now()
    with opened.database.read() as connection:
        dead, files = letters.count(connection), ledger.all_imports(connection)
        lasts, lately, since = _entries(connection, Instant(at - LATELY_MS))
    by_source: defaultdict[str, list[ledger.Import]] = defaultdict(list)
    for file in files:
        by_source[file.source].append(file)
    names = sorted({*lasts, *by_source})
    found = {name: _of(lasts.get(name), lately[name], by_source.get(name, [])) for name in names}
    return Arrived(at, since, found, dead)


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


def _entries(connection: sa.Connection, since: Instant) -> tuple[dict[str, Instant], Counter[str], Instant]:
    """The newest arrival of each source and its records since an instant, from the newest entries of the journal.

    Gives also since when they are counted: later, where there are more entries than are looked at.
    """
    columns = (journal.c.source, journal.c.rows, journal.c.received_at)
    query = sa.select(*columns).order_by(journal.c.offset.desc()).limit(MOST)
    lasts: dict[str, Instant] = {}
    lately = Counter[str]()
    entries, oldest = 0, since
    for source, rows, received_at in connection.execution_options(yield_per=1_000).execute(query):
        entries, oldest = entries + 1, received_at
        lasts[source] = max(lasts.get(source, received_at), received_at)
        lately[source] += rows if received_at >= since else 0
    return lasts, lately, Instant(max(since, oldest)) if entries == MOST else since
