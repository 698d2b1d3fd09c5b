"""Who can receive marketing mail, asked of the segment engine, so that the report says what a segment would."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from shoal.core.time import Instant
from shoal.profiles.consent import states_sql
from shoal.segments.kinds.can_receive import CanReceive
from shoal.segments.kinds.consent import MARKETING
from shoal.segments.sql.property_types import property_types
from shoal.segments.sql.queries import members_query


@dataclass(frozen=True, slots=True)
class ListReach:
    """How many of the list can be sent marketing mail, by what was known at `at`; counts of identified people."""

    at: Instant
    with_email: int  # people with an address
    reachable: int  # of those, with granted consent, and neither a hard bounce nor a complaint
    suppressed: int  # with an address and granted consent, and one of these


def mailable(duck: duckdb.DuckDBPyConnection, now: Instant) -> pa.Table:
    """Their ids at an instant: one column `subscriber`. Some of them may have no address that we know of."""
    query = members_query(CanReceive("email", MARKETING), now, types=property_types(duck))
    return duck.sql(query.sql, params=dict(query.parameters)).to_arrow_table()


def list_reach(duck: duckdb.DuckDBPyConnection, now: Instant) -> ListReach:
    """The reach of the whole list at an instant."""
    duck.register("mailable", mailable(duck, now))
    try:
        with_email, agreed, reachable = duck.execute(_REACHABLE, {"now": now}).fetchall()[0]
    finally:
        duck.unregister("mailable")
    return ListReach(now, with_email, reachable, agreed - reachable)


_REACHABLE = f"""
WITH addressed AS (SELECT DISTINCT subscriber FROM keys WHERE kind = 'email'),
     asked AS (SELECT * FROM consents
               WHERE channel = 'email' AND purpose = 'marketing' AND "at" <= epoch_ms($now)),
     agreed AS (SELECT subscriber FROM ({states_sql("asked", by="subscriber")}) WHERE state = 'granted')
SELECT count(*), count(agreed.subscriber), count(mailable.subscriber)
FROM addressed JOIN subscribers USING (subscriber) LEFT JOIN agreed USING (subscriber)
LEFT JOIN mailable USING (subscriber) WHERE identified
"""
