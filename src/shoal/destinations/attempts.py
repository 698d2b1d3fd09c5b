"""How each attempt to deliver went: the last ones of every destination, for whoever asks why."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from shoal.core.time import Instant
from shoal.destinations.kind import Batch, Outcome
from shoal.destinations.tables import destination_attempts as kept

MOST_KEPT = 200
"""Of each destination."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request, or one file."""

    at: Instant
    batch: str  # its id, as the receiver sees it
    rows: int  # changes or members
    status: int | None  # of HTTP; None: there was no answer
    outcome: str  # "delivered", or why not, in a word
    took_ms: int


def note(
    connection: sa.Connection, destination: int, batch: Batch, outcome: Outcome, *, at: Instant, took_ms: int
) -> None:
    """Keep one, and no more than the last `MOST_KEPT`."""
    row = {"destination": destination, "at": at, "batch": batch.id, "rows": batch.rows, "took_ms": took_ms}
    connection.execute(sa.insert(kept), {**row, "status": outcome.status, "outcome": outcome.told})
    whose = kept.c.destination == destination
    oldest = sa.select(kept.c.id).where(whose).order_by(kept.c.id.desc()).offset(MOST_KEPT).limit(1).scalar_subquery()
    connection.execute(sa.delete(kept).where(whose, kept.c.id <= oldest))


def recent(connection: sa.Connection, destination: int, most: int = MOST_KEPT) -> list[Attempt]:
    """The last ones, newest first."""
    query = sa.select(kept).where(kept.c.destination == destination).order_by(kept.c.id.desc()).limit(most)
    return [
        Attempt(Instant(row.at), row.batch, row.rows, row.status, row.outcome, row.took_ms)
        for row in connection.execute(query)
    ]
