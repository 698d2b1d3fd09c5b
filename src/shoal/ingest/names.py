"""Which names the data holds: events, their properties, traits. Kept up with every turn of the drain.

It lets a sentence that names an unknown event fail at once, with a suggestion, without reading the lake.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from shoal.ingest.tables import known_names


@dataclass(frozen=True, slots=True)
class Name:
    """One name the data holds."""

    event: str  # "" for a trait
    name: str  # property or trait; "" for the event itself
    rows: int  # events or statements that have it


def add(connection: sa.Connection, names: Iterable[Name]) -> None:
    """Count more rows, in the transaction that makes them part of the lake."""
    known = {(row.event, row.name): row.rows for row in load(connection)}
    fresh = []
    for each in names:
        if (each.event, each.name) in known:
            at = (known_names.c.event == each.event) & (known_names.c.name == each.name)
            connection.execute(sa.update(known_names).where(at).values(rows=known_names.c.rows + each.rows))
        else:
            fresh.append({"event": each.event, "name": each.name, "rows": each.rows})
    if fresh:
        connection.execute(sa.insert(known_names), fresh)


def load(connection: sa.Connection) -> tuple[Name, ...]:
    """All names, those with the most rows first."""
    rows = connection.execute(sa.select(known_names).order_by(known_names.c.rows.desc(), known_names.c.name))
    return tuple(Name(row.event, row.name, row.rows) for row in rows)
