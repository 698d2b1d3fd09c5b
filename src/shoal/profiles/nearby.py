"""Which keys a resolve must look at again: those of which something new was seen, and all that may influence them.

The rules look from a key to the keys it was seen with, and from there on. Nothing passes through a key that is
a placeholder or a hub, for its links take no part, and one that is a hub stays one: links are only ever added.
Through keys that are shared for another reason something may pass, since they can become sound again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from shoal.profiles.decisions import Decision
from shoal.profiles.tables import (
    identity_keys,
    identity_links,
    identity_map,
    identity_shared,
    identity_touched,
)
from shoal.store import rows
from shoal.store.columns import whole_numbers
from shoal.store.database import BigId

CLOSED = ("placeholder", "hub")
"""Reasons for being shared that no new link and no decision takes away."""

_near = sa.Table(
    "identity_near",
    sa.MetaData(),
    sa.Column("key", BigId, primary_key=True, autoincrement=False),
    sa.Column("steps", sa.Integer, nullable=False, index=True),  # from a touched key
    sa.Column("is_open", sa.Boolean, nullable=False),  # its links count
    prefixes=["TEMPORARY"],
)

_named_together = sa.Table(
    "identity_named_together",
    sa.MetaData(),
    sa.Column("a", sa.BigInteger, nullable=False, index=True),
    sa.Column("b", sa.BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a resolve looks at: everything, or all that is near the touched keys."""

    keys: pa.Table  # id, kind, value, first_at, since
    links: pa.Table  # a, b, first_at, source
    mapped: pa.Table  # key, subscriber: the rows of the map there were
    shared: pa.Table  # key, reason, neighbours: the rows there were
    closed: pa.Table | None  # rows of `shared` that hold as of now whatever the links say; None: this is everything


def touch(connection: sa.Connection, keys: npt.NDArray[np.int64]) -> None:
    """Remember that something new was seen or decided of these keys."""
    rows.insert(connection, identity_touched, pa.table({"key": whole_numbers(np.unique(keys))}))


def forget_touched(connection: sa.Connection) -> None:
    """All that was touched has been looked at."""
    connection.execute(sa.delete(identity_touched))


def count_touched(connection: sa.Connection) -> int:
    """How many keys were touched; a key that was touched at several times counts as many times."""
    return connection.scalar(sa.select(sa.func.count()).select_from(identity_touched)) or 0


def index_links(connection: sa.Connection) -> None:
    """Let links be found by their weaker end too. Done after many were recorded, since it makes recording slower."""
    connection.execute(sa.text("CREATE INDEX IF NOT EXISTS identity_links_by_b ON identity_links (b)"))


def look_at_everything_next(connection: sa.Connection) -> None:
    """Prepare for many more keys: what was touched no longer matters, and links are recorded fast."""
    forget_touched(connection)
    connection.execute(sa.text("DROP INDEX IF EXISTS identity_links_by_b"))


def named_after(decisions: Sequence[Decision], last: int) -> npt.NDArray[np.int64]:
    """Keys that decisions later than number `last` name; of one that takes another back, the keys of that other."""
    of = {each.id: each for each in decisions}
    named = set[int]()
    for each in decisions:
        if each.id <= last:
            continue
        told = each
        while told.undoes is not None:
            told = of[told.undoes]
        named.update(told.left, told.right)
    return np.array(sorted(named), np.int64)


def everything(connection: sa.Connection) -> Seen:
    """All keys, links and what the last resolve made of them."""
    return Seen(
        keys=rows.fetch(connection, *identity_keys.c),
        links=rows.fetch(connection, *identity_links.c),
        mapped=rows.fetch(connection, *identity_map.c),
        shared=rows.fetch(connection, *identity_shared.c),
        closed=None,
    )


def nearby(connection: sa.Connection, decisions: Sequence[Decision], most: int) -> Seen | None:
    """All that may influence the touched keys; None when that is more than `most` keys."""
    _near.create(connection, checkfirst=False)
    _named_together.create(connection, checkfirst=False)
    rows.insert(connection, _named_together, _stars(decisions))
    found = _fetch(connection) if _gather(connection, most) else None
    _named_together.drop(connection, checkfirst=False)
    _near.drop(connection, checkfirst=False)
    return found


def _stars(decisions: Iterable[Decision]) -> pa.Table:
    """Each decision as pairs, both ways, of its first key with the others."""
    ends = [(keys[0], key) for each in decisions for keys in [(*each.left, *each.right)] for key in keys[1:]]
    both = np.array([*ends, *((b, a) for a, b in ends)], np.int64).reshape(-1, 2)
    return pa.table({"a": both[:, 0], "b": both[:, 1]})


def _gather(connection: sa.Connection, most: int) -> bool:
    """Fill `_near` step by step until it grows no more; False as soon as it has more than `most` keys."""
    found = added = _add(connection, sa.select(identity_touched.c.key).distinct(), 0)
    steps = 0
    while added and found <= most:
        added = _add(connection, _one_step_from(steps), steps + 1)
        found, steps = found + added, steps + 1
    return found <= most


def _one_step_from(steps: int) -> sa.CompoundSelect[tuple[int]]:
    """Keys that may influence those so many steps away, or are influenced by them."""
    links, mapped, told = identity_links.c, identity_map.c, _named_together.c
    ways = (
        (links.b, links.a, _near.c.is_open),
        (links.a, links.b, _near.c.is_open),
        (mapped.subscriber, mapped.key, sa.true()),
        (mapped.key, mapped.subscriber, sa.true()),
        (told.b, told.a, sa.true()),
    )
    return sa.union(
        *(
            sa.select(there.label("key")).where(here == _near.c.key, _near.c.steps == steps, passes)
            for there, here, passes in ways
        )
    )


def _add(connection: sa.Connection, keys: sa.Select[tuple[int]] | sa.CompoundSelect[tuple[int]], steps: int) -> int:
    """Put keys into `_near`; how many were not there yet."""
    new = keys.subquery("new")
    closed = sa.exists().where(identity_shared.c.key == new.c.key, identity_shared.c.reason.in_(CLOSED))
    known = _near.alias("known")
    chosen = sa.select(new.c.key, sa.literal(steps), ~closed).where(~sa.exists().where(known.c.key == new.c.key))
    statement = sa.insert(_near).from_select(["key", "steps", "is_open"], chosen)
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def _fetch(connection: sa.Connection) -> Seen:
    near = sa.select(_near.c.key)
    ends = (identity_links.c.a, identity_links.c.b)
    links = [rows.fetch(connection, *identity_links.c, where=end.in_(near.where(_near.c.is_open))) for end in ends]
    shared = rows.fetch(connection, *identity_shared.c, where=identity_shared.c.key.in_(near))
    return Seen(
        keys=rows.fetch(connection, *identity_keys.c, where=identity_keys.c.id.in_(near)),
        links=pa.concat_tables(links),  # one with two open ends is there twice
        mapped=rows.fetch(connection, *identity_map.c, where=identity_map.c.key.in_(near)),
        shared=shared,
        closed=_closed(connection, shared),
    )


def _closed(connection: sa.Connection, shared: pa.Table) -> pa.Table:
    """The rows of closed keys; the neighbours of those that were touched are counted again."""
    counted = {row.key: row.neighbours for row in connection.execute(_neighbours_of_touched())}
    now = [
        {**row, "neighbours": counted.get(row["key"], row["neighbours"])}
        for row in shared.to_pylist()
        if row["reason"] in CLOSED
    ]
    return pa.Table.from_pylist(now, shared.schema)


def _neighbours_of_touched() -> sa.Select[tuple[int, int]]:
    """Closed touched keys with the number of distinct known keys that they were seen with."""
    touched = sa.and_(_near.c.steps == 0, sa.not_(_near.c.is_open))
    ways = ((identity_links.c.a, identity_links.c.b), (identity_links.c.b, identity_links.c.a))
    seen_with = sa.union(
        *(
            sa.select(_near.c.key, other.label("other")).where(touched, here == _near.c.key, other != here)
            for here, other in ways
        )
    ).subquery("seen_with")
    return (
        sa.select(seen_with.c.key, sa.func.count().label("neighbours"))
        .where(sa.exists().where(identity_keys.c.id == seen_with.c.other))
        .group_by(seen_with.c.key)
    )
