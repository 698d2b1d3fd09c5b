"""Memberships: a bit for each subscriber and segment.

Plain bits, not compressed ones: 100 segments of a million people take 12.5 MB, and are read and
changed for many people at once by NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shoal.segments.live.edges import Places, Truth

Bits = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Members:
    """Who is in which segment, by their places."""

    names: tuple[str, ...] = ()
    bits: Bits = field(default_factory=lambda: np.zeros((0, 0), np.uint8))

    def rename(self, names: tuple[str, ...], people: int) -> None:
        """Keep these segments; those that are new have no members yet."""
        known = {name: number for number, name in enumerate(self.names)}
        bits = np.zeros((len(names), _bytes(people)), np.uint8)
        for number, name in enumerate(names):
            if name in known:
                bits[number, : self.bits.shape[1]] = self.bits[known[name]]
        self.names, self.bits = names, bits

    def grow(self, people: int) -> None:
        """Make room."""
        missing = _bytes(people) - self.bits.shape[1]
        if missing > 0:
            spare = max(missing, self.bits.shape[1] // 8)
            self.bits = np.pad(self.bits, ((0, 0), (0, spare)))

    def holds(self, number: int, who: Places) -> Truth:
        """Whether they are members."""
        row = self.bits[number]
        found: Truth = ((row[who >> 3] >> (who & 7).astype(np.uint8)) & 1).astype(np.bool_)
        return found

    def decide(self, number: int, where: slice, members: Truth, *, silent: bool) -> Places:
        """Set who of neighbouring places is a member; gives those who changed, none when `silent`.

        The stretch begins at a multiple of eight.
        """
        packed = np.packbits(members, bitorder="little")
        row = self.bits[number, where.start // 8 : where.start // 8 + len(packed)]
        changed = np.empty(0, np.int64)
        if not silent:
            changed = np.flatnonzero(np.unpackbits(row ^ packed, bitorder="little")) + where.start
        row[:] = packed
        return changed

    def follow(self, number: int, who: Places, members: Truth) -> Places:
        """Take what becomes of people step by step, in order of people; gives the rows with which something changes."""
        before = np.empty(len(who), np.bool_)
        before[1:] = members[:-1]
        first = np.ones(len(who), np.bool_)
        first[1:] = who[1:] != who[:-1]
        fresh = np.flatnonzero(first)
        before[fresh] = self.holds(number, who[fresh])
        changed = np.flatnonzero(members != before)
        flipped = who[changed]
        np.bitwise_xor.at(self.bits[number], flipped >> 3, (1 << (flipped & 7)).astype(np.uint8))
        return changed

    def places(self, segment: str, people: int) -> Places:
        """The members."""
        row = self.bits[self.names.index(segment)]
        return np.flatnonzero(np.unpackbits(row, count=people, bitorder="little"))

    def sizes(self) -> dict[str, int]:
        """The number of members of each segment."""
        counts = np.bitwise_count(self.bits).sum(axis=1, dtype=np.int64).tolist()
        return dict(zip(self.names, counts, strict=True))


def _bytes(people: int) -> int:
    return (people + 7) // 8
