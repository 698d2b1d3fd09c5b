"""One step of identity resolution: links whose weaker end is of one kind.

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
from shoal.profiles.rules import Traits

USER, EMAIL, PHONE, ANONYMOUS, DEVICE = range(len(KINDS))

_OWN = 0  # the vendor of ids that name none

ORDER = (
    (USER, True), (USER, False), (EMAIL, False), (EMAIL, True), (PHONE, False), (PHONE, True),
    (ANONYMOUS, False), (ANONYMOUS, True), (DEVICE, False), (DEVICE, True),
)  # fmt: skip
"""The levels in the order in which they are taken: a kind, and whether its links are those within the kind. A kind's
links to stronger kinds come first. Of user ids, those of one vendor do: with them the vendor tells of a merge."""


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
    within: bool  # both ends of its links are of this kind; of one vendor, too, where it is user ids
    label: Places  # of each key
    apart: Places  # pairs of keys (two columns) that a person decided to keep apart
    traits: Traits


def is_within(links: Links, traits: Traits) -> npt.NDArray[np.bool_]:
    """Whether both ends are of one kind, and of one vendor where they are user ids."""
    of_kind = traits.rank[links.a] == traits.rank[links.b]
    found: npt.NDArray[np.bool_] = of_kind & (traits.vendor[links.a] == traits.vendor[links.b])
    return found


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
    """Keys whose own links would make a forbidden subscriber, by reason.

    Looked at are the weaker ends, and both ends where they are of one kind.
    """
    key, component = _stars(level, links)
    others = component != level.label[key]
    if not level.within:
        yield "strangers", _overfull(level, key, component)
    elif level.rank <= PHONE:
        others_of_vendors = (level.rank == USER) & (level.traits.vendor[key] != _OWN)
        seen_with = np.bincount(key[others & ~others_of_vendors], minlength=level.label.size)
        yield "strangers", np.flatnonzero(seen_with > 1)
    if level.apart.size:
        yield "split", _torn(level, key[others], component[others])


def _stars(level: Level, links: Links) -> tuple[Places, Places]:
    """Each key with its own component and those it is linked to: two parallel columns, each pair once."""
    key, other = links.b, links.a
    if level.within or level.rank == USER:
        key, other = np.concatenate((key, other)), np.concatenate((other, key))
    size = max(level.label.size, 1)
    code = distinct(np.concatenate((key, key)) * size + level.label[np.concatenate((key, other))])
    return code // size, code % size


def crowded_roles(level: Level, links: Links) -> Places:
    """Offices' addresses that are seen with two people: user ids, addresses or numbers that are not one component.

    `links` are those of all kinds.
    """
    role, rank, label, size = level.traits.role, level.traits.rank, level.label, max(level.label.size, 1)
    links = links.take(np.flatnonzero(role[links.a] | role[links.b]))
    ends = np.concatenate((np.stack((links.a, links.b)), np.stack((links.b, links.a))), axis=1)
    key, other = ends[:, role[ends[0]] & (rank[ends[1]] <= PHONE)]
    code = distinct(key * size + label[other])
    key, component = code // size, code % size
    people = np.bincount(key[component != label[key]], minlength=level.label.size)
    decided = np.bincount(label, minlength=level.label.size)[label] > 1  # a person said whose it is
    return np.flatnonzero(role & (people + decided > 1))


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
    if level.rank == USER and level.within:
        return np.empty(0, np.int64)
    if level.rank <= EMAIL:
        return _same_vendor_twice(level, holder, component)
    return np.flatnonzero(np.bincount(holder, _named(level)[component], level.label.size) > 1)


def _named(level: Level) -> npt.NDArray[np.bool_]:
    """Components that are somebody already: by user id or address, and for what is weaker than a number by that too."""
    kinds = level.traits.rank < min(level.rank, ANONYMOUS)
    found = np.zeros(level.label.size, np.bool_)
    found[level.label[kinds]] = True
    return found


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
    if level.rank == USER and level.within:
        return False
    if level.rank <= EMAIL:
        return len({vendor for _, vendor in facts}) < len(facts)
    return len(facts) > 1


def _facts(level: Level, components: Places) -> Iterator[tuple[int, list[Fact]]]:
    """What each component brings: its vendors, or that it is somebody."""
    if level.rank <= EMAIL:
        users = np.flatnonzero(level.traits.vendor >= 0)
        users = users[np.isin(level.label[users], components)]
        facts = set(zip(level.label[users].tolist(), level.traits.vendor[users].tolist(), strict=True))
    else:
        facts = {(each, 0) for each in components[_named(level)[components]].tolist()}
    of_component: dict[int, list[Fact]] = {}
    for fact in facts:
        of_component.setdefault(fact[0], []).append(fact)
    yield from of_component.items()


def distinct(values: Places) -> Places:
    """Distinct values, ascending. Faster here than `numpy.unique`, which hashes."""
    values = np.sort(values)
    first: Places = values[np.concatenate((np.ones(min(values.size, 1), np.bool_), values[1:] != values[:-1]))]
    return first
