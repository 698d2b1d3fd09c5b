"""Signing in and out of the web app, and who may."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from shoal.access import sessions, users
from shoal.access.sessions import Session
from shoal.access.users import User
from shoal.core.errors import UserError
from shoal.core.time import now
from shoal.flow.home import Opened

TRIES = 5
"""So many times a minute a name, and an address, may be tried."""

_SPAN_S = 60.0


def create_user(opened: Opened, name: str, role: str, password: str) -> User:
    """Add a user. Raises UserError `bad_user`, `unknown_role` and `bad_password`."""
    with opened.database.write() as connection:
        return users.create(connection, name=name, role=role, password=password, at=now())


def known_users(opened: Opened) -> tuple[User, ...]:
    """All users, by name."""
    with opened.database.read() as connection:
        return users.known(connection)


def set_password(opened: Opened, name: str, password: str, *, but: str = "") -> None:
    """Change a password; all sessions of the user end, but the one of a digest. Raises UserError `unknown_user`."""
    with opened.database.write() as connection:
        users.set_password(connection, users.named(connection, name), password, but=but)


def set_role(opened: Opened, name: str, role: str) -> User:
    """Change a role; all sessions of the user end. Raises UserError `unknown_user` and `unknown_role`."""
    with opened.database.write() as connection:
        return users.set_role(connection, users.named(connection, name), role)


def remove_user(opened: Opened, name: str) -> None:
    """Remove a user; all sessions end. Raises UserError `unknown_user`."""
    with opened.database.write() as connection:
        users.remove(connection, users.named(connection, name))


@dataclass(frozen=True, slots=True)
class Signed:
    """A sign-in that held: who, and the id of the session, which is told this once."""

    user: User
    shown: str


class Reception:
    """Signs in, knows sessions, and lets nobody guess passwords."""

    def __init__(self, opened: Opened, clock: Callable[[], float] = time.monotonic) -> None:
        self._opened, self._tries = opened, _Tries(clock)

    def sign_in(self, name: str, password: str, address: str) -> Signed:
        """Begin a session. An unknown name takes as long as a wrong password, and is answered alike.

        Raises UserError `wrong_password` and `too_many_tries`.
        """
        self._tries.take(f"name {users.folded(name)}", f"address {address}")
        with self._opened.database.read() as connection:
            user, hashed = users.stored(connection, name)
        if not users.fits(password[: users.MOST_CHARACTERS + 1], hashed) or user is None:
            fix = "Try again, or ask whoever runs Shoal here: `shoal user password NAME` sets a new one."
            raise UserError("wrong_password", "Name and password don't fit together.", fix=fix)
        with self._opened.database.write() as connection:
            users.rehash(connection, user, password, hashed)
            return Signed(user, sessions.begin(connection, user, now()))

    def session(self, shown: str) -> Session | None:
        """The session of an id; None where there is none, or it is over."""
        if not shown:
            return None
        at = now()
        with self._opened.database.read() as connection:
            found, to_note = sessions.find(connection, shown, at)
        if found is not None and to_note:
            with self._opened.database.write() as connection:
                sessions.used(connection, found, at)
        return found

    def sign_out(self, shown: str) -> None:
        """End a session."""
        with self._opened.database.write() as connection:
            sessions.end(connection, shown)

    def has_users(self) -> bool:
        """Whether anybody may sign in."""
        return bool(known_users(self._opened))


class _Tries:
    """When names and addresses were tried, for a minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._seen: dict[str, deque[float]] = {}

    def take(self, *names: str) -> None:
        """Note a try. Raises UserError `too_many_tries` where one of these was tried too often."""
        with self._lock:
            moment = self._clock()
            self._forget(moment)
            if any(len(self._seen.get(name, ())) >= TRIES for name in names):
                told = f"That was tried {TRIES} times within a minute."
                raise UserError("too_many_tries", told, fix="Wait a minute, then try again.")
            for name in names:
                self._seen.setdefault(name, deque()).append(moment)

    def _forget(self, moment: float) -> None:
        for name, tries in list(self._seen.items()):
            while tries and moment - tries[0] >= _SPAN_S:
                tries.popleft()
            if not tries:
                del self._seen[name]
