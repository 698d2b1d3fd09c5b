"""Users of the web app: a name, a role, and a password of which only an argon2id hash is kept.

Parameters of the hash are above the least that OWASP asks for (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shoal.access.tables import sessions, users
from shoal.core.errors import UserError, nearest, require
from shoal.core.time import Instant

ROLES = {
    "viewer": "look at everything",
    "editor": "look at everything and change segments",
    "admin": "do everything",
}
"""What a user may do; each may do all that those before it may."""

HASHER = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
"""Memory in KiB."""

LEAST_CHARACTERS, MOST_CHARACTERS = 12, 200

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
_NOBODY = HASHER.hash(secrets.token_urlsafe(16))


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in; the password is not told."""

    id: int
    name: str
    role: str  # of ROLES
    created_at: Instant

    def may(self, role: str) -> bool:
        """Whether the user has at least this role."""
        order = list(ROLES)
        return order.index(self.role) >= order.index(role)


def create(connection: sa.Connection, *, name: str, role: str, password: str, at: Instant) -> User:
    """Add a user. Raises UserError `bad_user` and `bad_password`."""
    name = folded(name)
    fix = "Use small letters, digits and . _ - + @; an e-mail address will do."
    require(_NAME.fullmatch(name) is not None, "bad_user", "That is no name for a user.", fix=fix)
    _check_role(role)
    _check_password(password)
    taken = any(each.name == name for each in known(connection))
    require(not taken, "bad_user", f"There is a user {name!r} already.", fix="Choose another name.")
    row = {"name": name, "role": role, "password": HASHER.hash(password), "created_at": at}
    connection.execute(sa.insert(users), row)
    return named(connection, name)


def known(connection: sa.Connection) -> tuple[User, ...]:
    """All users, by name."""
    return tuple(map(_user, connection.execute(sa.select(users).order_by(users.c.name))))


def named(connection: sa.Connection, name: str) -> User:
    """The user of a name. Raises UserError `unknown_user`."""
    found = known(connection)
    for user in found:
        if user.name == folded(name):
            return user
    fix = nearest(name, {user.name for user in found}) or "`shoal user list` names them."
    raise UserError("unknown_user", f"There is no user {name!r}.", fix=fix)


def by_id(connection: sa.Connection, number: int) -> User | None:
    """The user of a number; None where there is none any more."""
    row = connection.execute(sa.select(users).where(users.c.id == number)).one_or_none()
    return None if row is None else _user(row)


def stored(connection: sa.Connection, name: str) -> tuple[User | None, str]:
    """The user of a name, if any, and a hash to check a password against.

    Where there is no such user the hash is one that nobody's password has, so that both take equally long to check.
    """
    row = connection.execute(sa.select(users).where(users.c.name == folded(name))).one_or_none()
    return (None, _NOBODY) if row is None else (_user(row), row.password)


def fits(password: str, hashed: str) -> bool:
    """Whether a password is that of a hash. This takes memory and a while, on purpose."""
    try:
        return HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def rehash(connection: sa.Connection, user: User, password: str, hashed: str) -> None:
    """Hash anew where the parameters have changed since; sessions stay."""
    if HASHER.check_needs_rehash(hashed):
        _set(connection, user, password=HASHER.hash(password))


def set_password(connection: sa.Connection, user: User, password: str, *, but: str = "") -> None:
    """Change a password and end all sessions of the user, but the one of a digest. Raises UserError `bad_password`."""
    _check_password(password)
    _set(connection, user, password=HASHER.hash(password))
    _end_sessions(connection, user, but)


def set_role(connection: sa.Connection, user: User, role: str) -> User:
    """Change a role and end all sessions of the user. Raises UserError `unknown_role`."""
    _check_role(role)
    _set(connection, user, role=role)
    _end_sessions(connection, user)
    return named(connection, user.name)


def remove(connection: sa.Connection, user: User) -> None:
    """Remove a user and end all sessions."""
    _end_sessions(connection, user)
    connection.execute(sa.delete(users).where(users.c.id == user.id))


def generated() -> str:
    """A password of 120 random bits."""
    return secrets.token_urlsafe(15)


def folded(name: str) -> str:
    """A name as it is compared."""
    return name.strip().casefold()


def _set(connection: sa.Connection, user: User, **values: str) -> None:
    connection.execute(sa.update(users).where(users.c.id == user.id).values(**values))


def _end_sessions(connection: sa.Connection, user: User, but: str = "") -> None:
    connection.execute(sa.delete(sessions).where(sessions.c.user_id == user.id, sessions.c.digest != but))


def _check_role(role: str) -> None:
    fix = nearest(role, ROLES) or f"Choose of {', '.join(ROLES)}."
    require(role in ROLES, "unknown_role", f"There is no role {role!r}.", fix=fix)


def _check_password(password: str) -> None:
    told = f"A password has {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters."
    fits_in = LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS
    require(fits_in, "bad_password", told, fix="Choose a longer one, such as four words." if password else "Give one.")


def _user(row: sa.Row[tuple[object, ...]]) -> User:
    return User(row.id, row.name, row.role, Instant(row.created_at))
