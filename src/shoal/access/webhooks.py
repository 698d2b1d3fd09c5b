"""Webhooks that are taken: whose, under which name, and by which secrets.

Signatures are checked with the secret itself, so it is kept, encrypted with a key made of the workspace's secret: a
copy of the database alone tells none. A name may have several secrets at once, so that one can be replaced.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import sqlalchemy as sa

from shoal.access.sealing import seal, unseal
from shoal.access.tables import webhook_replays, webhooks
from shoal.core.errors import UserError, require
from shoal.core.time import Instant

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_PURPOSE = b"secrets of webhooks"


@dataclass(frozen=True, slots=True)
class Hook:
    """One secret of one webhook; the secret itself is not told."""

    id: int
    name: str
    vendor: str
    address: str | None
    created_at: Instant
    revoked_at: Instant | None


@dataclass(frozen=True, slots=True)
class Address:
    """What is needed to take a delivery to a name."""

    name: str
    vendor: str
    base: str | None  # where vendors reach this server
    secrets: tuple[str, ...]  # newest first


def create(
    connection: sa.Connection, key: bytes, *, name: str, vendor: str, address: str | None, secret: str, at: Instant
) -> Hook:
    """Take a vendor's deliveries to a name with one more secret. Raises UserError `bad_webhook`."""
    check_name(name)
    require(bool(secret.strip()), "bad_webhook", "A webhook needs a secret.", fix="Give it with --secret.")
    for hook in known(connection):
        if hook.name == name and hook.vendor != vendor:
            told = f"The name {name!r} is that of a webhook of {hook.vendor}."
            raise UserError("bad_webhook", told, fix="Give another with --name.")
    row = {"name": name, "vendor": vendor, "address": address, "created_at": at}
    sealed = seal(key, _PURPOSE, secret.strip())
    number = connection.execute(sa.insert(webhooks).values({**row, "secret": sealed})).inserted_primary_key
    assert number is not None
    return next(hook for hook in known(connection) if hook.id == number[0])


def check_name(name: str) -> None:
    """Raise UserError `bad_webhook` for what can be no name of a webhook."""
    fix = "Use small letters, digits, - and _."
    require(_NAME.fullmatch(name) is not None, "bad_webhook", f"A webhook can't be called {name!r}.", fix=fix)


def known(connection: sa.Connection) -> tuple[Hook, ...]:
    """All of them, the revoked ones too, oldest first."""
    return tuple(map(_hook, connection.execute(sa.select(webhooks).order_by(webhooks.c.id))))


def revoke(connection: sa.Connection, number: int, at: Instant) -> Hook:
    """End a secret; one that was ended stays as it is. Raises UserError `unknown_webhook`."""
    unended = sa.update(webhooks).where(webhooks.c.id == number, webhooks.c.revoked_at.is_(None))
    connection.execute(unended.values(revoked_at=at))
    for hook in known(connection):
        if hook.id == number:
            return hook
    raise UserError("unknown_webhook", f"There is no webhook {number}.", fix="`shoal webhook list` names them.")


def find(connection: sa.Connection, key: bytes, name: str) -> Address | None:
    """What is taken under a name; None where nothing is.

    Raises UserError `damaged_secret` where the workspace's secret is another than it was.
    """
    used = sa.select(webhooks).where(webhooks.c.name == name, webhooks.c.revoked_at.is_(None))
    rows = connection.execute(used.order_by(webhooks.c.id.desc())).all()
    if not rows:
        return None
    base = next((row.address for row in rows if row.address), None)
    return Address(name, rows[0].vendor, base, tuple(unseal(key, _PURPOSE, row.secret) for row in rows))


def remember(connection: sa.Connection, name: str, replay_id: str, *, now: Instant, until: Instant) -> bool:
    """Note in the caller's transaction what was delivered; False where it was noted already."""
    connection.execute(sa.delete(webhook_replays).where(webhook_replays.c.until < now))
    digest = hashlib.sha256(replay_id.encode()).hexdigest()
    same = sa.and_(webhook_replays.c.name == name, webhook_replays.c.digest == digest)
    if connection.execute(sa.select(sa.literal(1)).where(same)).first() is not None:
        return False
    connection.execute(sa.insert(webhook_replays).values(name=name, digest=digest, until=until))
    return True


def _hook(row: sa.Row[tuple[object, ...]]) -> Hook:
    return Hook(row.id, row.name, row.vendor, row.address, Instant(row.created_at), row.revoked_at)
