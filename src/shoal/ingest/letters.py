"""Dead letters: calls that could not be taken, kept with their reason until somebody looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from shoal.core.time import Instant
from shoal.ingest.calls import Letter
from shoal.ingest.tables import dead_letters


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A letter in the database."""

    id: int
    source: str
    received_at: Instant
    letter: Letter


def keep(connection: sa.Connection, source: str, received_at: Instant, letters: Sequence[Letter]) -> None:
    """Put letters away, in the caller's transaction."""
    if letters:
        shared = {"source": source, "received_at": received_at}
        rows = [{**shared, **{name: getattr(one, name) for name in _KEPT}} for one in letters]
        connection.execute(sa.insert(dead_letters), rows)


_KEPT = ("reason", "message", "payload", "webhook")


def known(connection: sa.Connection, *, after: int = 0, most: int = 100) -> tuple[DeadLetter, ...]:
    """Letters with a greater number than `after`, oldest first."""
    query = sa.select(dead_letters).where(dead_letters.c.id > after).order_by(dead_letters.c.id).limit(most)
    return tuple(
        DeadLetter(row.id, row.source, Instant(row.received_at), Letter(*(getattr(row, name) for name in _KEPT)))
        for row in connection.execute(query)
    )


def count(connection: sa.Connection) -> int:
    """How many there are."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(dead_letters)).scalar_one())


def newest(connection: sa.Connection) -> int:
    """The number of the newest letter; 0 where there is none."""
    return int(connection.scalar(sa.select(sa.func.max(dead_letters.c.id))) or 0)


def discard_since(connection: sa.Connection, after: int, reason: str) -> None:
    """Forget letters of one reason with greater numbers than `after`."""
    later = (dead_letters.c.id > after, dead_letters.c.reason == reason)
    connection.execute(sa.delete(dead_letters).where(*later))


def discard(connection: sa.Connection, numbers: Sequence[int]) -> int:
    """Forget letters; how many there were."""
    return connection.execute(sa.delete(dead_letters).where(dead_letters.c.id.in_(numbers))).rowcount
