"""Keys of programs: made once and shown once; what is kept is a keyed hash that opens nothing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from shoal.access.tables import api_keys
from shoal.core.errors import UserError, nearest, require
from shoal.core.time import Instant

SCOPES = {
    "write": "hand in events, people and facts",
    "read": "ask for people, members and changes",
    "manage": "change segments",
    "admin": "set up destinations",
}
"""What a key may do."""

_BYTES = 32
_PREFIX = "shoal_"
_SHOWN = len(_PREFIX) + 6


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; the key itself is not."""

    id: int
    name: str
    source: str
    scopes: tuple[str, ...]
    beginning: str
    created_at: Instant
    revoked_at: Instant | None

    def may(self, scope: str) -> bool:
        """Whether it is in use and has a scope."""
        return self.revoked_at is None and scope in self.scopes


def create(
    connection: sa.Connection, secret: bytes, *, name: str, source: str, scopes: Collection[str], at: Instant
) -> tuple[Key, str]:
    """Make a key of 256 random bits; it is told here and never again. Raises UserError `bad_key`."""
    require(
        bool(name.strip()) and bool(source.strip()), "bad_key", "A key needs a name and a source.", fix="Give both."
    )
    require(bool(scopes), "bad_key", "A key needs something that it may do.", fix=f"Choose of {', '.join(SCOPES)}.")
    for scope in scopes:
        if scope not in SCOPES:
            fix = nearest(scope, SCOPES) or f"Choose of {', '.join(SCOPES)}."
            raise UserError("bad_key", f"There is no scope {scope!r}.", fix=fix)
    text = _PREFIX + secrets.token_urlsafe(_BYTES)
    row = {
        "name": name,
        "source": source,
        "scopes": " ".join(scope for scope in SCOPES if scope in scopes),
        "beginning": text[:_SHOWN],
        "digest": _digest(secret, text),
        "created_at": at,
    }
    number = connection.execute(sa.insert(api_keys).values(row)).inserted_primary_key
    assert number is not None
    (key,) = (each for each in known(connection) if each.id == number[0])
    return key, text


def known(connection: sa.Connection) -> tuple[Key, ...]:
    """All keys, the revoked ones too, oldest first."""
    return tuple(map(_key, connection.execute(sa.select(api_keys).order_by(api_keys.c.id))))


def revoke(connection: sa.Connection, number: int, at: Instant) -> Key:
    """End a key; one that was ended stays as it is. Raises UserError `unknown_key`."""
    unended = sa.update(api_keys).where(api_keys.c.id == number, api_keys.c.revoked_at.is_(None))
    connection.execute(unended.values(revoked_at=at))
    for key in known(connection):
        if key.id == number:
            return key
    raise UserError("unknown_key", f"There is no key {number}.", fix="`shoal key list` names them.")


def find(connection: sa.Connection, secret: bytes, text: str) -> Key | None:
    """The key that a program shows; None where there is none such. It may be revoked."""
    row = connection.execute(sa.select(api_keys).where(api_keys.c.digest == _digest(secret, text))).one_or_none()
    return None if row is None else _key(row)


def _digest(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def _key(row: sa.Row[tuple[object, ...]]) -> Key:
    return Key(
        row.id, row.name, row.source, tuple(row.scopes.split()), row.beginning, Instant(row.created_at), row.revoked_at
    )
