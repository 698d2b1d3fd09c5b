"""The universe: every subscriber has a place, from 0 on, that stays theirs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shoal.segments.live.edges import Places, Truth

Ids = npt.NDArray[np.int64]


def _empty() -> Ids:
    return np.empty(0, np.int64)


@dataclass(slots=True)
class People:
    """Ids of subscribers by place, and who may be a member.

    Those who are gone keep an empty place: `present` is false there.
    """

    ids: Ids = field(default_factory=_empty)
    present: Truth = field(default_factory=lambda: np.empty(0, np.bool_))
    identified: Truth = field(default_factory=lambda: np.empty(0, np.bool_))  # and present
    _sorted: Ids = field(default_factory=_empty)
    _order: Ids = field(default_factory=_empty)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size(self) -> int:
        """How many identified subscribers there are."""
        return int(np.count_nonzero(self.identified))

    def places(self, ids: Ids) -> Places:
        """Where they are; -1 for those who are not known."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        found = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        return np.where(self._sorted[found] == ids, self._order[found], -1)

    def append(self, ids: Ids) -> None:
        """Give places to new ids, not yet present; each is new and named once."""
        if not len(ids):
            return
        start = len(self.ids)
        order = np.argsort(ids, kind="stable")
        where = np.searchsorted(self._sorted, ids[order])
        self._sorted = np.insert(self._sorted, where, ids[order])
        self._order = np.insert(self._order, where, order + start)
        self.ids = np.concatenate((self.ids, ids))
        nobody = np.zeros(len(ids), np.bool_)
        self.present = np.concatenate((self.present, nobody))
        self.identified = np.concatenate((self.identified, nobody))
