"""An engine that runs apart from the server that answers requests: what it says of itself, and how that is heard.

It says so in the database every few seconds, for the two share nothing else. Silence means that it is gone or hangs.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from shoal.core import happenings
from shoal.core.errors import UserError
from shoal.core.failures import failure
from shoal.core.time import Instant, now
from shoal.flow.current import Status
from shoal.flow.engine import Engine
from shoal.flow.home import Opened
from shoal.segments.tables import engine_state
from shoal.store.database import Database

SAY_S = 2.0
"""Between two times that it says how it is."""

SILENT_MS = 10_000
"""After so long without a word it is held to be gone."""

State = Literal["following", "starting", "failing", "silent", "absent"]
"""How an engine is: `starting` for the first time; `failing` while something keeps it from following, another start
after that included; `silent` where it said nothing for too long; `absent` where none is there."""

READY: frozenset[State] = frozenset({"following", "starting"})
"""In these what arrives goes on to the lake, or will in a moment."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How an engine is, and how far; None where it follows nothing yet, or is not known."""

    state: State
    status: Status | None


def state_of(engine: Engine) -> State:
    """How an engine is that this process has started; it is not asked, so nobody waits for it."""
    if not engine.is_alive:
        return "failing"
    return "starting" if engine.current is None else "following"


def seen(engine: Engine) -> Seen:
    """The same, and how far it is."""
    state, current = state_of(engine), engine.current
    if current is None or state != "following":
        return Seen(state, None)
    try:
        return Seen(state, current.status())
    except UserError:  # it ended meanwhile
        return Seen("failing", None)


def heard(database: Database) -> Seen:
    """How the engine is that runs apart."""
    with database.read() as connection:
        row = connection.execute(sa.select(engine_state)).one_or_none()
    if row is None:
        return Seen("absent", None)
    follows = row.clock is not None
    status = Status(Instant(row.clock), row.newest, row.people, row.segments) if follows else None
    if now() - row.told_at > SILENT_MS:
        return Seen("silent", status)
    if not row.is_alive:
        return Seen("failing", status)
    return Seen("following" if follows else "starting", status)


class Saying:
    """Says how an engine is, on a thread, until it is closed. To be closed after the engine."""

    def __init__(self, opened: Opened, engine: Engine) -> None:
        self._database, self._engine = opened.database, engine
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saying", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say no more; from then on there is none."""
        self._stopping.set()
        self._thread.join()
        with self._database.write() as connection:
            connection.execute(sa.delete(engine_state))

    def _run(self) -> None:
        while True:
            try:
                _say(self._database, seen(self._engine))
            except Exception as error:
                if failure(error) is None and not isinstance(error, sa.exc.OperationalError):
                    raise
                happenings.tell("engine_state_failed", error=type(error).__name__)  # a full disk or the like: silence
            if self._stopping.wait(SAY_S):
                return


def _say(database: Database, how: Seen) -> None:
    status = how.status
    said = {
        "told_at": now(),
        "is_alive": how.state in READY,
        "clock": None if status is None else status.clock,
        "newest": None if status is None else status.newest,
        "people": None if status is None else status.people,
        "segments": None if status is None else status.segments,
    }
    with database.write() as connection:
        if not connection.execute(sa.update(engine_state).values(said)).rowcount:
            connection.execute(sa.insert(engine_state).values(id=1, **said))
