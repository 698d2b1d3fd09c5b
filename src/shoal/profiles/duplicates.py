"""Probable duplicates: proposed with a score and reasons, merged only when a person accepts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.errors import require
from shoal.core.time import Instant, now
from shoal.ingest.keys import IDENTIFYING
from shoal.profiles.decisions import active, all_decisions, merge_in
from shoal.profiles.faces import faces
from shoal.profiles.likeness import REASONS
from shoal.profiles.subscriber import Key, keys_of, subscriber_of
from shoal.profiles.tables import identity_keys, identity_links, identity_map, identity_shared, proposals
from shoal.store import rows
from shoal.store.database import Database

LEAST = 0.5
"""Score from which a pair is proposed: more likely one person than two."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two subscribers that are probably one person."""

    id: int
    a: int  # subscriber as of now, smaller than b
    b: int
    score: float  # probability, 0 to 1
    reasons: tuple[str, ...]  # of likeness.REASONS

    def english(self) -> str:
        """The reasons in words.

        >>> Proposal(1, 5, 7, 0.98, ("same_name", "same_birthday")).english()
        'the same name, the same birthday'
        """
        return ", ".join(REASONS[reason] for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a search for duplicates found."""

    open: int  # proposals that wait for somebody
    new: int  # of those, not known before
    gone: int  # waited before and no longer look alike, or are one subscriber now


def propose(
    duck: duckdb.DuckDBPyConnection,
    database: Database,
    *,
    least: float = LEAST,
    scratch: Path | None = None,
    at: Instant | None = None,
) -> Proposed:
    """Search for probable duplicates and keep them as open proposals; nothing is merged.

    `duck` is a reading with the view `traits`. Pairs that somebody accepted, dismissed or split are not
    proposed again. The search may spill to `scratch`. Call `identity.resolve` before.
    """
    with database.read() as connection:
        seen = faces(duck, connection)
    from shoal.profiles.matching import pairs  # noqa: PLC0415 - Splink takes ten megabytes and half a second to load

    return store(database, pairs(seen, least=least, scratch=scratch), at=at)


def store(database: Database, found: pa.Table, *, at: Instant | None = None) -> Proposed:
    """Make the open proposals those of `found` (a, b, score, reasons) that nobody has decided on."""
    with database.write() as connection:
        moved = _moved(connection)
        known = connection.execute(sa.select(proposals)).fetchall()
        settled = {_pair(moved, row.a, row.b) for row in known if row.status != "open"} | _split(connection, moved)
        fresh = {(row["a"], row["b"]): row for row in found.to_pylist() if (row["a"], row["b"]) not in settled}
        waiting = {(row.a, row.b): row for row in known if row.status == "open"}
        created = {pair: row.created_at for pair, row in waiting.items()}
        _remove(connection, (row.id for row in waiting.values()))
        rows.insert(connection, proposals, _rows(fresh.values(), created, at or now()))
    return Proposed(len(fresh), len(fresh.keys() - waiting.keys()), len(waiting.keys() - fresh.keys()))


def open_proposals(connection: sa.Connection, *, limit: int | None = None) -> tuple[Proposal, ...]:
    """The proposals that wait for somebody, the most probable first; those that became one subscriber left out."""
    statement = sa.select(proposals).where(proposals.c.status == "open")
    ordered = statement.order_by(proposals.c.score.desc(), proposals.c.a, proposals.c.b)
    found = []
    for row in connection.execute(ordered.limit(limit)):
        a, b = sorted((subscriber_of(connection, row.a), subscriber_of(connection, row.b)))
        if a != b:
            found.append(Proposal(row.id, a, b, row.score, tuple(json.loads(row.reasons))))
    return tuple(found)


def review(
    connection: sa.Connection, *, limit: int = 50
) -> tuple[tuple[Proposal, tuple[Key, ...], tuple[Key, ...]], ...]:
    """Open proposals with the keys of both sides. These are personal data: for the person who decides."""
    found = open_proposals(connection, limit=limit)
    return tuple((each, keys_of(connection, each.a), keys_of(connection, each.b)) for each in found)


def accept(database: Database, proposal: int, *, actor: str, at: Instant | None = None) -> int:
    """Merge the two subscribers of a proposal; the id of the decision, which `decisions.unmerge` takes back.

    It shows after the next `identity.resolve`. Raises UserError `no_such_proposal` or `already_decided`.
    """
    with database.write() as connection:
        row = _decide(connection, proposal, "accepted", actor, at)
        words = ", ".join(REASONS[reason] for reason in json.loads(row.reasons))
        return merge_in(connection, row.a, row.b, actor=actor, reason=f"proposal {proposal}: {words}", at=at)


def dismiss(database: Database, proposal: int, *, actor: str, at: Instant | None = None) -> None:
    """Say that the two are different people: they are not proposed again.

    Raises UserError `no_such_proposal` or `already_decided`.
    """
    with database.write() as connection:
        _decide(connection, proposal, "dismissed", actor, at)


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """Keys of one kind that join nobody, for one reason."""

    kind: str
    reason: str  # of rules.SHARED_REASONS
    keys: int
    most_neighbours: int  # keys that the busiest of them was seen with


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """Identity in numbers, for the audit; no values of personal fields."""

    keys: dict[str, int]  # known keys by kind
    subscribers: int
    identified: int  # of those, with a user id, an address or a phone number
    joined: int  # keys that belong to another key's subscriber
    merged: int  # subscribers with two or more user ids or addresses
    decisions: int  # merges and splits by people that are in force
    open: int  # proposals that wait for somebody
    by_reason: dict[str, int]  # open proposals by reason, the most frequent first
    shared: tuple[SharedKeys, ...]  # the most frequent first
    addressless: int = 0  # subscribers whose only addresses are shared with other accounts, so that they have none


def report(connection: sa.Connection) -> DuplicateReport:
    """Numbers of merged identities, proposals and shared keys."""
    by_kind = sa.select(identity_keys.c.kind, sa.func.count()).group_by(identity_keys.c.kind)
    keys = {row[0]: row[1] for row in connection.execute(by_kind.order_by(identity_keys.c.kind))}
    joined = connection.scalar(sa.select(sa.func.count()).select_from(identity_map)) or 0
    waiting = connection.scalars(sa.select(proposals.c.reasons).where(proposals.c.status == "open")).all()
    by_reason = Counter(reason for reasons in waiting for reason in json.loads(reasons))
    return DuplicateReport(
        keys=keys,
        subscribers=sum(keys.values()) - joined,
        identified=_identified(connection),
        joined=joined,
        merged=_merged(connection),
        decisions=len(active(all_decisions(connection))),
        open=len(waiting),
        by_reason=dict(sorted(by_reason.items(), key=lambda each: (-each[1], each[0]))),
        shared=_shared(connection),
        addressless=_addressless(connection),
    )


_BELONGS_TO = sa.func.coalesce(identity_map.c.subscriber, identity_keys.c.id)
_KNOWN = identity_keys.outerjoin(identity_map, identity_map.c.key == identity_keys.c.id)


def _identified(connection: sa.Connection) -> int:
    """A subscriber is named after its strongest key, so that key says whether it is identified."""
    named = sa.select(sa.func.count()).select_from(_KNOWN).where(identity_map.c.key.is_(None))
    return connection.scalar(named.where(identity_keys.c.kind.in_(sorted(IDENTIFYING)))) or 0


def _merged(connection: sa.Connection) -> int:
    of_several = sa.select(_BELONGS_TO).select_from(_KNOWN).where(identity_keys.c.kind.in_(("user", "email")))
    several = of_several.group_by(_BELONGS_TO, identity_keys.c.kind).having(sa.func.count() > 1).subquery()
    return connection.scalar(sa.select(sa.func.count(sa.distinct(several.c[0])))) or 0


def _shared(connection: sa.Connection) -> tuple[SharedKeys, ...]:
    kind, reason = identity_keys.c.kind, identity_shared.c.reason
    statement = (
        sa.select(kind, reason, sa.func.count(), sa.func.max(identity_shared.c.neighbours))
        .join(identity_shared, identity_shared.c.key == identity_keys.c.id)
        .group_by(kind, reason)
        .order_by(sa.func.count().desc(), kind, reason)
    )
    return tuple(SharedKeys(*row) for row in connection.execute(statement))


def _addressless(connection: sa.Connection) -> int:
    """Accounts that were seen with an address which is a subscriber of its own, and have no other."""
    key, mapped = identity_keys.alias(), identity_map.alias()
    shared = (
        sa.select(identity_shared.c.key)
        .join(identity_keys, identity_keys.c.id == identity_shared.c.key)
        .where(identity_keys.c.kind == "email", identity_shared.c.reason.in_(("role", "strangers", "split")))
    )
    account = sa.func.coalesce(mapped.c.subscriber, identity_links.c.a).label("account")
    found = (
        sa.select(account)
        .select_from(identity_links.join(key, key.c.id == identity_links.c.a))
        .outerjoin(mapped, mapped.c.key == identity_links.c.a)
        .where(identity_links.c.b.in_(shared), key.c.kind == "user")
        .distinct()
        .subquery()
    )
    own = (
        sa.select(identity_map.c.key)
        .join(identity_keys, identity_keys.c.id == identity_map.c.key)
        .where(identity_map.c.subscriber == found.c.account, identity_keys.c.kind == "email")
    )
    return connection.scalar(sa.select(sa.func.count()).select_from(found).where(~own.exists())) or 0


def _moved(connection: sa.Connection) -> dict[int, int]:
    return {row.key: row.subscriber for row in connection.execute(sa.select(identity_map))}


def _pair(moved: dict[int, int], a: int, b: int) -> tuple[int, int]:
    """Two keys' subscribers as of now, the smaller first."""
    a, b = moved.get(a, a), moved.get(b, b)
    return min(a, b), max(a, b)


def _split(connection: sa.Connection, moved: dict[int, int]) -> set[tuple[int, int]]:
    splits = [each for each in active(all_decisions(connection)) if each.kind == "split"]
    return {_pair(moved, a, b) for each in splits for a, b in product(each.left, each.right)}


def _remove(connection: sa.Connection, ids: Iterable[int]) -> None:
    rows.delete(connection, proposals.c.id, pa.array(list(ids), pa.int64()))


def _rows(found: Iterable[dict[str, Any]], created: dict[tuple[int, int], int], at: Instant) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "a": row["a"],
                "b": row["b"],
                "score": row["score"],
                "reasons": json.dumps(row["reasons"]),
                "status": "open",
                "created_at": created.get((row["a"], row["b"]), at),
            }
            for row in found
        ],
        pa.schema([("a", pa.int64()), ("b", pa.int64()), ("score", pa.float64()), ("reasons", pa.string()),
                   ("status", pa.string()), ("created_at", pa.int64())]),
    )  # fmt: skip


def _decide(
    connection: sa.Connection, proposal: int, status: str, actor: str, at: Instant | None
) -> sa.Row[tuple[object, ...]]:
    row = connection.execute(sa.select(proposals).where(proposals.c.id == proposal)).one_or_none()
    require(
        row is not None,
        "no_such_proposal",
        f"There is no proposal {proposal}.",
        fix="`shoal duplicates` lists those that wait, with their numbers.",
    )
    assert row is not None
    require(
        row.status == "open",
        "already_decided",
        f"Proposal {proposal} was {row.status} already.",
        fix="`shoal duplicates merge` and `shoal duplicates unmerge` change what was decided.",
    )
    decided = {"status": status, "decided_at": at or now(), "decided_by": actor}
    connection.execute(sa.update(proposals).where(proposals.c.id == proposal).values(decided))
    return row
