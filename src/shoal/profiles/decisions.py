"""What people (or rules that they confirmed) decided about identities, and how decisions combine.

Decisions stand above links and rules and are applied again at every resolve. A merge joins its
keys. A split says that no key of its left side may be one subscriber with a key of its right side, whatever
later links say: links that would join them are refused, and a key that both sides use is shared. Where decisions
contradict each other, the latest wins. An undo takes a decision back as if it had never been.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal

import sqlalchemy as sa

from shoal.core.errors import UserError, require
from shoal.core.ids import subscriber_text
from shoal.core.time import Instant, now
from shoal.profiles.partition import Partition
from shoal.profiles.tables import identity_decisions as table
from shoal.profiles.tables import identity_keys, identity_map, identity_state
from shoal.store.database import Database

BEGINNING = Instant(0)
DecisionKind = Literal["merge", "split", "undo"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the append-only list of decisions. A later one has the greater id."""

    id: int
    kind: DecisionKind
    left: tuple[int, ...]  # key ids
    right: tuple[int, ...]  # key ids
    undoes: int | None = None  # id of a decision, where kind is undo
    actor: str = ""
    reason: str = ""
    at: Instant = BEGINNING


def active(decisions: Iterable[Decision]) -> list[Decision]:
    """The merges and splits that nobody took back, the latest first. An undo can itself be undone.

    >>> taken_back = [Decision(1, "merge", (5,), (7,)), Decision(2, "undo", (), (), undoes=1)]
    >>> active(taken_back)
    []
    """
    return [each for each in _standing(decisions) if each.kind != "undo"]


Pair = tuple[int, int]


def partition_of(decisions: Iterable[Decision], known: Collection[int]) -> tuple[list[Pair], list[Pair]]:
    """Pairs of keys to join, and pairs to keep apart, after contradictions are settled.

    Keys outside `known` are left out: nothing has been seen of them yet, or they were erased.
    """
    groups = Partition()
    apart: list[Pair] = []
    joined: list[Pair] = []
    for each in active(decisions):
        left, right = ([key for key in side if key in known] for side in (each.left, each.right))
        if each.kind == "split":
            apart += [pair for pair in product(left, right) if groups.keep_apart(*pair)]
        else:
            keys = left + right
            joined += [pair for pair in pairwise(keys) if groups.join(*pair)]
    return joined, apart


def merge(database: Database, a: int, b: int, *, actor: str, reason: str, at: Instant | None = None) -> int:
    """Decide that two keys or subscribers are one person; the id of the decision.

    It shows after the next `identity.resolve`. Raises UserError `no_such_subscriber` or `same_subscriber`.
    """
    with database.write() as connection:
        return merge_in(connection, a, b, actor=actor, reason=reason, at=at)


def merge_in(connection: sa.Connection, a: int, b: int, *, actor: str, reason: str, at: Instant | None = None) -> int:
    """`merge` as a part of a transaction."""
    _require_known(connection, (a, b))
    one, other = (_subscriber_of(connection, key) for key in (a, b))
    require(one != other, "same_subscriber", "These two are one subscriber already.", fix="Nothing is left to merge.")
    return _append(connection, Decision(0, "merge", (a,), (b,), None, actor, reason, at or now()))


def split(
    database: Database, left: Sequence[int], right: Sequence[int], *, actor: str, reason: str, at: Instant | None = None
) -> int:
    """Decide that no key of `left` belongs to the person of any key of `right`; the id of the decision.

    Name every key that must change sides: a key that is not named goes with the keys it was seen with.
    Raises UserError `no_such_subscriber` or `empty_split`.
    """
    require(
        bool(left) and bool(right) and not set(left) & set(right),
        "empty_split",
        "A split needs two sides that have no key in common.",
        fix="Name at least one key for each side.",
    )
    with database.write() as connection:
        _require_known(connection, (*left, *right))
        return _append(connection, Decision(0, "split", tuple(left), tuple(right), None, actor, reason, at or now()))


def unmerge(database: Database, decision: int, *, actor: str, reason: str, at: Instant | None = None) -> int:
    """Take back a merge or split (or an undo), as if it had never been; the id of the new decision.

    Raises UserError `no_such_decision` or `already_undone`.
    """
    with database.write() as connection:
        known = {each.id: each for each in all_decisions(connection)}
        require(
            decision in known,
            "no_such_decision",
            f"There is no decision {decision}.",
            fix="Give the number that the merge printed.",
        )
        current = {each.undoes for each in _standing(known.values())}
        require(
            decision not in current,
            "already_undone",
            f"Decision {decision} was taken back already.",
            fix="Nothing is left to take back; merge the two again if they are one person.",
        )
        return _append(connection, Decision(0, "undo", (), (), decision, actor, reason, at or now()))


def all_decisions(connection: sa.Connection) -> list[Decision]:
    """Every decision there is, the oldest first."""
    return [
        Decision(
            row.id, row.kind, tuple(json.loads(row.left)), tuple(json.loads(row.right)), row.undoes,
            row.actor, row.reason, Instant(row.at),
        )
        for row in connection.execute(sa.select(table).order_by(table.c.id))
    ]  # fmt: skip


def _standing(decisions: Iterable[Decision]) -> list[Decision]:
    """All decisions, undos too, that nobody took back."""
    undone: set[int] = set()
    kept = []
    for each in sorted(decisions, key=lambda decision: -decision.id):
        if each.id not in undone:
            kept.append(each)
            undone |= {each.undoes} if each.undoes is not None else set()
    return kept


def _append(connection: sa.Connection, decision: Decision) -> int:
    inserted = connection.execute(
        sa.insert(table).values(
            kind=decision.kind,
            left=json.dumps(decision.left),
            right=json.dumps(decision.right),
            undoes=decision.undoes,
            actor=decision.actor,
            reason=decision.reason,
            at=decision.at,
        )
    )
    connection.execute(sa.update(identity_state).values(pending=True))
    key = inserted.inserted_primary_key
    assert key is not None
    return int(key[0])


def _require_known(connection: sa.Connection, keys: Collection[int]) -> None:
    found = set(connection.scalars(sa.select(identity_keys.c.id).where(identity_keys.c.id.in_(keys))))
    for key in keys:
        if key not in found:
            raise UserError(
                "no_such_subscriber",
                f"There is no subscriber or key {subscriber_text(key)}.",
                fix="Look it up with `shoal subscribers show`.",
            )


def _subscriber_of(connection: sa.Connection, key: int) -> int:
    found = connection.scalar(sa.select(identity_map.c.subscriber).where(identity_map.c.key == key))
    return key if found is None else int(found)
