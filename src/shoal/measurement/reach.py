"""Who of a segment or of the whole list may be mailed, and what stands in the way of the others.

Who can receive mail is asked of the segment engine, so that the report says what a segment would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from shoal.core.time import Instant
from shoal.profiles.consent import states_sql
from shoal.segments.kinds.can_receive import CanReceive
from shoal.segments.kinds.consent import MARKETING
from shoal.segments.sql.property_types import property_types
from shoal.segments.sql.queries import members_query


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether members can be sent marketing mail; the five add up to the members."""

    mailable: int = 0  # an e-mail address that takes mail, and consent granted
    refused: int = 0
    unasked: int = 0  # never said, or asked and not yet confirmed
    suppressed: int = 0  # consent granted, but the address bounced or somebody complained
    no_address: int = 0

    @property
    def blocked(self) -> int:
        """How many can't be mailed."""
        return self.refused + self.unasked + self.suppressed + self.no_address


@dataclass(frozen=True, slots=True)
class ListReach:
    """How many of the list can be sent marketing mail, by what was known at `at`; counts of identified people."""

    at: Instant
    with_email: int  # people with an address
    reachable: int  # of those, with granted consent, and neither a hard bounce nor a complaint
    suppressed: int  # with an address and granted consent, and one of these


def list_reach(duck: duckdb.DuckDBPyConnection, now: Instant) -> ListReach:
    """The reach of the whole list at an instant."""
    people = duck.sql('SELECT subscriber, identified AS "0" FROM subscribers').to_arrow_table()
    (found,) = reach(duck, now, people)
    with_email = found.mailable + found.refused + found.unasked + found.suppressed
    return ListReach(now, with_email, found.mailable, found.suppressed)


def reach(duck: duckdb.DuckDBPyConnection, now: Instant, members: pa.Table) -> tuple[Reach, ...]:
    """The reach of several segments at an instant.

    `members` has a column `subscriber` and a boolean column for each segment, called by its place ("0", "1", ...).
    """
    places = range(members.num_columns - 1)
    if not places:
        return ()
    counts = ", ".join(f'count(*) FILTER ("{place}")' for place in places)
    duck.register("mailable", _mailable(duck, now))
    duck.register("reach_members", members)
    try:
        rows: list[tuple[Any, ...]] = duck.execute(_REACH.format(counts=counts), {"now": now}).fetchall()
    finally:
        duck.unregister("reach_members")
        duck.unregister("mailable")
    found = {way: numbers for way, *numbers in rows}
    return tuple(Reach(**{way: numbers[place] for way, numbers in found.items()}) for place in places)


def _mailable(duck: duckdb.DuckDBPyConnection, now: Instant) -> pa.Table:
    """Ids of those who can receive marketing mail; some of them may have no address that we know of."""
    query = members_query(CanReceive("email", MARKETING), now, types=property_types(duck))
    return duck.sql(query.sql, params=dict(query.parameters)).to_arrow_table()


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
