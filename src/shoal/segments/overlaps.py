"""Who is in which of several segments, and how much these overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shoal.core.time import Instant
from shoal.segments.nodes import Node
from shoal.segments.sql import many

_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many members a segment shares with another."""

    other: str
    shared: int
    share: float  # of the segment's own members, 0 to 1


@dataclass(frozen=True)
class Memberships:
    """The members of several segments at one instant."""

    now: Instant
    names: tuple[str, ...]
    table: pa.Table  # as `many.memberships` gives it

    @classmethod
    def read(
        cls, duck: duckdb.DuckDBPyConnection, asked: Mapping[str, Node], now: Instant, segments: Mapping[str, Node]
    ) -> Memberships:
        """Ask for all of them in one query; `segments` are those that they may refer to."""
        return cls(now, tuple(asked), many.memberships(duck, asked, now, segments))

    def joined(self, other: Memberships) -> Memberships:
        """Both together; they are of the same instant and have no name in common."""
        width = len(self.names)
        renamed = other.table.rename_columns(["subscriber", *(str(width + place) for place in range(len(other.names)))])
        both = self.table.join(renamed, "subscriber", join_type="full outer")
        columns = [pc.fill_null(both[str(place)], False) for place in range(width + len(other.names))]
        names = ["subscriber", *map(str, range(len(columns)))]
        return Memberships(self.now, self.names + other.names, pa.table([both["subscriber"], *columns], names=names))

    def of(self, name: str) -> npt.NDArray[np.int64]:
        """Ids of the members of one segment, in no order."""
        belongs = self.table[str(self.names.index(name))]
        found: npt.NDArray[np.int64] = self.table["subscriber"].filter(belongs).to_numpy()
        return found

    @cached_property
    def shared(self) -> npt.NDArray[np.int64]:
        """How many members each two segments share, in the order of `names`; the diagonal has their sizes."""
        width = len(self.names)
        found = np.zeros((width, width), np.int64)
        columns = [self.table[str(place)].to_numpy() for place in range(width)]
        for start in range(0, self.table.num_rows, _ROWS):
            # Exact: a float32 holds every whole number up to 2**24, and a part has fewer rows.
            part = np.stack([one[start : start + _ROWS] for one in columns]).astype(np.float32)
            found += (part @ part.T).astype(np.int64)
        return found

    def overlaps(self, name: str) -> tuple[Overlap, ...]:
        """The other segments with which one shares members, the largest number first."""
        own = self.names.index(name)
        row, size = self.shared[own], int(self.shared[own, own])
        found = [
            Overlap(other, int(row[place]), int(row[place]) / size)
            for place, other in enumerate(self.names)
            if place != own and row[place]
        ]
        return tuple(sorted(found, key=lambda one: (-one.shared, one.other)))
