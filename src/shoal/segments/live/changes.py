"""The change feed: who entered and who left which segment, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoal.core.time import Instant

COLUMNS = ("at", "subscriber", "segment", "entered", "asked")


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody entered a segment or left it.

    `asked` says that the `sql` reading told it of a declared gap: then `at` is when that became known, and it may
    have been so for a while, at most since the gap was asked the time before.
    """

    at: Instant
    subscriber: int
    segment: str
    entered: bool
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes in order of time, as columns of equal length; `segment` is a place in `names`."""

    names: tuple[str, ...]
    at: npt.NDArray[np.int64]
    subscriber: npt.NDArray[np.int64]
    segment: npt.NDArray[np.int64]
    entered: npt.NDArray[np.bool_]
    asked: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.at)

    def __iter__(self) -> Iterator[Change]:
        columns = (getattr(self, name).tolist() for name in COLUMNS)
        for at, subscriber, segment, entered, asked in zip(*columns, strict=True):
            yield Change(Instant(at), subscriber, self.names[segment], entered, asked)

    @classmethod
    def of(
        cls, names: Sequence[str], found: Sequence[tuple[npt.NDArray[np.generic], ...]], *, asked: bool = False
    ) -> Changes:
        """Put pieces (at, subscriber, segment, entered) together, in order of time."""
        types = (np.int64, np.int64, np.int64, np.bool_)
        columns = [
            np.concatenate([np.empty(0, kind), *(piece[place] for piece in found)]) for place, kind in enumerate(types)
        ]
        columns.append(np.full(len(columns[0]), asked))
        order = np.argsort(columns[0], kind="stable")
        return cls(tuple(names), *(column[order] for column in columns))

    @classmethod
    def joined(cls, parts: Sequence[Changes]) -> Changes:
        """Feeds of the same segments that follow one another."""
        first = parts[0]
        if len(parts) == 1:
            return first
        return cls(
            first.names,
            *(np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS),
        )

    def some(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Changes:
        """These rows of it."""
        return Changes(self.names, *(getattr(self, name)[rows] for name in COLUMNS))
