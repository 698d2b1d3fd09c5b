"""Which events of the lake have several statements there, and which of them stands.

The lake's files are immutable: a newer state of an order is written as a row of its own, and the rows that it takes the
place of are left out when the lake is read (`lake_rows.CURRENT`).
"""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa

from shoal.ingest.tables import superseded_events
from shoal.store import rows

COLUMNS = ("event_id", "version", "at", "digest")
NONE = pa.Table.from_batches([], pa.schema([(name, pa.int64()) for name in COLUMNS]))
"""No event at all."""


def supersede(connection: sa.Connection, standing: pa.Table) -> None:
    """Note which statement of some events stands; `at` is in ms, and the others no longer count."""
    if standing.num_rows:
        rows.delete(connection, superseded_events.c.event_id, standing["event_id"].combine_chunks())
        rows.insert(connection, superseded_events, standing.select(list(COLUMNS)))


def superseded(connection: sa.Connection) -> pa.Table:
    """All events of which the lake holds rows that no longer count, each with the statement that stands."""
    return rows.fetch(connection, *superseded_events.c)
