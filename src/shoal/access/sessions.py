"""Sessions of users: a random id that only the browser has; what is kept is its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from shoal.access import users
from shoal.access.tables import sessions
from shoal.access.users import User
from shoal.core.time import Duration, Instant

IDLE = Duration(12, "h")
"""A session that is not used for so long ends."""

LONGEST = Duration(7, "d")
"""A session ends after that in any case."""

_BYTES = 32
_NOTED_MS = 60_000  # how exactly it is noted when a session was used last


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in."""

    user: User
    digest: str
    ends_at: Instant


def begin(connection: sa.Connection, user: User, at: Instant) -> str:
    """A new session: its id of 256 random bits, told here and never again. Those that are over are forgotten."""
    over = sa.or_(sessions.c.seen_at <= at - IDLE.ms, sessions.c.created_at <= at - LONGEST.ms)
    connection.execute(sa.delete(sessions).where(over))
    shown = secrets.token_urlsafe(_BYTES)
    row = {"digest": digest(shown), "user_id": user.id, "created_at": at, "seen_at": at}
    connection.execute(sa.insert(sessions), row)
    return shown


def find(connection: sa.Connection, shown: str, at: Instant) -> tuple[Session | None, bool]:
    """The session of an id, and whether it is time to note that it is used; None where there is none, or it is over."""
    row = connection.execute(sa.select(sessions).where(sessions.c.digest == digest(shown))).one_or_none()
    if row is None or at >= min(row.seen_at + IDLE.ms, row.created_at + LONGEST.ms):
        return None, False
    user = users.by_id(connection, row.user_id)
    if user is None:
        return None, False
    return Session(user, row.digest, Instant(row.created_at + LONGEST.ms)), at - row.seen_at >= _NOTED_MS


def used(connection: sa.Connection, session: Session, at: Instant) -> None:
    """Note that a session is used."""
    connection.execute(sa.update(sessions).where(sessions.c.digest == session.digest).values(seen_at=at))


def end(connection: sa.Connection, shown: str) -> None:
    """End a session; one that is not there is no error."""
    connection.execute(sa.delete(sessions).where(sessions.c.digest == digest(shown)))


def digest(shown: str) -> str:
    """What is kept of an id: 256 random bits need no key to be safe from guessing."""
    return hashlib.sha256(shown.encode()).hexdigest()
