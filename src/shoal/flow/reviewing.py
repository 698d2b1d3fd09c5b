"""Probable duplicates: look for them, decide on them, take decisions back."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.flow.home import Opened, one_writer
from shoal.flow.reading import open_reading
from shoal.flow.unifying import unify
from shoal.profiles import decisions, duplicates, subscriber
from shoal.profiles.duplicates import Proposal, Proposed
from shoal.profiles.subscriber import Key


def propose(opened: Opened) -> Proposed:
    """Search for probable duplicates and keep them for review; nothing is merged."""
    with one_writer(opened.home), open_reading(opened) as duck:
        return duplicates.propose(duck, opened.database, scratch=opened.home.scratch)


def review(opened: Opened, limit: int) -> tuple[tuple[Proposal, tuple[Key, ...], tuple[Key, ...]], ...]:
    """The proposals that wait, the most probable first, with the keys of both sides."""
    with opened.database.read() as connection:
        return duplicates.review(connection, limit=limit)


def accept(opened: Opened, proposal: int, actor: str) -> int:
    """Merge the two of a proposal; the number of the decision."""
    with one_writer(opened.home):
        decision = duplicates.accept(opened.database, proposal, actor=actor)
        unify(opened)
    return decision


def dismiss(opened: Opened, proposal: int, actor: str) -> None:
    """Say that the two of a proposal are different people."""
    with one_writer(opened.home):
        duplicates.dismiss(opened.database, proposal, actor=actor)


def merge(opened: Opened, a: int, b: int, actor: str, reason: str) -> int:
    """Decide that two subscribers are one person; the number of the decision."""
    with one_writer(opened.home):
        decision = decisions.merge(opened.database, a, b, actor=actor, reason=reason)
        unify(opened)
    return decision


def split(opened: Opened, left: Iterable[str], right: Iterable[str], actor: str, reason: str) -> int:
    """Decide that some keys belong to other people than some others; the number of the decision.

    Keys are named as people are. Raises UserError `unknown_key` and `empty_split`.
    """
    with opened.database.read() as connection:
        sides = [[_key_meant(connection, each, opened.settings.region) for each in side] for side in (left, right)]
    with one_writer(opened.home):
        decision = decisions.split(opened.database, *sides, actor=actor, reason=reason)
        unify(opened)
    return decision


def _key_meant(connection: sa.Connection, text: str, region: str) -> int:
    """The known key that an address, an id or a phone number means."""
    found = subscriber.find_key(connection, text, region=region)
    if found is None:
        raise UserError(
            "unknown_key",
            "Nobody was seen with one of these addresses, ids or numbers.",
            fix="Give keys as `shoal subscribers show` prints them.",
        )
    return found


def unmerge(opened: Opened, decision: int, actor: str, reason: str) -> int:
    """Take a decision back, as if it had never been; the number of the new decision."""
    with one_writer(opened.home):
        undone = decisions.unmerge(opened.database, decision, actor=actor, reason=reason)
        unify(opened)
    return undone
