"""Where the subscriber of each key has their place: one lookup for a whole column of keys.

A join would do, but it hashes millions of keys again for every event name that is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

_STEPS = 6
"""So many keys of one beginning are looked at one by one; only of keys that lie unevenly there are more."""


@dataclass(frozen=True, slots=True)
class Places:
    """Keys in ascending order, and the place of each.

    Ids of keys are evenly spread hashes, so there are one or two keys with the same leading bits, or none. The other
    bits of a key and its place are packed into one number: memory is looked at twice for a key, whatever their number.

    >>> places = Places.of(np.array([10, 40, 70]), np.array([2, 0, 2]))
    >>> places.find(np.array([70, 11, 10, 99])).tolist()
    [2, -1, 2, -1]
    """

    keys: Numbers
    packed: Numbers  # of each key the bits behind the leading ones, then its place; a last one that nobody has
    starts: npt.NDArray[np.int32]  # for all leading bits, from 0 on, where their keys begin
    shift: int  # how many bits stand behind the leading ones
    width: int  # how many bits a place has

    @classmethod
    def of(cls, keys: Numbers, places: Numbers) -> Places:
        """A lookup of distinct keys in ascending order; places and keys are 0 or greater, places below their number."""
        most = int(keys[-1]) if len(keys) else 0
        width = len(keys).bit_length()
        shift = max(0, most.bit_length() - width)
        starts = np.searchsorted(keys, np.arange((most >> shift) + 1) << shift)
        packed = ((keys & ((1 << shift) - 1)) << width) | places
        return cls(keys, np.append(packed, -1), np.append(starts, len(keys)).astype(np.int32), shift, width)

    def find(self, keys: Numbers) -> Numbers:
        """The place of each key's subscriber; -1 where nobody has the key."""
        leading = np.clip(keys >> self.shift, 0, len(self.starts) - 2)
        slots, ends = self.starts[leading], self.starts[leading + 1]
        wanted = keys & ((1 << self.shift) - 1)
        found = self.packed[slots]
        rest = np.flatnonzero((found >> self.width != wanted) & (slots < ends))
        for _ in range(_STEPS):
            slots[rest] += 1
            found[rest] = self.packed[slots[rest]]
            rest = rest[(found[rest] >> self.width != wanted[rest]) & (slots[rest] < ends[rest])]
        slots[rest] = np.searchsorted(self.keys, keys[rest])
        found[rest] = self.packed[slots[rest]]
        places: Numbers = found & ((1 << self.width) - 1)
        places[(found >> self.width != wanted) | (slots >= ends) | (keys >> self.shift != leading)] = -1
        return places
