"""Who can receive marketing mail, asked of the segment engine, so that the report says what a segment would."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from shoal.core.time import Instant
from shoal.segments.kinds.can_receive import CanReceive
from shoal.segments.kinds.consent import MARKETING
from shoal.segments.sql.property_types import property_types
from shoal.segments.sql.queries import members_query


def mailable(duck: duckdb.DuckDBPyConnection, now: Instant) -> pa.Table:
    """Their ids at an instant: one column `subscriber`. Some of them may have no address that we know of."""
    query = members_query(CanReceive("email", MARKETING), now, types=property_types(duck))
    return duck.sql(query.sql, params=dict(query.parameters)).to_arrow_table()
