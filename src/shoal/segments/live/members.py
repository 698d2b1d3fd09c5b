"""Memberships: a bit for each subscriber and segment.

Plain bits, not compressed ones: 100 segments of a million people take 13 MB. The bits of a subscriber lie side by side,
so whatever happens to somebody reads and writes one place in memory for all segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shoal.segments.live.edges import Places, Truth, Whole

Bits = npt.NDArray[np.uint8]

_BLOCK = 1 << 16
"""Subscribers whose bits are counted together."""


@dataclass(slots=True)
class Members:
    """Who is in which segment, by their places."""

    names: tuple[str, ...] = ()
    bits: Bits = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    _sizes: Whole = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def of(cls, names: tuple[str, ...], bits: Bits) -> Members:
        """From stored bits."""
        sizes = np.zeros(len(names), np.int64)
        for start in range(0, len(bits), _BLOCK):
            sizes += _unpacked(bits[start : start + _BLOCK], len(names)).sum(axis=0, dtype=np.int64)
        return cls(names, bits, sizes)

    def rename(self, names: tuple[str, ...], people: int) -> None:
        """Keep these segments; those that are new have no members yet."""
        known = {name: number for number, name in enumerate(self.names)}
        bits = np.zeros((people, _bytes(len(names))), np.uint8)
        sizes = np.zeros(len(names), np.int64)
        rows = min(people, len(self.bits))
        for number, name in enumerate(names):
            if name in known:
                old = known[name]
                bit = (self.bits[:rows, old >> 3] >> np.uint8(old & 7)) & np.uint8(1)
                bits[:rows, number >> 3] |= bit << np.uint8(number & 7)
                sizes[number] = self._sizes[old]
        self.names, self.bits, self._sizes = names, bits, sizes

    def grow(self, people: int) -> None:
        """Make room."""
        missing = people - len(self.bits)
        if missing > 0:
            self.bits = np.pad(self.bits, ((0, max(missing, len(self.bits) // 8)), (0, 0)))

    def holds(self, number: int, who: Places) -> Truth:
        """Whether they are members."""
        found: Truth = ((self.bits[who, number >> 3] >> np.uint8(number & 7)) & 1).astype(np.bool_)
        return found

    def decide(self, where: slice, members: Sequence[Truth], *, silent: bool) -> tuple[Places, Places]:
        """Set who of neighbouring places is a member of each segment.

        Gives the places and segments at which something changed; none when `silent`.
        """
        packed = _packed(np.stack(members, axis=1)) if members else np.zeros((where.stop - where.start, 0), np.uint8)
        block = self.bits[where.start : where.start + len(packed)]
        before = _unpacked(block, len(self.names))
        self._sizes += _sums(members) - before.sum(axis=0, dtype=np.int64)
        nothing = np.empty(0, np.int64)
        changed = (nothing, nothing) if silent else np.nonzero(before != _unpacked(packed, len(self.names)))
        block[:] = packed
        return changed[0] + where.start, changed[1]

    def follow(self, number: int, who: Places, members: Truth) -> Places:
        """Take what becomes of people step by step, in order of people; gives the rows with which something changes."""
        before = np.empty(len(who), np.bool_)
        before[1:] = members[:-1]
        fresh = _begins(who)
        before[fresh] = self.holds(number, who[fresh])
        changed = np.flatnonzero(members != before)
        flipped = who[changed]
        np.bitwise_xor.at(self.bits[:, number >> 3], flipped, np.uint8(1 << (number & 7)))
        self._sizes[number] += 2 * int(np.count_nonzero(members[changed])) - len(changed)
        return changed

    def follow_some(
        self, who: Places, numbers: Sequence[int], members: Sequence[Truth]
    ) -> tuple[Places, Places, Truth]:
        """The same for some segments at once; gives rows and segments with which something changes, and to what."""
        nothing = np.empty(0, np.int64)
        if not len(who) or not members:
            return nothing, nothing, np.empty(0, np.bool_)
        segments, now = np.array(numbers), np.stack(members, axis=1)
        before = np.empty_like(now)
        before[1:] = now[:-1]
        fresh = _begins(who)
        stored = _unpacked(self.bits[who[fresh]], len(self.names))
        before[fresh] = stored[:, segments]
        rows, places = np.nonzero(now != before)
        stored[:, segments] = now[np.append(fresh[1:] - 1, len(who) - 1)]
        self.bits[who[fresh]] = _packed(stored)
        entered: Truth = now[rows, places]
        found = segments[places]
        self._sizes += np.bincount(found, np.where(entered, 1, -1), len(self.names)).astype(np.int64)
        return rows, found, entered

    def places(self, segment: str, people: int) -> Places:
        """The members."""
        number = self.names.index(segment)
        return np.flatnonzero(self.bits[:people, number >> 3] & np.uint8(1 << (number & 7)))

    def sizes(self) -> dict[str, int]:
        """The number of members of each segment."""
        return dict(zip(self.names, self._sizes.tolist(), strict=True))


def _sums(members: Sequence[Truth]) -> Whole:
    """How many hold, of each."""
    return np.array([np.count_nonzero(each) for each in members], np.int64)


def _begins(who: Places) -> Places:
    """The first row of each."""
    first = np.ones(len(who), np.bool_)
    first[1:] = who[1:] != who[:-1]
    return np.flatnonzero(first)


def _packed(members: Truth) -> Bits:
    return np.packbits(members, axis=1, bitorder="little")


def _unpacked(bits: Bits, count: int) -> Truth:
    return np.unpackbits(bits, axis=1, count=count, bitorder="little").view(np.bool_)


def _bytes(segments: int) -> int:
    return (segments + 7) // 8
