"""Which programs may come in: keys, looked up at most every two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from shoal.access import keys
from shoal.access.keys import Key
from shoal.core.time import Instant
from shoal.core.time import now as now_
from shoal.flow.home import Opened
from shoal.store.secret import secret_at

T = TypeVar("T")

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


class Lately(Generic[T]):
    """What was found by name, believed for `FRESH_S` seconds; of at most `most` names."""

    def __init__(self, find: Callable[[str], T], most: int) -> None:
        self._find, self._most = find, most
        self._seen: dict[str, tuple[float, T]] = {}

    def get(self, name: str) -> T:
        """What is found, now or a little ago."""
        known = self._seen.get(name)
        if known is not None and time.monotonic() - known[0] < FRESH_S:
            return known[1]
        if len(self._seen) >= self._most:
            self._seen.clear()
        found = self._find(name)
        self._seen[name] = (time.monotonic(), found)
        return found

    def forget(self) -> None:
        """Find everything anew."""
        self._seen.clear()


class Door:
    """Knows the keys that were shown lately."""

    def __init__(self, opened: Opened, secret: bytes) -> None:
        self._opened, self._secret = opened, secret
        self._keys = Lately(self._find, _MOST)

    def key(self, text: str) -> Key | None:
        """The key that a program shows; None where there is none such."""
        return self._keys.get(text)

    def _find(self, text: str) -> Key | None:
        with self._opened.database.read() as connection:
            return keys.find(connection, self._secret, text)
