"""A workspace at a glance: how many people, how much arrives, how far behind the answers are, and what to do next."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import sqlalchemy as sa

from shoal.core.time import Instant, now
from shoal.flow.current import Current
from shoal.flow.defining import Known, known
from shoal.flow.home import Opened
from shoal.flow.linting import lint_one
from shoal.ingest import letters
from shoal.segments import versions
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


class Advice:
    """Says what to do next. The linter reads the lake, so what it said is believed for a while."""

    def __init__(self, opened: Opened) -> None:
        self._opened, self._turn = opened, threading.Lock()
        self._said: tuple[str, float, Step | None] | None = None  # of which versions, until when, what

    def step(self) -> Step | None:
        """What helps most now: calls that were lost, data, a first segment, what the linter says; None: all is well.

        The linter looks at a few segments only, those of one's own that come first by name.
        """
        with self._opened.database.read() as connection:
            dead = letters.count(connection)
        if dead:
            calls = "call" if dead == 1 else "calls"
            said = "They are kept: look at why, mend it, and replay them."
            return Step("letters", f"Look at {dead:,} {calls} that could not be taken", said)
        what = known(self._opened)
        if not what.catalog.events and not what.catalog.traits:
            return Step("import", "Bring in your data", "There are no people yet. Import files, or send events.")
        if not what.current:
            said = f"{len(what.segments)} ready-made definitions and a builder are there to begin with."
            return Step("segment", "Save a first segment", said)
        with self._turn:
            return self._linted(what)

    def _linted(self, what: Known) -> Step | None:
        state = versions.state(what.versions)
        if self._said is not None and self._said[0] == state and time.monotonic() < self._said[1]:
            return self._said[2]
        step = next(filter(None, (_lint(self._opened, what, name) for name in list(what.current)[:_LOOKED_AT])), None)
        self._said = (state, time.monotonic() + BELIEVED_S, step)
        return step


BELIEVED_S = 900.0
_LOOKED_AT = 5


def _lint(opened: Opened, what: Known, name: str) -> Step | None:
    """What the linter has to say of one segment at the loudest; None: nothing that matters."""
    segment = what.segments[name]
    found = [each for each in lint_one(opened, Subject(name, segment.when, segment)) if each.severity != "note"]
    if not found:
        return None
    loudest = min(found, key=lambda each: SEVERITIES.index(each.severity))
    return Step("lint", f"Mend {segment.title or name}", f"{loudest.message} {loudest.fix}", loudest)


def _arrived(connection: sa.Connection, since: Instant) -> int:
    """Records of the newest entries back to an instant: entries are in order of arrival, give or take a moment."""
    query = sa.select(journal_rows.c.rows, journal_rows.c.received_at).order_by(journal_rows.c.offset.desc())
    total = 0
    for rows, received_at in connection.execution_options(yield_per=500).execute(query):
        if received_at < since:
            break
        total += rows
    return total
