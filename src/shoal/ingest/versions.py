"""Which events of the lake have a newer version there, so that the older rows no longer count.

The lake's files are immutable: a newer state of an order is written as a row of its own, and the rows that it takes the
place of are left out when the lake is read (`lake_rows.CURRENT`).
"""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa

from shoal.ingest.tables import superseded_events
from shoal.store import rows

NONE = pa.table({"event_id": pa.array([], pa.int64()), "version": pa.array([], pa.int64())})
"""No event at all."""


def supersede(connection: sa.Connection, newer: pa.Table) -> None:
    """Note that of each event (event_id, version) the rows with a smaller version no longer count."""
    if newer.num_rows:
        rows.delete(connection, superseded_events.c.event_id, newer["event_id"].combine_chunks())
        rows.insert(connection, superseded_events, newer.select(NONE.column_names))


def superseded(connection: sa.Connection) -> pa.Table:
    """All events of which the lake holds rows that no longer count, each with its newest version."""
    return rows.fetch(connection, *superseded_events.c)
