"""Which keys are one subscriber: a pure function of the keys, links and decisions there are.

The order in which they were seen has no part in it. Decisions of people come first. Then links are taken
kind by kind, from the strongest to the weakest: user ids, e-mail, phone, anonymous id, device (`levels.ORDER`). At each
kind, a key whose links would make a forbidden subscriber (`rules.Rules`) is shared and joins nobody.
What is left is joined at once; where a chain of sound keys would still make a forbidden subscriber, the
links of that chain are taken one by one, the earliest first, and those that would do it are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shoal.profiles import levels
from shoal.profiles.decisions import Decision, partition_of
from shoal.profiles.partition import Places, connected
from shoal.profiles.rules import SHARED_REASONS, Rules, Traits, classify

Ids = npt.NDArray[np.int64]

REVISION = 1
"""Moves on when the same keys, links, decisions and rules come to give another map, so that all is resolved again."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who is who. All arrays of keys are parallel."""

    keys: Ids  # ascending
    subscribers: Ids  # the subscriber of each key: the id of its canonical key
    shared: pa.Table  # key, reason (SHARED_REASONS), neighbours
    refused: int  # links that were not taken because a chain would have joined strangers


def components(
    keys: pa.Table,
    links: pa.Table,
    decisions: Sequence[Decision] = (),
    rules: Rules | None = None,
    hubs: Ids | None = None,
) -> Resolution:
    """Resolve keys (id, kind, value, first_at) and links (a, b, first_at) to subscribers.

    Repeated rows are taken once with their earliest `first_at`. A link that names a key that is not
    there waits for it. `decisions` are all there are, `rules` the defaults when None. `hubs` are keys that are
    known to be hubs by links that are not given.
    The canonical key is the strongest of the subscriber, of those the one seen first, of those the
    one with the smallest id.
    """
    rules = rules or Rules()
    people = _keys(keys, rules)
    edges = _links(links, people)
    graph = _Graph(people, edges, rules, np.empty(0, np.int64) if hubs is None else hubs)
    label, refused = graph.resolve(decisions)
    return Resolution(people.ids, _canonical(people, label), graph.shared_keys(), refused)


@dataclass(frozen=True, slots=True)
class _Keys:
    ids: Ids
    first_at: Ids
    traits: Traits


def _keys(table: pa.Table, rules: Rules) -> _Keys:
    ids = _column(table, "id")
    first_at = _column(table, "first_at")
    order, starts = _runs(ids)
    first_at = np.minimum.reduceat(first_at[order], starts) if starts.size else first_at
    order = order[starts]
    traits = classify(_one_chunk(table["kind"]), _one_chunk(table["value"]), rules)
    return _Keys(ids[order], first_at, traits.take(order))


def _links(table: pa.Table, people: _Keys) -> levels.Links:
    """Links by place instead of id, stronger end first, each once; unknown ends and loops dropped."""
    a, known_a = places_of(_column(table, "a"), people.ids)
    b, known_b = places_of(_column(table, "b"), people.ids)
    sound = known_a & known_b & (a != b)
    a, b, first_at = a[sound], b[sound], _column(table, "first_at")[sound]
    rank = people.traits.rank
    swap = (rank[a] > rank[b]) | ((rank[a] == rank[b]) & (a > b))
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    code = a * max(people.ids.size, 1) + b
    order, starts = _runs(code)
    first_at = np.minimum.reduceat(first_at[order], starts) if starts.size else first_at
    return levels.Links(a[order[starts]], b[order[starts]], first_at)


def _runs(codes: Ids) -> tuple[Places, Places]:
    """Order in which the codes ascend, and where in it each distinct code begins."""
    order = np.argsort(codes)
    ascending = codes[order]
    return order, np.flatnonzero(np.concatenate((np.ones(min(codes.size, 1), np.bool_), np.diff(ascending) != 0)))


class _Graph:
    """The state while links are taken: labels of the keys, which keys are shared and why."""

    def __init__(self, people: _Keys, links: levels.Links, rules: Rules, hubs: Ids) -> None:
        self._people, self._links, self._rules, self._hubs = people, links, rules, hubs
        size = people.ids.size
        self._neighbours = np.bincount(links.a, minlength=size) + np.bincount(links.b, minlength=size)
        self._reason = np.full(size, -1, np.int8)  # place in SHARED_REASONS, -1: not shared

    def resolve(self, decisions: Sequence[Decision]) -> tuple[Places, int]:
        """Label of each key, and how many links were refused."""
        self._mark_by_themselves()
        label, apart = self._decided(decisions)
        refused = 0
        traits = self._people.traits
        rank_b, within_kind = traits.rank[self._links.b], levels.is_within(self._links, traits)
        for rank, within in levels.ORDER:
            level = levels.Level(rank, within, label, apart, traits)
            if (rank, within) == (levels.EMAIL, False):
                self._mark("role", levels.crowded_roles(level, self._open(self._links)))
            links = self._open(self._links.take(np.flatnonzero((rank_b == rank) & (within_kind == within))))
            if not links.a.size:
                continue
            links, contradicted = levels.drop_contradicted(level, links)
            for reason, places in levels.shared_keys(level, links):
                self._mark(reason, places)
            label, left_out = levels.weld(level, self._open(links))
            refused += contradicted + left_out
        return label, refused

    def _mark_by_themselves(self) -> None:
        traits, rules, size = self._people.traits, self._rules, self._people.ids.size
        self._mark("placeholder", np.flatnonzero(traits.placeholder))
        links = self._open(self._links)
        seen_with = np.bincount(links.a, minlength=size) + np.bincount(links.b, minlength=size)
        self._mark("hub", np.flatnonzero(seen_with > rules.neighbours))
        emails = (traits.rank[links.a] == levels.USER) & (traits.rank[links.b] == levels.EMAIL)
        self._mark("hub", np.flatnonzero(np.bincount(links.a[emails], minlength=size) > rules.emails_per_user))
        phones = (traits.rank[links.a] < levels.PHONE) & (traits.rank[links.b] == levels.PHONE)
        self._mark("hub", np.flatnonzero(np.bincount(links.a[phones], minlength=size) > rules.phones_per_key))
        places, known = places_of(self._hubs, self._people.ids)
        self._mark("hub", places[known])

    def _mark(self, reason: str, places: Places) -> None:
        self._reason[places] = SHARED_REASONS.index(reason)

    def _open(self, links: levels.Links) -> levels.Links:
        """Links that no shared key takes part in."""
        shared = self._reason >= 0
        return links.take(np.flatnonzero(~(shared[links.a] | shared[links.b])))

    def _decided(self, decisions: Sequence[Decision]) -> tuple[Places, Places]:
        """Labels by decisions alone, and pairs of places (two columns) that must stay apart."""
        known = set[int]()
        named = np.array(sorted({key for each in decisions for key in (*each.left, *each.right)}), np.int64)
        places, found = places_of(named, self._people.ids)
        place_of = dict(zip(named[found].tolist(), places[found].tolist(), strict=True))
        known.update(place_of)
        joins, apart = partition_of(decisions, known)
        pairs = np.array([[place_of[x], place_of[y]] for x, y in joins], np.int64).reshape(-1, 2)
        held = np.array([[place_of[x], place_of[y]] for x, y in apart], np.int64).reshape(-1, 2)
        return connected(self._people.ids.size, pairs[:, 0], pairs[:, 1]), held

    def shared_keys(self) -> pa.Table:
        """The shared keys with reason and number of neighbours."""
        places = np.flatnonzero(self._reason >= 0)
        reasons = pa.array(SHARED_REASONS).take(pa.array(self._reason[places]))
        return pa.table(
            {
                "key": self._people.ids[places],
                "reason": reasons,
                "neighbours": self._neighbours[places].astype(np.int64),
            }
        )


def _canonical(people: _Keys, label: Places) -> Ids:
    """Id of the canonical key of each key's component."""
    by_time = np.argsort(people.first_at, kind="stable")  # the keys are in order of id already
    order = by_time[np.argsort(people.traits.rank[by_time], kind="stable")]
    best = np.empty(label.size, np.int64)
    best[label[order[::-1]]] = people.ids[order[::-1]]  # of repeated places the last assignment stays
    return best[label]


def places_of(ids: Ids, among: Ids) -> tuple[Places, npt.NDArray[np.bool_]]:
    """Place of each id among sorted ids, and whether it is there."""
    if not among.size:
        return np.zeros(ids.size, np.int64), np.zeros(ids.size, np.bool_)
    order = np.argsort(ids)  # neighbours are then found in memory that is near
    place = np.empty(ids.size, np.int64)
    place[order] = np.searchsorted(among, ids[order])
    place[place == among.size] = 0
    return place, among[place] == ids


def _column(table: pa.Table, name: str) -> Ids:
    found: Ids = table[name].to_numpy().astype(np.int64, copy=False)
    return found


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
