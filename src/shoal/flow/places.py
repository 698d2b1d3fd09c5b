"""Where the subscriber of each key has their place: one lookup for a whole column of keys.

A join would do, but it hashes millions of keys again for every event name that is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

_STEPS = 64
"""So many slots are looked at one by one; only keys that lie unevenly need more, and are searched for."""

_FREE = -1


@dataclass(frozen=True, slots=True)
class Places:
    """A table of keys with room between them, and of the place of each.

    Ids of keys are evenly spread hashes, so the leading bits of a key tell its slot; where that is taken the next free
    one is the key's. Keys stand in ascending order, so a greater one ends a search, as a free slot does.

    >>> places = Places.of(np.array([10, 40, 70]), np.array([2, 0, 2]))
    >>> places.find(np.array([70, 11, 10, 99])).tolist()
    [2, -1, 2, -1]
    """

    keys: Numbers  # by slot
    places: npt.NDArray[np.int32]  # by slot
    taken: Numbers  # slots with a key, ascending
    shift: int  # how many bits stand behind the leading ones

    @classmethod
    def of(cls, keys: Numbers, places: Numbers) -> Places:
        """A lookup of distinct keys in ascending order; places and keys are 0 or greater."""
        most = int(keys[-1]) if len(keys) else 0
        shift = max(0, most.bit_length() - len(keys).bit_length() - 1)
        number = np.arange(len(keys))
        taken = np.maximum.accumulate((keys >> shift) - number) + number
        slots = (int(taken[-1]) if len(keys) else 0) + 2  # the last one stays free
        found = cls(np.full(slots, _FREE), np.full(slots, -1, np.int32), taken, shift)
        found.keys[taken], found.places[taken] = keys, places
        return found

    def find(self, keys: Numbers) -> Numbers:
        """The place of each key's subscriber; -1 where nobody has the key."""
        slots = keys >> self.shift
        found = self.keys.take(slots, mode="clip")  # twice as fast as where every number is checked
        rest = np.flatnonzero((found < keys) & (found != _FREE))
        for _ in range(_STEPS):
            if not len(rest):
                break
            slots[rest] += 1
            there = self.keys.take(slots[rest], mode="clip")
            found[rest] = there
            rest = rest[(there < keys[rest]) & (there != _FREE)]
        if len(rest):
            slots[rest] = self._searched(keys[rest])
            found[rest] = self.keys[slots[rest]]
        return np.where(found == keys, self.places.take(slots, mode="clip"), np.int64(-1))

    def _searched(self, keys: Numbers) -> Numbers:
        """The slots where keys would be, by halving."""
        number = np.searchsorted(self.keys[self.taken], keys)
        return np.append(self.taken, len(self.keys) - 1)[number]
