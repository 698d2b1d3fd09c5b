"""People found by a part of what is known of them: an address, an id, a number."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from shoal.flow.home import Opened
from shoal.ingest.keys import IDENTIFYING
from shoal.profiles import subscriber
from shoal.profiles.subscriber import Key
from shoal.profiles.tables import identity_keys, identity_map, identity_shared

LEAST = 3
"""Characters from which on a part is looked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody, and the key that was found."""

    subscriber: int
    key: Key


@dataclass(frozen=True, slots=True)
class Hits:
    """Some of those who were found."""

    people: tuple[Hit, ...]
    last: int | None  # to go on after; None: these were all
    exact: bool = False  # whether what was typed is a whole key or id


def seek(opened: Opened, text: str, *, after: int = -1, most: int = 25) -> Hits:
    """Whoever has exactly this id, address, user id or number; else all in whose keys it stands, in order of the keys.

    Nobody is found by fewer than `LEAST` characters, unless they are a whole key.
    """
    text = text.strip()
    if not text:
        return Hits((), None)
    with opened.database.read() as connection:
        exact = _exact(connection, text, opened.settings.region)
        if exact is not None:
            return Hits((exact,), None, exact=True)
        if len(text) < LEAST:
            return Hits((), None)
        found = connection.execute(_holding(text, after, most + 1)).all()
    people = tuple(Hit(row.subscriber, Key(row.id, row.kind, row.value, row.first_at, row.reason)) for row in found)
    return Hits(people[:most], people[most - 1].key.id if len(people) > most else None)


def _exact(connection: sa.Connection, text: str, region: str) -> Hit | None:
    number = subscriber.find_key(connection, text, region=region)
    if number is None:
        return None
    whose = subscriber.subscriber_of(connection, number)
    keys = subscriber.keys_of(connection, whose)
    return Hit(whose, next(key for key in keys if key.id == number))


def _holding(text: str, after: int, most: int) -> sa.Select[tuple[object, ...]]:
    whose = sa.func.coalesce(identity_map.c.subscriber, identity_keys.c.id).label("subscriber")
    return (
        sa.select(identity_keys, identity_shared.c.reason, whose)
        .outerjoin(identity_map, identity_map.c.key == identity_keys.c.id)
        .outerjoin(identity_shared, identity_shared.c.key == identity_keys.c.id)
        .where(identity_keys.c.id > after, identity_keys.c.kind.in_(sorted(IDENTIFYING)))
        .where(identity_keys.c.value.icontains(text, autoescape=True))
        .order_by(identity_keys.c.id)
        .limit(most)
    )
