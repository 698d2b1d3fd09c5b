"""Who of a segment may be mailed, and what stands in the way of the others."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from shoal.core.time import Instant
from shoal.measurement.mailable import mailable
from shoal.measurement.report.model import Reach
from shoal.profiles.consent import states_sql


def reach(duck: duckdb.DuckDBPyConnection, now: Instant, members: pa.Table) -> tuple[Reach, ...]:
    """The reach of several segments at an instant.

    `members` has a column `subscriber` and a boolean column for each segment, called by its place ("0", "1", ...).
    """
    places = range(members.num_columns - 1)
    if not places:
        return ()
    counts = ", ".join(f'count(*) FILTER ("{place}")' for place in places)
    duck.register("mailable", mailable(duck, now))
    duck.register("reach_members", members)
    try:
        rows: list[tuple[Any, ...]] = duck.execute(_REACH.format(counts=counts), {"now": now}).fetchall()
    finally:
        duck.unregister("reach_members")
        duck.unregister("mailable")
    found = {way: numbers for way, *numbers in rows}
    return tuple(Reach(**{way: numbers[place] for way, numbers in found.items()}) for place in places)


_REACH = f"""
WITH asked AS (SELECT * FROM consents
               WHERE channel = 'email' AND purpose = 'marketing' AND "at" <= epoch_ms($now)),
     stated AS ({states_sql("asked", by="subscriber")}),
     addressed AS (SELECT DISTINCT subscriber FROM keys WHERE kind = 'email')
SELECT CASE WHEN addressed.subscriber IS NULL THEN 'no_address' WHEN mailable.subscriber IS NOT NULL THEN 'mailable'
            WHEN state = 'denied' THEN 'refused' WHEN state = 'granted' THEN 'suppressed'
            ELSE 'unasked' END AS way, {{counts}}
FROM reach_members LEFT JOIN addressed USING (subscriber) LEFT JOIN stated USING (subscriber)
LEFT JOIN mailable USING (subscriber)
GROUP BY way
"""
