"""Which programs may come in: keys, looked up at most every two seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from shoal.access import keys
from shoal.access.keys import Key
from shoal.core.time import Instant
from shoal.core.time import now as now_
from shoal.flow.home import Opened
from shoal.store.secret import secret_at

FRESH_S = 2.0
"""For how long an answer of the database is believed: a revoked key opens nothing after that."""

_MOST = 10_000


def create_key(opened: Opened, name: str, source: str, scopes: tuple[str, ...]) -> tuple[Key, str]:
    """A new key, and the text that is shown this once. Raises UserError `bad_key`."""
    secret = secret_at(opened.home.secret)
    with opened.database.write() as connection:
        return keys.create(connection, secret, name=name, source=source, scopes=scopes, at=now_())


def known_keys(opened: Opened) -> tuple[Key, ...]:
    """All keys."""
    with opened.database.read() as connection:
        return keys.known(connection)


def revoke_key(opened: Opened, number: int) -> Key:
    """End a key. Raises UserError `unknown_key`."""
    with opened.database.write() as connection:
        return keys.revoke(connection, number, Instant(now_()))


@dataclass(slots=True)
class Door:
    """Knows the keys that were shown lately."""

    opened: Opened
    secret: bytes
    _seen: dict[str, tuple[float, Key | None]] = field(default_factory=dict)

    def key(self, text: str) -> Key | None:
        """The key that a program shows; None where there is none such."""
        at, found = self._seen.get(text, (0.0, None))
        if time.monotonic() - at < FRESH_S and at:
            return found
        if len(self._seen) >= _MOST:
            self._seen.clear()
        with self.opened.database.read() as connection:
            found = keys.find(connection, self.secret, text)
        self._seen[text] = (time.monotonic(), found)
        return found
