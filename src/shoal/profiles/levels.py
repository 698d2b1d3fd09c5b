"""One step of identity resolution: the links whose weaker end is of one kind.

At the start of a level every key has a label, the component it is in by stronger links. What a level may
join is said once, by `_forbidden`, for the star around one key (then that key is shared) and for a
chain of keys (then the chain's latest links are refused).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoal.ingest.keys import KINDS
from shoal.profiles.partition import Fact, Partition, Places, connected
from shoal.profiles.rules import Rules, Traits

_USER, _EMAIL, _PHONE = (KINDS.index(kind) for kind in ("user", "email", "phone"))


@dataclass(frozen=True, slots=True)
class Links:
    """Links by the places of their keys; `a` is never the weaker end."""

    a: Places
    b: Places
    first_at: npt.NDArray[np.int64]  # ms

    def take(self, which: Places) -> Links:
        """The links at these places."""
        return Links(self.a[which], self.b[which], self.first_at[which])


@dataclass(frozen=True, slots=True)
class Level:
    """What holds before the links of one kind are taken."""

    rank: int  # place in KINDS
    label: Places  # of each key
    apart: Places  # pairs of keys (two columns) that a person decided to keep apart
    traits: Traits
    rules: Rules


def drop_contradicted(level: Level, links: Links) -> tuple[Links, int]:
    """Without the links whose own two ends must stay apart; and how many those were."""
    if not level.apart.size:
        return links, 0
    size = level.label.size
    pairs = np.sort(level.label[level.apart], axis=1)
    ends = np.sort(np.stack((level.label[links.a], level.label[links.b]), axis=1), axis=1)
    against = np.isin(ends[:, 0] * size + ends[:, 1], pairs[:, 0] * size + pairs[:, 1])
    return links.take(np.flatnonzero(~against)), int(against.sum())


def shared_keys(level: Level, links: Links) -> Iterator[tuple[str, Places]]:
    """Keys of this kind whose own links would make a forbidden subscriber, by reason."""
    weaker = links.take(np.flatnonzero(level.traits.rank[links.a] != level.rank))
    key = np.concatenate((weaker.b, weaker.b))
    component = np.concatenate((level.label[weaker.a], level.label[weaker.b]))
    code = distinct(key * level.label.size + component)
    key, component = code // max(level.label.size, 1), code % max(level.label.size, 1)
    yield "strangers", _overfull(level, key, component)
    if level.rank == _EMAIL:
        users = np.bincount(key, _holds(level, _USER)[component], level.label.size)
        yield "role", np.flatnonzero(level.traits.role & (users > 1))
    if level.apart.size:
        stronger = component != level.label[key]
        yield "split", _torn(level, key[stronger], component[stronger])


def weld(level: Level, links: Links) -> tuple[Places, int]:
    """The labels after the links are taken, and how many links were refused."""
    label, size = level.label, level.label.size
    a, b = label[links.a], label[links.b]
    group = connected(size, a, b)
    touched = distinct(np.concatenate((a, b)))
    bad = np.union1d(_overfull(level, group[touched], touched), _torn(level, group[touched], touched))
    if not bad.size:
        return group[label], 0
    doubtful = np.isin(group[a], bad)
    chosen, refused = _one_by_one(level, links.take(np.flatnonzero(doubtful)))
    a, b = np.concatenate((a[~doubtful], chosen[:, 0])), np.concatenate((b[~doubtful], chosen[:, 1]))
    return connected(size, a, b)[label], refused


def _overfull(level: Level, holder: Places, component: Places) -> Places:
    """Holders (keys or groups) whose distinct components no one subscriber may have together.

    `holder` and `component` are parallel, each pair once.
    """
    size = level.label.size
    if level.rank == _USER:
        return np.empty(0, np.int64)  # a record with two user ids says that they are one person
    if level.rank == _EMAIL:
        return _same_vendor_twice(level, holder, component)
    if level.rank == _PHONE:
        users = _holds(level, _USER)
        named = np.bincount(holder, (users | _holds(level, _EMAIL))[component], size)
        with_user = np.bincount(holder, users[component], size)
        return np.flatnonzero((with_user > 1) | (named > level.rules.identities_per_phone))
    identified = _holds(level, _USER) | _holds(level, _EMAIL) | _holds(level, _PHONE)
    return np.flatnonzero(np.bincount(holder, identified[component], size) > 1)


def _same_vendor_twice(level: Level, holder: Places, component: Places) -> Places:
    """Holders with user ids of one vendor in two components."""
    users = np.flatnonzero(level.traits.vendor >= 0)
    vendors = int(level.traits.vendor.max(initial=0)) + 1
    held = distinct(level.label[users] * vendors + level.traits.vendor[users])  # (component, vendor)
    of_component, vendor = held // vendors, held % vendors
    start, end = np.searchsorted(of_component, component), np.searchsorted(of_component, component, side="right")
    count = end - start
    holders = np.repeat(holder, count)
    steps = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    pairs = holders * vendors + vendor[np.repeat(start, count) + steps]
    pairs.sort()
    return distinct(pairs[1:][pairs[1:] == pairs[:-1]] // vendors)


def _torn(level: Level, holder: Places, component: Places) -> Places:
    """Holders that have both sides of a decided split."""
    if not level.apart.size:
        return np.empty(0, np.int64)
    sides = level.label[level.apart]
    of_split = np.isin(component, sides)
    by_component: dict[int, set[int]] = {}
    for each, part in zip(holder[of_split].tolist(), component[of_split].tolist(), strict=True):
        by_component.setdefault(part, set()).add(each)
    nobody: set[int] = set()
    both = [by_component.get(x, nobody) & by_component.get(y, nobody) for x, y in sides.tolist()]
    return np.array(sorted(set().union(*both)), np.int64)


def _one_by_one(level: Level, links: Links) -> tuple[Places, int]:
    """Pairs of labels (two columns) that may be joined, the earliest link first; and how many were refused."""
    order = np.lexsort((links.b, links.a, links.first_at))
    a, b = level.label[links.a[order]], level.label[links.b[order]]
    groups = Partition(lambda x, y: _forbidden(level, x | y))
    for node, facts in _facts(level, np.union1d(a, b)):
        groups.hold(node, facts)
    for x, y in level.label[level.apart].tolist():
        groups.keep_apart(x, y)
    pairs = list(zip(a.tolist(), b.tolist(), strict=True))
    taken = [pair for pair in pairs if groups.join(*pair)]
    return np.array(taken, np.int64).reshape(-1, 2), len(pairs) - len(taken)


def _forbidden(level: Level, facts: frozenset[Fact]) -> bool:
    """`_overfull` for one group, told by the facts of its components."""
    if level.rank == _USER:
        return False
    if level.rank == _EMAIL:
        return len({vendor for _, vendor in facts}) < len(facts)
    if level.rank == _PHONE:
        with_user = sum(has_user for _, has_user in facts)
        return with_user > 1 or len(facts) > level.rules.identities_per_phone
    return len(facts) > 1


def _facts(level: Level, components: Places) -> Iterator[tuple[int, list[Fact]]]:
    """What each component brings: its vendors, whether it has a user id, or that it is somebody."""
    if level.rank == _EMAIL:
        users = np.flatnonzero(level.traits.vendor >= 0)
        users = users[np.isin(level.label[users], components)]
        facts = set(zip(level.label[users].tolist(), level.traits.vendor[users].tolist(), strict=True))
    else:
        user, email, phone = (_holds(level, rank)[components] for rank in (_USER, _EMAIL, _PHONE))
        named = user | email if level.rank == _PHONE else user | email | phone
        facts = set(zip(components[named].tolist(), user[named].astype(int).tolist(), strict=True))
    of_component: dict[int, list[Fact]] = {}
    for fact in facts:
        of_component.setdefault(fact[0], []).append(fact)
    yield from of_component.items()


def _holds(level: Level, rank: int) -> npt.NDArray[np.bool_]:
    """Whether each component has a key of a kind."""
    found = np.zeros(level.label.size, np.bool_)
    found[level.label[level.traits.rank == rank]] = True
    return found


def distinct(values: Places) -> Places:
    """Distinct values, ascending. Faster here than `numpy.unique`, which hashes."""
    values = np.sort(values)
    first: Places = values[np.concatenate((np.ones(min(values.size, 1), np.bool_), values[1:] != values[:-1]))]
    return first
