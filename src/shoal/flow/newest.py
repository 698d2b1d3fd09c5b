"""The newest instant that the data knows of, and facts without a date as they count there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from shoal.core.time import NEWEST, UNITS_MS, AsOf, Instant, now
from shoal.flow.defining import asked_at

_FACTS = ("traits", "consents")


@contextmanager
def facts_as_of(duck: duckdb.DuckDBPyConnection, as_of: AsOf) -> Iterator[Instant]:
    """The instant of a question to an open reading; of `newest` with facts without a date as `undated_by` has them.

    Raises UserError `future_instant`.
    """
    if as_of != NEWEST:
        yield asked_at(as_of)
        return
    instant = newest_instant(duck)
    with undated_by(duck, instant):
        yield instant


def newest_instant(duck: duckdb.DuckDBPyConnection) -> Instant:
    """The newest instant of the data, to the next full second; now where there is none.

    Exports are often days old, and "in the last 7 days" should mean the last 7 days that they know of. So it is
    the newest event's; but where facts (which hold from their import on, if they have no time of their own) follow
    within two days, it is theirs.
    """
    happened, stated = duck.execute(
        """SELECT epoch_ms(max("at")), epoch_ms((SELECT max("at") FROM
                  (SELECT "at" FROM traits UNION ALL SELECT "at" FROM consents))) FROM events"""
    ).fetchall()[0]
    known = [each for each in (happened, stated) if each is not None]
    if not known:
        return now()
    together = happened is None or stated is None or stated - happened <= 2 * UNITS_MS["d"]
    newest = max(known) if together else happened
    return Instant(min(now(), -(-newest // 1_000) * 1_000))


@contextmanager
def undated_by(duck: duckdb.DuckDBPyConnection, instant: Instant) -> Iterator[None]:
    """Within the block, facts without a date that arrived after an instant hold from that instant on.

    An export of customers that is imported today says what they are like, and not since when. A question about the
    newest event, which may be weeks old, would know nothing of it. In the order of their arrival these facts get
    the last milliseconds up to the instant: what arrived later still counts, and all come after what has a
    date. The views `traits` and `consents` of a reading (`open_reading`) change, and are as before at the end.
    """
    duck.execute(_ARRIVALS, {"instant": instant})
    ((scan,),) = duck.execute("SELECT scan FROM scans WHERE view = 'traits'").fetchall()
    for view in _FACTS:
        duck.execute(f"ALTER VIEW {view} RENAME TO told_{view}")
        duck.execute(f"CREATE TEMP VIEW {view} AS {_DATED.format(told=f'told_{view}')}")
    duck.execute("UPDATE scans SET scan = ? WHERE view = 'traits'", [f"({_DATED.format(told=scan)})"])
    try:
        yield
    finally:
        for view in _FACTS:
            duck.execute(f"DROP VIEW {view}")
            duck.execute(f"ALTER VIEW told_{view} RENAME TO {view}")
        duck.execute("UPDATE scans SET scan = ? WHERE view = 'traits'", [scan])
        duck.execute("DROP TABLE arrivals")


_ARRIVALS = """
CREATE TEMP TABLE arrivals AS
SELECT arrived, make_timestamp_ms($instant - count(*) OVER () + row_number() OVER (ORDER BY arrived)) AS dated
FROM (SELECT received_at AS arrived FROM traits WHERE "at" >= received_at
      UNION SELECT received_at FROM consents WHERE "at" >= received_at)
WHERE arrived > make_timestamp_ms($instant)
"""

_DATED = """
SELECT told.* REPLACE (coalesce(dated, told."at") AS "at", coalesce(dated, told.received_at) AS received_at)
FROM {told} AS told LEFT JOIN arrivals ON arrived = told.received_at AND told."at" >= told.received_at
"""
