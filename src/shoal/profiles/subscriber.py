"""Find a subscriber by what people know of them, and list a subscriber's keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from shoal.core.ids import key_id, subscriber_number
from shoal.core.time import Instant
from shoal.ingest.keys import IDENTIFYING, KINDS, email_key, phone_key
from shoal.profiles.tables import identity_keys, identity_map, identity_shared


@dataclass(frozen=True, slots=True)
class Key:
    """One identity key of a subscriber."""

    id: int
    kind: str  # one of ingest.keys.KINDS
    value: str  # without its kind; personal
    first_at: Instant
    shared: str | None  # why it joins nobody (rules.SHARED_REASONS); None for most

    @property
    def text(self) -> str:
        """The key as records name it: `email:ana@example.org`."""
        return f"{self.kind}:{self.value}"


def find(connection: sa.Connection, text: str, *, region: str = "US") -> int | None:
    """The subscriber meant by an id, an e-mail address, a user id, a phone number or a whole key; None when nobody.

    Readings are tried in this order: shown subscriber id (16 hexadecimal digits), whole key
    (`user:shopify/1`), address, user id, phone number, anonymous id, device. `region` is meant where a
    phone number names no country.
    """
    key = find_key(connection, text, region=region)
    return None if key is None else subscriber_of(connection, key)


def find_key(connection: sa.Connection, text: str, *, region: str = "US") -> int | None:
    """The id of the known key that a text means, read as by `find`; None when it is none."""
    known = (sa.select(identity_keys.c.id).where(identity_keys.c.id == key) for key in _meant(text.strip(), region))
    return next((found for each in known if (found := connection.scalar(each)) is not None), None)


def subscriber_of(connection: sa.Connection, key: int) -> int:
    """The subscriber that a key belongs to; the key itself where nothing else is known."""
    found = connection.scalar(sa.select(identity_map.c.subscriber).where(identity_map.c.key == key))
    return key if found is None else int(found)


def keys_of(connection: sa.Connection, subscriber: int) -> tuple[Key, ...]:
    """All keys of a subscriber, the strongest first, then the earliest; empty when there is no such subscriber."""
    moved = sa.select(identity_map.c.key).where(identity_map.c.subscriber == subscriber)
    elsewhere = sa.select(identity_map.c.key).where(identity_map.c.key == subscriber)
    own = sa.and_(identity_keys.c.id == subscriber, ~sa.exists(elsewhere))
    statement = (
        sa.select(identity_keys, identity_shared.c.reason)
        .outerjoin(identity_shared, identity_shared.c.key == identity_keys.c.id)
        .where(sa.or_(identity_keys.c.id.in_(moved), own))
    )
    found = [Key(row.id, row.kind, row.value, row.first_at, row.reason) for row in connection.execute(statement)]
    return tuple(sorted(found, key=lambda key: (KINDS.index(key.kind), key.first_at, key.id)))


def is_identified(keys: tuple[Key, ...]) -> bool:
    """Whether any of the keys tells who it is; a visitor without one is anonymous."""
    return any(key.kind in IDENTIFYING for key in keys)


def _meant(text: str, region: str) -> Iterator[int]:
    """Ids of the keys that a text may mean."""
    number = subscriber_number(text)
    if number is not None:
        yield number
    if text.split(":", 1)[0] in KINDS:
        yield key_id(text)
    address, phone = email_key(text), phone_key(text, region)
    for key in (address, f"user:{text}", phone, f"anonymous:{text}", f"device:{text}"):
        if key is not None:
            yield key_id(key)
