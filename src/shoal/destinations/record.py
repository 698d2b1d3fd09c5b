"""Destinations as they are kept: what they are, how far they are, and the batch that is on its way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import msgspec
import sqlalchemy as sa

from shoal.access.sealing import seal, unseal
from shoal.core.errors import UserError, nearest, require
from shoal.core.time import Instant
from shoal.destinations.kind import Batch
from shoal.destinations.tables import destination_attempts, destination_members, destinations

State = Literal["active", "paused", "failing"]
"""Whether anything is sent: yes; no, because the owner or the receiver said so; no, because it failed too often."""

STATES: tuple[State, ...] = get_args(State)

MOST = 64
"""Destinations of a workspace: each may need a thread of its own."""

SECRETS = 2
"""That sign at once: the newest, and the one before it."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_PURPOSE = b"secrets of destinations"
_OWN = destinations.c


@dataclass(frozen=True, slots=True)
class Destination:
    """One destination; its secrets are not told."""

    id: int
    name: str
    kind: str
    settings: Mapping[str, Any]
    segments: tuple[str, ...] | None  # None: all
    state: State
    reason: str | None  # why it is not active, in a word
    cursor: int  # number of the last change that it knows
    failures: int  # in a row
    next_at: Instant  # nothing is sent before
    asked_at: Instant | None  # when somebody asked for a sync; None: nobody did since the last
    batches: int
    on_its_way: Batch | None
    has_secret: bool
    created_at: Instant


def create(
    connection: sa.Connection,
    key: bytes,
    *,
    name: str,
    kind: str,
    settings: Mapping[str, Any],
    segments: Sequence[str] | None,
    secrets: Sequence[str],
    cursor: int,
    at: Instant,
) -> Destination:
    """Keep a new one, active from now on. Raises UserError `bad_destination`."""
    fix = "Use small letters, digits, - and _, 60 at most."
    require(_NAME.fullmatch(name) is not None, "bad_destination", "It can't be called that.", where="name", fix=fix)
    there = connection.scalars(sa.select(_OWN.name)).all()
    require(
        name not in there, "bad_destination", f"There is a destination {name!r}.", where="name", fix="Choose another."
    )
    require(len(there) < MOST, "bad_destination", f"There are {MOST} destinations.", fix="Remove one.")
    row = {
        "name": name,
        "kind": kind,
        "settings": json.dumps(settings),
        "segments": None if segments is None else json.dumps(sorted(set(segments))),
        "secrets": _sealed(key, secrets),
        "created_at": at,
        "cursor": cursor,
        **_RESTED,
        "asked_at": at,
        "batches": 0,
    }
    connection.execute(sa.insert(destinations).values(row))
    return find(connection, name)


def known(connection: sa.Connection) -> tuple[Destination, ...]:
    """All of them, oldest first."""
    return tuple(map(_destination, connection.execute(sa.select(destinations).order_by(_OWN.id))))


def find(connection: sa.Connection, name: str) -> Destination:
    """By its name. Raises UserError `unknown_destination`."""
    row = connection.execute(sa.select(destinations).where(_OWN.name == name)).one_or_none()
    if row is None:
        names = connection.scalars(sa.select(_OWN.name)).all()
        fix = nearest(name, names) or "`shoal destination list` names them."
        raise UserError("unknown_destination", f"There is no destination {name!r}.", fix=fix)
    return _destination(row)


def get(connection: sa.Connection, number: int) -> Destination | None:
    """By its number; None where it was removed."""
    row = connection.execute(sa.select(destinations).where(_OWN.id == number)).one_or_none()
    return None if row is None else _destination(row)


def secrets_of(connection: sa.Connection, key: bytes, number: int) -> tuple[str, ...]:
    """Its secrets, newest first. Raises UserError `damaged_secret`."""
    sealed = connection.scalar(sa.select(_OWN.secrets).where(_OWN.id == number))
    return () if sealed is None else tuple(json.loads(unseal(key, _PURPOSE, sealed)))


def keep_secrets(connection: sa.Connection, key: bytes, number: int, secrets: Sequence[str]) -> None:
    """Put these in the place of its secrets."""
    _change(connection, number, secrets=_sealed(key, secrets))


def remove(connection: sa.Connection, number: int) -> None:
    """Forget it, what it was told, and its attempts."""
    for table in (destination_members, destination_attempts):
        connection.execute(sa.delete(table).where(table.c.destination == number))
    connection.execute(sa.delete(destinations).where(_OWN.id == number))


def activate(connection: sa.Connection, number: int, cursor: int) -> None:
    """Send from now on what comes after a change, as if nothing had failed."""
    _change(connection, number, cursor=cursor, **_RESTED)


def end(connection: sa.Connection, number: int, state: State, reason: str) -> None:
    """Send nothing more until somebody says so."""
    _change(connection, number, state=state, reason=reason)


def ask(connection: sa.Connection, number: int, at: Instant) -> None:
    """Ask for a sync now, whenever the next would be."""
    _change(connection, number, asked_at=at, next_at=0)


def depart(connection: sa.Connection, destination: Destination, batch: Batch) -> None:
    """Keep a batch that is about to be sent, so that it is sent again as it is until it is confirmed."""
    packed = msgspec.msgpack.encode(batch)
    _change(connection, destination.id, on_its_way=packed, batches=destination.batches + 1)


def arrived(connection: sa.Connection, destination: Destination, batch: Batch) -> bool:
    """Note that a batch was delivered; False where it is not on its way any more, so nothing is to be noted."""
    now = get(connection, destination.id)
    if now is None or now.on_its_way is None or now.on_its_way.id != batch.id:
        return False
    until = max(now.cursor, batch.until or 0)
    _change(connection, destination.id, on_its_way=None, failures=0, next_at=0, cursor=until)
    return True


def synced(connection: sa.Connection, destination: Destination, cursor: int, next_at: Instant) -> None:
    """Note that it knows all up to a change, and when to look again; what was asked for meanwhile stays asked for."""
    asked_at = connection.scalar(sa.select(_OWN.asked_at).where(_OWN.id == destination.id))
    answered = {"asked_at": None, "next_at": next_at} if asked_at == destination.asked_at else {}
    _change(connection, destination.id, cursor=cursor, **answered)


def failed(connection: sa.Connection, destination: Destination, next_at: Instant) -> None:
    """Note a failure, and when to try again."""
    _change(connection, destination.id, failures=destination.failures + 1, next_at=next_at)


_RESTED = {"state": "active", "reason": None, "failures": 0, "next_at": 0}


def _change(connection: sa.Connection, number: int, **values: Any) -> None:
    connection.execute(sa.update(destinations).where(_OWN.id == number).values(values))


def _sealed(key: bytes, secrets: Sequence[str]) -> bytes | None:
    return seal(key, _PURPOSE, json.dumps(list(secrets[:SECRETS]))) if secrets else None


def _destination(row: sa.Row[tuple[Any, ...]]) -> Destination:
    return Destination(
        id=row.id,
        name=row.name,
        kind=row.kind,
        settings=json.loads(row.settings),
        segments=None if row.segments is None else tuple(json.loads(row.segments)),
        state=row.state,
        reason=row.reason,
        cursor=row.cursor,
        failures=row.failures,
        next_at=Instant(row.next_at),
        asked_at=row.asked_at,
        batches=row.batches,
        on_its_way=None if row.on_its_way is None else msgspec.msgpack.decode(row.on_its_way, type=Batch),
        has_secret=row.secrets is not None,
        created_at=Instant(row.created_at),
    )
