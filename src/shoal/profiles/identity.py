"""Identity in the database: take in what was seen, resolve it, keep the map and its log.

A resolve looks at the keys that were touched since the last one and at all that may influence them (`nearby`),
where that is a small part of the list, and else at everything. Both give the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shoal.core.time import Instant, now
from shoal.profiles import changes, nearby
from shoal.profiles.decisions import Decision, all_decisions
from shoal.profiles.resolution import REVISION, Ids, Resolution, components
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
from shoal.store.columns import numbers_in, whole_numbers
from shoal.store.database import Database

ALWAYS_NEARBY = 10_000
"""So many keys are looked at by themselves in any list."""

PART_NEARBY = 10
"""One of so many keys of the list may be looked at by itself; to look at everything is faster beyond that."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a resolve did."""

    version: int  # of the map; moves on only when there was something to resolve
    at: Instant  # when the map was made
    subscribers: int
    changes: dict[str, int]  # rows of the merge log by kind
    shared: int  # keys that join nobody
    refused: int  # links, of those looked at, that a chain of sound keys would have made wrong
    people: pa.Table | None  # key, kind, subscriber; None where nothing was seen or decided since, so nothing was done
    differs_from: tuple[int, int] | None  # map (version, ms) whose rows `people` replaces; None: `people` is everybody


def observe(connection: sa.Connection, keys: pa.Table, links: pa.Table) -> int:
    """Record keys (id, kind, value, first_at) and links (a, b, first_at, source); how many rows that changed.

    Known ones are welcome: the earliest `first_at` (ms) is kept, with its source, so the order and
    number of calls don't matter. It shows in the map after the next `resolve`, which looks at every key that is
    named in a call that changed a row: a caller that leaves out what it knows makes that fast.
    """
    state = _begin(connection)
    keys = _once(keys.select(["id", "kind", "value", "first_at"]), ["id"], ["first_at"])
    keys = keys.append_column("since", whole_numbers(np.full(keys.num_rows, state.version + 1)))
    links = _once(links.select(["a", "b", "first_at", "source"]), ["a", "b"], ["first_at", "source"])
    changed = rows.upsert(connection, identity_keys, keys, earliest="first_at", takes=())
    changed += rows.upsert(connection, identity_links, links, earliest="first_at", takes=("source",))
    if changed:
        touched = [numbers_in(column) for column in (keys["id"], links["a"], links["b"])]
        _remember(connection, state, np.concatenate(touched))
    return changed


def resolve(
    database: Database, *, rules: Rules | None = None, at: Instant | None = None, most: int | None = None
) -> Resolved:
    """Bring the map up to date with all that was seen and decided; only differences are written.

    The subscribers follow from keys, links, decisions and rules alone (`resolution.components`).
    `at` is the time of the merge log's lines, by default now. Where more than `most` keys would have to be looked at,
    all are; by default that is a tenth of the list, or 10,000.
    """
    with database.write() as connection:
        return resolve_within(connection, rules=rules, at=at, most=most)


def resolve_within(
    connection: sa.Connection, *, rules: Rules | None = None, at: Instant | None = None, most: int | None = None
) -> Resolved:
    """The same in the caller's transaction."""
    rules, at = rules or Rules(), now() if at is None else at
    state = _begin(connection)
    if not state.pending and state.rules == _name(rules):
        return _nothing_new(connection, state)
    decisions = all_decisions(connection)
    seen = None
    if state.rules == _name(rules):
        nearby.touch(connection, nearby.named_after(decisions, state.decision))
        seen = nearby.nearby(connection, decisions, state.most_nearby if most is None else most)
    return _resolve(connection, seen or nearby.everything(connection), decisions, rules, state=state, at=at)


def _resolve(
    connection: sa.Connection,
    seen: nearby.Seen,
    decisions: Sequence[Decision],
    rules: Rules,
    *,
    state: _State,
    at: Instant,
) -> Resolved:
    found = components(seen.keys, seen.links, decisions, rules, _hubs(seen))
    keys = seen.keys.sort_by("id")
    before = _subscribers_before(seen.mapped, found.keys)
    known = numbers_in(keys["since"]) <= state.version
    told = changes.between(before[known], found.subscribers[known])
    _write_map(connection, found.keys, before, found.subscribers)
    _write_log(connection, told, changes.Evidence(found, before, seen.links, decisions), state.version + 1, at)
    _write_shared(connection, seen.shared, _shared_now(seen, found))
    own_before = before[known] == found.keys[known]
    made = replace(
        _counted(state, seen, found, own_before),
        version=state.version + 1,
        rules=_name(rules),
        pending=False,
        resolved_at=int(at),
        decision=max((each.id for each in decisions), default=0),
    )
    connection.execute(sa.update(identity_state).values(asdict(made)))
    nearby.forget_touched(connection)
    if seen.closed is None:
        nearby.index_links(connection)
    return Resolved(
        version=made.version,
        at=at,
        subscribers=made.subscribers,
        changes=changes.counts(told),
        shared=_count_shared(connection),
        refused=found.refused,
        people=pa.table({"key": found.keys, "kind": keys["kind"], "subscriber": found.subscribers}),
        differs_from=None if seen.closed is None else (state.version, state.resolved_at),
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
    """The row of `identity_state`."""

    version: int = 0
    rules: str = ""  # empty: the next resolve looks at everything
    pending: bool = False
    resolved_at: int = 0  # ms
    keys: int = 0
    subscribers: int = 0
    decision: int = 0

    @property
    def most_nearby(self) -> int:
        """How many keys are looked at by themselves, before it is better to look at all."""
        return max(ALWAYS_NEARBY, self.keys // PART_NEARBY)


def _state(connection: sa.Connection) -> _State | None:
    names = [field.name for field in fields(_State)]
    row = connection.execute(sa.select(*(identity_state.c[name] for name in names))).one_or_none()
    return None if row is None else _State(**{**row._mapping, "resolved_at": row.resolved_at or 0})


def _begin(connection: sa.Connection) -> _State:
    """The state, made when it isn't there yet."""
    state = _state(connection)
    if state is None:
        connection.execute(sa.insert(identity_state).values(id=1, version=0, rules="", pending=False))
    return state or _State()


def _counted(state: _State, seen: nearby.Seen, found: Resolution, own_before: npt.NDArray[np.bool_]) -> _State:
    """The state with keys and subscribers counted anew. `own_before`: known keys that were their own subscriber."""
    subscribers = int(np.count_nonzero(found.subscribers == found.keys))
    if seen.closed is None:
        return replace(state, keys=found.keys.size, subscribers=subscribers)
    appeared = found.keys.size - own_before.size
    changed = subscribers - int(np.count_nonzero(own_before))
    return replace(state, keys=state.keys + appeared, subscribers=state.subscribers + changed)


def _name(rules: Rules) -> str:
    """Name of the rules and of the way in which they are followed."""
    return f"{rules.fingerprint()}.{REVISION}"


def _remember(connection: sa.Connection, state: _State, keys: Ids) -> None:
    """Note what was touched, as long as the next resolve would not look at everything anyway."""
    if not state.pending:
        connection.execute(sa.update(identity_state).values(pending=True))
    if not state.rules:
        return
    nearby.touch(connection, keys)
    if nearby.count_touched(connection) > state.most_nearby:
        nearby.look_at_everything_next(connection)
        connection.execute(sa.update(identity_state).values(rules=""))


def _once(table: pa.Table, key: list[str], earliest: list[str]) -> pa.Table:
    """The table in order of its key, each key once with its smallest `earliest`."""
    table = table.combine_chunks().sort_by([(name, "ascending") for name in (*key, *earliest)])
    if table.num_rows < 2:
        return table
    new = np.zeros(table.num_rows - 1, np.bool_)
    for name in key:
        new |= np.diff(numbers_in(table[name])) != 0
    return table.take(whole_numbers(np.flatnonzero(np.concatenate(([True], new)))))


def _hubs(seen: nearby.Seen) -> Ids | None:
    if seen.closed is None:
        return None
    return numbers_in(seen.closed.filter(pc.equal(seen.closed["reason"], "hub"))["key"])


def _subscribers_before(stored: pa.Table, keys: Ids) -> Ids:
    """The stored map (key, subscriber), for sorted keys."""
    before = keys.copy()
    place = np.searchsorted(keys, numbers_in(stored["key"]))
    inside = place < keys.size
    place, key, subscriber = place[inside], numbers_in(stored["key"])[inside], numbers_in(stored["subscriber"])[inside]
    there = keys[place] == key
    before[place[there]] = subscriber[there]
    return before


def _write_map(connection: sa.Connection, keys: Ids, before: Ids, after: Ids) -> None:
    moved = before != after
    rows.delete(connection, identity_map.c.key, pa.array(keys[moved & (before != keys)]))
    new = moved & (after != keys)
    rows.insert(connection, identity_map, pa.table({"key": keys[new], "subscriber": after[new]}))


def _shared_now(seen: nearby.Seen, found: Resolution) -> pa.Table:
    """Rows of the keys looked at that are shared."""
    if seen.closed is None:
        return found.shared
    counted = pc.is_in(found.shared["key"], seen.closed["key"].combine_chunks())
    return pa.concat_tables([found.shared.filter(pc.invert(counted)), seen.closed.select(found.shared.column_names)])


def _write_shared(connection: sa.Connection, before: pa.Table, after: pa.Table) -> None:
    """Write the rows of shared keys that differ."""
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


def _nothing_new(connection: sa.Connection, state: _State) -> Resolved:
    at, shared = Instant(state.resolved_at), _count_shared(connection)
    return Resolved(state.version, at, state.subscribers, {}, shared, 0, None, None)


def _count_shared(connection: sa.Connection) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(identity_shared)) or 0
