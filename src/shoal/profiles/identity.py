"""Identity in the database: take in what was seen, resolve it, keep the map and its log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.time import Instant, now
from shoal.profiles import changes
from shoal.profiles.decisions import all_decisions
from shoal.profiles.resolution import Ids, components
from shoal.profiles.rules import Rules
from shoal.profiles.tables import (
    identity_keys,
    identity_links,
    identity_map,
    identity_shared,
    identity_state,
    merge_log,
)
from shoal.store import rows
from shoal.store.database import Database


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a resolve did."""

    version: int  # of the map; moves on only when there was something to resolve
    at: Instant  # when the map was made
    subscribers: int
    changes: dict[str, int]  # rows of the merge log by kind
    shared: int  # keys that join nobody
    refused: int  # links that a chain of sound keys would have made wrong
    people: pa.Table | None  # key, kind, subscriber; None where nothing was seen or decided since, so nothing was done


def observe(connection: sa.Connection, keys: pa.Table, links: pa.Table) -> int:
    """Record keys (id, kind, value, first_at) and links (a, b, first_at, source); how many rows that changed.

    Known ones are welcome: the earliest `first_at` (ms) is kept, with its source, so the order and
    number of calls don't matter. It shows in the map after the next `resolve`.
    """
    state = _begin(connection)
    keys = _once(keys.select(["id", "kind", "value", "first_at"]), ["id"], ["first_at"])
    keys = keys.append_column("since", pa.repeat(pa.scalar(state.version + 1, pa.int64()), keys.num_rows))
    links = _once(links.select(["a", "b", "first_at", "source"]), ["a", "b"], ["first_at", "source"])
    changed = rows.upsert(connection, identity_keys, keys, earliest="first_at", takes=())
    changed += rows.upsert(connection, identity_links, links, earliest="first_at", takes=("source",))
    if changed and not state.pending:
        connection.execute(sa.update(identity_state).values(pending=True))
    return changed


def resolve(database: Database, *, rules: Rules | None = None, at: Instant | None = None) -> Resolved:
    """Bring the map up to date with all that was seen and decided; only differences are written.

    The subscribers follow from keys, links, decisions and rules alone (`resolution.components`).
    `at` is the time of the merge log's lines, by default now.
    """
    rules, at = rules or Rules(), at or now()
    with database.write() as connection:
        state = _begin(connection)
        if not state.pending and state.rules == rules.fingerprint():
            return _nothing_new(connection)
        keys = rows.fetch(connection, *identity_keys.c)
        links = rows.fetch(connection, *identity_links.c)
        decisions = all_decisions(connection)
        found = components(keys, links, decisions, rules)
        before = _subscribers_before(connection, found.keys)
        keys = keys.sort_by("id")
        known = _column(keys, "since") <= state.version
        told = changes.between(before[known], found.subscribers[known])
        _write_map(connection, found.keys, before, found.subscribers)
        _write_log(connection, told, changes.Evidence(found, before, links, decisions), state.version + 1, at)
        _write_shared(connection, found.shared)
        connection.execute(
            sa.update(identity_state).values(
                version=state.version + 1, rules=rules.fingerprint(), pending=False, resolved_at=at
            )
        )
    return Resolved(
        version=state.version + 1,
        at=at,
        subscribers=int(np.count_nonzero(found.keys == found.subscribers)),
        changes=changes.counts(told),
        shared=found.shared.num_rows,
        refused=found.refused,
        people=pa.table({"key": found.keys, "kind": keys["kind"], "subscriber": found.subscribers}),
    )


def version(connection: sa.Connection) -> int:
    """Version of the map; 0 before the first resolve. It moves on with every resolve that had something to do."""
    state = _state(connection)
    return state.version if state else 0


def version_and_time(connection: sa.Connection) -> tuple[int, int]:
    """Version of the map and when it was made (ms; 0 before the first).

    Together they name the map, in a restored backup too.
    """
    found = connection.execute(sa.select(identity_state.c.version, identity_state.c.resolved_at)).first()
    return (0, 0) if found is None else (found.version, found.resolved_at or 0)


@dataclass(frozen=True, slots=True)
class _State:
    version: int
    rules: str
    pending: bool


def _state(connection: sa.Connection) -> _State | None:
    row = connection.execute(sa.select(identity_state)).one_or_none()
    return None if row is None else _State(row.version, row.rules, row.pending)


def _begin(connection: sa.Connection) -> _State:
    """The state, made when it isn't there yet."""
    state = _state(connection)
    if state is None:
        connection.execute(sa.insert(identity_state).values(id=1, version=0, rules="", pending=False))
    return state or _State(0, "", False)


def _once(table: pa.Table, key: list[str], earliest: list[str]) -> pa.Table:
    """The table in order of its key, each key once with its smallest `earliest`."""
    table = table.combine_chunks().sort_by([(name, "ascending") for name in (*key, *earliest)])
    if table.num_rows < 2:
        return table
    new = np.zeros(table.num_rows - 1, np.bool_)
    for name in key:
        new |= np.diff(_column(table, name)) != 0
    return table.filter(pa.array(np.concatenate(([True], new))))


def _subscribers_before(connection: sa.Connection, keys: Ids) -> Ids:
    """The stored map, for sorted keys."""
    stored = rows.fetch(connection, *identity_map.c)
    before = keys.copy()
    place = np.searchsorted(keys, _column(stored, "key"))
    inside = place < keys.size
    place, key, subscriber = place[inside], _column(stored, "key")[inside], _column(stored, "subscriber")[inside]
    there = keys[place] == key
    before[place[there]] = subscriber[there]
    return before


def _write_map(connection: sa.Connection, keys: Ids, before: Ids, after: Ids) -> None:
    moved = before != after
    rows.delete(connection, identity_map.c.key, pa.array(keys[moved & (before != keys)]))
    new = moved & (after != keys)
    rows.insert(connection, identity_map, pa.table({"key": keys[new], "subscriber": after[new]}))


def _write_shared(connection: sa.Connection, after: pa.Table) -> None:
    """Rewrite the rows of shared keys that differ."""
    before = rows.fetch(connection, *identity_shared.c)
    columns = after.column_names
    gone = before.join(after, columns, join_type="left anti")
    rows.delete(connection, identity_shared.c.key, gone["key"].combine_chunks())
    rows.insert(connection, identity_shared, after.join(before, columns, join_type="left anti"))


def _write_log(
    connection: sa.Connection, told: changes.Changes, evidence: changes.Evidence, version: int, at: Instant
) -> None:
    count = len(told.kind)
    if not count:
        return
    reasons, details = evidence.of(told)
    table = pa.table(
        {
            "version": pa.repeat(pa.scalar(version, pa.int64()), count),
            "at": pa.repeat(pa.scalar(int(at), pa.int64()), count),
            "kind": pa.array(told.kind),
            "kept": pa.array(told.kept),
            "absorbed": pa.array(told.absorbed),
            "reason": pa.array(reasons, pa.string()),
            "evidence": pa.array(details, pa.string()),
        }
    )
    rows.insert(connection, merge_log, table)


def _nothing_new(connection: sa.Connection) -> Resolved:
    count = sa.select(sa.func.count())
    keys = connection.scalar(count.select_from(identity_keys)) or 0
    elsewhere = connection.scalar(count.select_from(identity_map)) or 0
    shared = connection.scalar(count.select_from(identity_shared)) or 0
    version, at = version_and_time(connection)
    return Resolved(version, Instant(at), keys - elsewhere, {}, shared, 0, None)


def _column(table: pa.Table, name: str) -> Ids:
    found: Ids = table[name].to_numpy()
    return found
