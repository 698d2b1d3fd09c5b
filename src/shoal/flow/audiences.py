"""Who is in a segment, as receivers are to be told: from the live reading of a running server, or from the lake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shoal.destinations.kind import Field
from shoal.destinations.membership import rows_of
from shoal.flow.asking import members
from shoal.flow.current import Current
from shoal.flow.home import Opened
from shoal.flow.naming import named
from shoal.flow.reading import open_reading
from shoal.profiles.subscriber import keys_of
from shoal.segments import feed, versions


class Audience(Protocol):
    """Where members are asked for."""

    def is_ready(self) -> bool:
        """Whether they can be asked for now."""

    def names(self) -> frozenset[str]:
        """Segments that there are."""

    def members(self, segment: str) -> tuple[pa.Table, int] | None:
        """Who is in one (columns as of `flow.asking.members`), and the number of the last change that it includes.

        None for a segment that is not followed yet; nobody is in one that was deleted.
        """


class LiveAudience:
    """As a running server knows it; `current` gives None while it starts."""

    def __init__(self, opened: Opened, current: Callable[[], Current | None]) -> None:
        self._opened, self._current = opened, current

    def is_ready(self) -> bool:
        """Once the server has started."""
        return self._current() is not None

    def names(self) -> frozenset[str]:
        """Segments that are followed now."""
        current = self._current()
        return frozenset() if current is None else frozenset(current.versions())

    def members(self, segment: str) -> tuple[pa.Table, int] | None:
        """As of the newest change."""
        current = self._current()
        if current is None:
            return None
        with current.turn() as live:
            newest, known = current.status().newest, segment in current.versions()
            ids = live.ids(segment).tolist() if known else []
        if not known and not _is_deleted(self._opened, segment):
            return None
        with open_reading(self._opened) as duck:
            return named(self._opened, duck, ids), newest


class LakeAudience:
    """As the lake says, now; for when no server runs."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def is_ready(self) -> bool:
        """Always."""
        return True

    def names(self) -> frozenset[str]:
        """Segments that are defined."""
        with self._opened.database.read() as connection:
            return frozenset(versions.current(versions.load(connection)))

    def members(self, segment: str) -> tuple[pa.Table, int] | None:
        """As of now."""
        with self._opened.database.read() as connection:
            newest = feed.newest(connection)
        if segment in self.names():
            return members(self._opened, segment), newest
        if not _is_deleted(self._opened, segment):
            return None
        with open_reading(self._opened) as duck:
            return named(self._opened, duck, []), newest


def told_as(found: pa.Table, fields: Sequence[Field], *, mailable: bool) -> pa.Table:
    """Members by some fields only, each once; `mailable` leaves those who gave no consent, or whose mail comes back."""
    if mailable:
        found = found.filter(pc.equal(found["email_consent"], "granted"))
    columns = {field: found["email" if field == "email_sha256" else field].to_pylist() for field in fields}
    if "email_sha256" in columns:
        columns["email_sha256"] = [_digest(email) for email in columns["email_sha256"]]
    return rows_of({str(field): values for field, values in columns.items()})


def contacts(connection: sa.Connection, subscribers: Collection[int]) -> dict[int, Mapping[Field, str]]:
    """User id and address of a few subscribers, by their identity alone: of several the one that was seen first."""
    found: dict[int, Mapping[Field, str]] = {}
    for number in set(subscribers):
        known: dict[Field, str] = {}
        for key in keys_of(connection, number):
            field = _FIELDS.get(key.kind)
            if field is not None and not (field == "user_id" and "/" in key.value):
                known.setdefault(field, key.value)
        found[number] = known
    return found


_FIELDS: dict[str, Field] = {"user": "user_id", "email": "email"}


def _digest(email: str | None) -> str | None:
    return None if email is None else hashlib.sha256(email.lower().encode()).hexdigest()


def _is_deleted(opened: Opened, segment: str) -> bool:
    with opened.database.read() as connection:
        found = versions.latest(versions.load(connection)).get(segment)
    return found is not None and found.is_deletion
