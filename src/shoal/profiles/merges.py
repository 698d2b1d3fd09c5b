"""How somebody became one: what tied their keys together, the merge log, and what waits for a decision."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from shoal.core.ids import subscriber_number
from shoal.core.time import Instant, parse_instant
from shoal.profiles.decisions import active, all_decisions
from shoal.profiles.duplicates import Proposal
from shoal.profiles.subscriber import Key, keys_of, subscriber_of
from shoal.profiles.tables import identity_keys, identity_links, identity_shared, merge_log, proposals

MOST = 200
"""So many keys, ties and lines are told of one subscriber."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Two keys of one subscriber that a record named together."""

    a: int  # the stronger key
    b: int
    first_at: Instant  # when they were first seen together
    source: str  # that told so first


@dataclass(frozen=True, slots=True)
class Merged:
    """One line of the merge log."""

    at: Instant  # when it was found
    kind: str  # merge, unmerge or rekey
    kept: int  # subscriber
    absorbed: int  # subscriber, as it was called then
    reason: str  # link, decision or rule
    source: str | None = None  # of a link: who told of it
    linked_at: Instant | None = None  # of a link: when it was first seen
    keys: tuple[Key, ...] = ()  # of a link: the two that were seen together
    decision: int | None = None  # its number; of an unmerge the split, or the merge that was taken back
    actor: str | None = None  # who decided
    words: str | None = None  # why, as they put it
    stands: bool = False  # whether nobody took the decision back


def ties(connection: sa.Connection, keys: Collection[int]) -> tuple[Tie, ...]:
    """What was seen together of some keys, the earliest first; at most `MOST`."""
    some = sorted(keys)[:MOST]
    within = sa.and_(identity_links.c.a.in_(some), identity_links.c.b.in_(some))
    query = sa.select(identity_links).where(within).order_by(identity_links.c.first_at, identity_links.c.b)
    return tuple(Tie(row.a, row.b, Instant(row.first_at), row.source) for row in connection.execute(query.limit(MOST)))


def merges_of(connection: sa.Connection, subscriber: int) -> tuple[Merged, ...]:
    """Lines of the merge log about a subscriber and about those who went into it, the newest first; at most `MOST`."""
    asked, rows = {subscriber}, dict[int, sa.Row[Any]]()
    while asked and len(rows) < MOST:
        about = sa.or_(merge_log.c.kept.in_(asked), merge_log.c.absorbed.in_(asked))
        found = connection.execute(sa.select(merge_log).where(about).order_by(merge_log.c.id.desc()).limit(MOST)).all()
        fresh = [row for row in found if row.id not in rows]
        rows |= {row.id: row for row in fresh}
        asked = {row.absorbed for row in fresh if row.kept in asked and row.kind != "unmerge"}
    ordered = sorted(rows.values(), key=lambda row: -row.id)
    return tuple(_told(connection, ordered))


def waiting_for(connection: sa.Connection, subscriber: int) -> tuple[tuple[Proposal, tuple[Key, ...]], ...]:
    """Open proposals that somebody is a side of, the most probable first, each with the keys of the other side."""
    of_keys = [subscriber, *(key.id for key in keys_of(connection, subscriber))][:MOST]
    asked = sa.and_(proposals.c.status == "open", sa.or_(proposals.c.a.in_(of_keys), proposals.c.b.in_(of_keys)))
    found = []
    for row in connection.execute(sa.select(proposals).where(asked).order_by(proposals.c.score.desc())).all():
        a, b = (subscriber_of(connection, each) for each in (row.a, row.b))
        if a != b and subscriber in (a, b):
            proposal = Proposal(row.id, min(a, b), max(a, b), row.score, tuple(json.loads(row.reasons)))
            found.append((proposal, keys_of(connection, b if a == subscriber else a)))
    return tuple(found)


def _told(connection: sa.Connection, rows: Iterable[sa.Row[Any]]) -> Iterable[Merged]:
    made = {each.id: each for each in all_decisions(connection)}
    standing = {each.id for each in active(made.values())}
    for row in rows:
        evidence = json.loads(row.evidence)
        plain = (Instant(row.at), row.kind, row.kept, row.absorbed, row.reason)
        decision = made.get(evidence.get("decision"))
        if decision is not None:
            line, stands = Merged(*plain, decision=decision.id), decision.id in standing
            yield replace(line, actor=decision.actor, words=decision.reason, stands=stands)
        elif "a" in evidence:
            numbers = [subscriber_number(evidence[end]) for end in ("a", "b")]
            keys = _keys(connection, [number for number in numbers if number is not None])
            yield Merged(*plain, source=evidence["source"], linked_at=parse_instant(evidence["at"]), keys=keys)
        else:
            yield Merged(*plain)


def _keys(connection: sa.Connection, numbers: Collection[int]) -> tuple[Key, ...]:
    query = (
        sa.select(identity_keys, identity_shared.c.reason)
        .outerjoin(identity_shared, identity_shared.c.key == identity_keys.c.id)
        .where(identity_keys.c.id.in_(numbers))
    )
    return tuple(Key(row.id, row.kind, row.value, row.first_at, row.reason) for row in connection.execute(query))
