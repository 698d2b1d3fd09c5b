"""Who is in a segment, as receivers are to be told: from the live reading of a running server, or from the lake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shoal.core.ids import subscriber_text
from shoal.destinations.kind import Field
from shoal.destinations.membership import rows_of
from shoal.flow.asking import members
from shoal.flow.current import Current
from shoal.flow.defining import known
from shoal.flow.home import Opened
from shoal.flow.naming import named
from shoal.flow.reading import open_reading
from shoal.profiles.subscriber import keys_of
from shoal.segments import versions


class Audience(Protocol):
    """Where members are asked for."""

    def is_ready(self) -> bool:
        """Whether they can be asked for now."""

    def names(self) -> frozenset[str]:
        """Segments of one's own: applied, and no starters. Who follows all follows these."""

    def names_ever(self) -> frozenset[str]:
        """As `names`, and those that were deleted."""

    def people(self) -> pa.Table:
        """How everybody who is identified is named: columns as of `flow.asking.members`."""

    def members(self, segment: str) -> Collection[int] | None:
        """Ids of who is in one; None for a segment that is not followed yet. Nobody is in one that was deleted."""


class LiveAudience:
    """As a running server knows it; `current` gives None while it starts."""

    def __init__(self, opened: Opened, current: Callable[[], Current | None]) -> None:
        self._opened, self._current = opened, current

    def is_ready(self) -> bool:
        """Once the server has started."""
        return self._current() is not None

    def names(self) -> frozenset[str]:
        """Those that are followed now."""
        current = self._current()
        versions_ = {} if current is None else current.versions()
        return frozenset(name for name, number in versions_.items() if number)

    def names_ever(self) -> frozenset[str]:
        """As they were applied."""
        return names_ever(self._opened)

    def people(self) -> pa.Table:
        """As the lake has them: somebody who came a second ago may be missing."""
        return _everybody(self._opened)

    def members(self, segment: str) -> Collection[int] | None:
        """This instant."""
        current = self._current()
        if current is None:
            return None
        found = current.everybody(segment)
        return _without(self._opened, segment) if found is None else found


class LakeAudience:
    """As the lake says, now; for when no server runs."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def is_ready(self) -> bool:
        """Always."""
        return True

    def names(self) -> frozenset[str]:
        """As they were applied."""
        with self._opened.database.read() as connection:
            return frozenset(versions.current(versions.load(connection)))

    def names_ever(self) -> frozenset[str]:
        """As they were applied."""
        return names_ever(self._opened)

    def people(self) -> pa.Table:
        """As the lake has them."""
        return _everybody(self._opened)

    def members(self, segment: str) -> Collection[int] | None:
        """As of now."""
        if segment not in known(self._opened).sound:
            return _without(self._opened, segment)
        return [int(each, 16) for each in members(self._opened, segment)["subscriber"].to_pylist()]


def names_ever(opened: Opened) -> frozenset[str]:
    """Names of all segments that were ever applied."""
    with opened.database.read() as connection:
        return frozenset(each.name for each in versions.load(connection))


def _everybody(opened: Opened) -> pa.Table:
    with open_reading(opened) as duck:
        found = [row[0] for row in duck.sql("SELECT subscriber FROM subscribers WHERE identified").fetchall()]
        return named(opened, duck, found)


def _without(opened: Opened, segment: str) -> Collection[int] | None:
    """Nobody, where a segment was deleted; None where it is only not known."""
    with opened.database.read() as connection:
        found = versions.latest(versions.load(connection)).get(segment)
    return () if found is not None and found.is_deletion else None


def told_as(people: pa.Table, inside: Collection[int], fields: Sequence[Field], *, mailable: bool) -> pa.Table:
    """Members by some fields only, each once; `mailable` leaves out who gave no consent, or whose mail comes back."""
    ids = pa.array([subscriber_text(each) for each in inside], pa.string())
    found = people.filter(pc.is_in(people["subscriber"], ids))
    if mailable:
        found = found.filter(pc.equal(found["email_consent"], "granted"))
    columns = {str(field): found["email" if field == "email_sha256" else field].to_pylist() for field in fields}
    if "email_sha256" in columns:
        columns["email_sha256"] = [_digest(email) for email in columns["email_sha256"]]
    return rows_of(columns)


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
