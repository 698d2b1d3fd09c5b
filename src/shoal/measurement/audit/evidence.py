"""What the checks query: the reading's views, cut off at the instant of the audit, and a few narrow tables from them.

The tables are temporary, begin with `audit_` and are dropped when the audit is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.machines import is_machine
from shoal.measurement.audit.fields import AGENT, LINK, MESSAGE
from shoal.measurement.audit.model import Facts
from shoal.measurement.variants import first_of, known, listed
from shoal.profiles.consent import states_sql
from shoal.profiles.traits import LATEST

DAY_MS = 86_400_000
FAST_MS = 5_000
"""An open or click this soon after delivery is taken for a machine's."""
BURST_MS = 10_000
BURST_LINKS = 3
"""This many different links of one message within `BURST_MS` are taken for a scanner's."""

SENDS = (events.EMAIL_SENT, events.EMAIL_DELIVERED)
TOUCHES = (events.EMAIL_OPENED, events.EMAIL_LINK_CLICKED)
MAIL_NAMES = SENDS + TOUCHES


@dataclass(frozen=True, slots=True)
class Evidence:
    """A connection with the audit's tables, the instant, and the facts from outside the lake."""

    duck: duckdb.DuckDBPyConnection
    now: Instant
    facts: Facts

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.duck.execute(sql, list(values)).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...]:
        """The one row of an aggregate query."""
        return self.rows(sql, *values)[0]

    def known(self, events: Sequence[str], candidates: Sequence[str]) -> tuple[str, ...]:
        """Those of the candidate properties that the events have, as far as they are needed."""
        return known(self.duck, "tally_shapes", events, candidates)


@contextmanager
def evidence(duck: duckdb.DuckDBPyConnection, now: Instant, facts: Facts) -> Iterator[Evidence]:
    """The evidence for one audit; its tables live as long as the block."""
    found = Evidence(duck, now, facts)
    try:
        for relation, sql in _VIEWS.items():
            duck.execute(f"CREATE OR REPLACE TEMP VIEW {relation} AS {sql.format(now=int(now))}")
        for relation, sql in _TABLES.items():
            duck.execute(f"CREATE OR REPLACE TEMP TABLE {relation} AS {sql}")
        _load_mail(found)
        yield found
    finally:
        for relation in (*_TABLES, "audit_marked", "audit_mail", "audit_agents", "audit_touches"):
            duck.execute(f"DROP TABLE IF EXISTS {relation}")
        for relation in reversed(_VIEWS):
            duck.execute(f"DROP VIEW IF EXISTS {relation}")


def _load_mail(found: Evidence) -> None:
    marked = "properties.machine = true" if found.known(TOUCHES, ("machine",)) else "false"
    found.duck.execute(f"CREATE OR REPLACE TEMP TABLE audit_marked AS {_MARKED.format(marked=marked)}")
    parts = [_mail_of(found, name) for name in MAIL_NAMES]
    found.duck.execute(f"CREATE OR REPLACE TEMP TABLE audit_mail AS {' UNION ALL '.join(parts)}")
    _judge_agents(found)
    found.duck.execute(f"CREATE OR REPLACE TEMP TABLE audit_touches AS {_TOUCHES}")


def _mail_of(found: Evidence, name: str) -> str:
    """The query for one event's mail, which reads only the properties that this event has: others are slow."""
    return _MAIL.format(
        name=listed((name,)),
        message=first_of(found.known((name,), MESSAGE)),
        link=first_of(found.known((name,), LINK) if name == events.EMAIL_LINK_CLICKED else ()),
        agent=first_of(found.known((name,), AGENT) if name in TOUCHES else ()),
        marked='(event_id, "at") IN (FROM audit_marked)' if name in TOUCHES else "false",
    )


def _judge_agents(found: Evidence) -> None:
    """Distinct user agents are few; each is judged once, in Python, by the same rule as at import."""
    agents = [agent for (agent,) in found.rows("SELECT DISTINCT agent FROM audit_mail WHERE agent IS NOT NULL")]
    found.duck.execute("CREATE OR REPLACE TEMP TABLE audit_agents (agent VARCHAR)")
    machines = [agent for agent in agents if is_machine(agent)]
    found.duck.execute("INSERT INTO audit_agents SELECT unnest(?::VARCHAR[])", [machines])


_VIEWS = {
    "audit_events": """SELECT * FROM events WHERE name IS NOT NULL AND "at" <= epoch_ms({now})""",
    "audit_traits": """SELECT * FROM traits WHERE "at" <= epoch_ms({now})""",
    "audit_consents": """SELECT * FROM consents WHERE "at" <= epoch_ms({now})""",
}

_TABLES = {
    # The present value of each trait as each source states it.
    "audit_values": f"""
        SELECT subscriber, name, source, latest.text AS text, latest.kind AS kind
        FROM (SELECT subscriber, name, source,
                     arg_max({{'text': trim(value::VARCHAR), 'kind': split_part(variant_typeof(value), '(', 1)}},
                             {LATEST}) AS latest
              FROM audit_traits GROUP BY ALL)
        WHERE latest.text IS NOT NULL AND latest.text <> ''
    """,
    "audit_consent_now": states_sql("audit_consents"),
}

# What few rows have is slow to read as a column of many, and quick to filter by.
_MARKED = f"""
    SELECT event_id, "at" FROM audit_events WHERE name IN ({listed(TOUCHES)}) AND {{marked}}
"""

# Messages and links are only compared, so their hashes do.
_MAIL = """
    SELECT subscriber, "at", name, source, hash(coalesce({message}, '')) AS message,
           CASE WHEN name = 'Email Link Clicked' THEN hash({link}) END AS link, {agent} AS agent, {marked} AS marked
    FROM audit_events WHERE name = {name}
"""

_BURSTS = f"""
    WITH clicks AS (SELECT rowid AS click, subscriber, message, link, "at" FROM audit_mail WHERE link IS NOT NULL),
         suspects AS (SELECT subscriber, message FROM clicks
                      GROUP BY ALL HAVING count(*) >= {BURST_LINKS} AND count(DISTINCT link) >= {BURST_LINKS})
    SELECT click, len(list_distinct(list(link) OVER (
               PARTITION BY subscriber, message ORDER BY "at"
               RANGE BETWEEN INTERVAL '{BURST_MS} milliseconds' PRECEDING
                         AND INTERVAL '{BURST_MS} milliseconds' FOLLOWING))) AS links
    FROM clicks SEMI JOIN suspects USING (subscriber, message)
"""

_TOUCHES = f"""
    SELECT touch.subscriber, touch."at", touch.source, touch.name = '{events.EMAIL_OPENED}' AS is_open,
           touch.marked, touch.message <> hash('') AS is_named, mail."at" AS delivered_at,
           touch.agent IN (SELECT agent FROM audit_agents) AS by_agent,
           coalesce(epoch_ms(touch."at") - epoch_ms(mail."at") <= {FAST_MS}, false) AS fast,
           touch.rowid IN (SELECT click FROM ({_BURSTS}) WHERE links >= {BURST_LINKS}) AS burst
    FROM (SELECT rowid, * FROM audit_mail WHERE name IN ({listed(TOUCHES)})) AS touch
    ASOF LEFT JOIN (SELECT subscriber, message, "at" FROM audit_mail WHERE name IN ({listed(SENDS)})) AS mail
    ON touch.subscriber = mail.subscriber AND touch.message = mail.message AND touch."at" >= mail."at"
"""
"""Every open and click, with the newest delivery of that message before it, and what hints at a machine."""
