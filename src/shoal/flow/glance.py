"""A workspace at a glance: how many people, how much arrives, how far behind the answers are, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from shoal.core.time import Instant, now
from shoal.flow.current import Current
from shoal.flow.defining import known
from shoal.flow.home import Opened
from shoal.flow.linting import lint_one
from shoal.ingest import letters
from shoal.segments.lint.finding import SEVERITIES, Finding, Subject
from shoal.store import journal
from shoal.store.tables import journal as journal_rows

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Glance:
    """Numbers of one instant."""

    at: Instant
    people: int | None  # identified; None while the engine starts
    events_a_minute: int  # records that arrived within the last minute
    waiting: int  # records that are not in the lake yet
    behind_ms: int | None  # how old the answers are; None while the engine starts
    letters: int  # calls that could not be taken


def glance(opened: Opened, current: Current | None) -> Glance:
    """How things stand now."""
    at = now()
    with opened.database.read() as connection:
        waiting = journal.waiting(connection, after=journal.offset_of(connection, "lake"))
        arrived, dead = _arrived(connection, Instant(at - MINUTE_MS)), letters.count(connection)
    status = None if current is None else current.status()
    return Glance(
        at=at,
        people=None if status is None else status.people,
        events_a_minute=arrived,
        waiting=waiting,
        behind_ms=None if status is None else max(0, at - status.clock),
        letters=dead,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """The one thing to do next."""

    kind: str  # "letters", "import", "segment" or "lint"
    title: str
    evidence: str
    finding: Finding | None = None


def next_step(opened: Opened) -> Step | None:
    """What helps most now: calls that were lost, then a first segment, then what the linter says; None: all is well.

    The linter looks at a few segments only, those of one's own that come first by name.
    """
    with opened.database.read() as connection:
        dead = letters.count(connection)
    if dead:
        calls = "call" if dead == 1 else "calls"
        said = "They are kept: look at why, mend it, and replay them."
        return Step("letters", f"Look at {dead:,} {calls} that could not be taken", said)
    what = known(opened)
    if not what.catalog.events and not what.catalog.traits:
        return Step("import", "Bring in your data", "There are no people yet. Import files, or send events.")
    if not what.current:
        said = f"{len(what.segments)} ready-made definitions and a builder are there to begin with."
        return Step("segment", "Save a first segment", said)
    for name in list(what.current)[:_LOOKED_AT]:
        segment = what.segments[name]
        found = [each for each in lint_one(opened, Subject(name, segment.when, segment)) if each.severity != "note"]
        if found:
            loudest = min(found, key=lambda each: SEVERITIES.index(each.severity))
            return Step("lint", f"Mend {segment.title or name}", f"{loudest.message} {loudest.fix}", loudest)
    return None


_LOOKED_AT = 5


def _arrived(connection: sa.Connection, since: Instant) -> int:
    """Records of the newest entries back to an instant: entries are in order of arrival, give or take a moment."""
    query = sa.select(journal_rows.c.rows, journal_rows.c.received_at).order_by(journal_rows.c.offset.desc())
    total = 0
    for rows, received_at in connection.execution_options(yield_per=500).execute(query):
        if received_at < since:
            break
        total += rows
    return total
