"""Whose each identity key is, while the server runs: known from the start, and kept up to date by differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shoal.flow.places import Places
from shoal.ingest.keys import IDENTIFYING
from shoal.segments.live import Persons
from shoal.segments.live.people import Ids


class Whose:
    """The place of the subscriber of each key; as `facts.Finder`."""

    def __init__(self, known: Places) -> None:
        self._known = known
        self._keys, self._places = np.empty(0, np.int64), np.empty(0, np.int64)  # those that changed, by key

    def find(self, keys: Ids) -> Ids:
        """Places; -1 where nobody has the key."""
        found = self._known.find(keys)
        if len(self._keys):
            where = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
            changed = np.flatnonzero(self._keys[where] == keys)
            found[changed] = self._places[where[changed]]
        return found

    def update(self, keys: Ids, places: Ids) -> None:
        """From now on these keys, each named once, belong there."""
        stays = ~np.isin(self._keys, keys)
        keys, places = np.concatenate((self._keys[stays], keys)), np.concatenate((self._places[stays], places))
        order = np.argsort(keys, kind="stable")
        self._keys, self._places = keys[order], places[order]


@dataclass(frozen=True, slots=True)
class Moves:
    """What a resolve changed, for the live reading."""

    keys: Ids  # that were looked at
    subscribers: Ids  # beside each, whose it is
    gone: Ids  # subscribers that are others now
    into: Ids  # beside each, who
    persons: Persons  # all that were looked at, as they are now, and those that are gone
    is_split: bool  # whether somebody became several, so that the lake has to be read again


def moves(people: pa.Table, before: Ids) -> Moves:
    """Compare the keys that a resolve looked at (`key`, `kind`, `subscriber`) with whose they were (-1: nobody's).

    All keys of everybody who is touched are among them.
    """
    now = people["subscriber"].to_numpy()
    kinds = people["kind"].combine_chunks()
    identifying = np.asarray(pc.is_in(kinds, pa.array(sorted(IDENTIFYING))), np.bool_)
    ids, place = np.unique(now, return_inverse=True)
    identified = np.zeros(len(ids), np.bool_)
    np.logical_or.at(identified, place, identifying)
    pairs = np.unique(np.stack((before, now), axis=1)[before >= 0], axis=0)
    moved = pairs[pairs[:, 0] != pairs[:, 1]]
    gone = moved[:, 0]
    is_split = len(np.unique(pairs[:, 0])) < len(pairs)
    there = np.isin(gone, ids, invert=True)
    everybody = np.concatenate((ids, gone[there]))
    present = np.arange(len(everybody)) < len(ids)
    persons = Persons(everybody, present, np.concatenate((identified, np.zeros(len(everybody) - len(ids), np.bool_))))
    return Moves(people["key"].to_numpy(), now, gone, moved[:, 1], persons, is_split or not bool(there.all()))
