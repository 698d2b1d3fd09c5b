"""Which lake files may hold a record: the ids of all events in memory, eight bytes each.

A sorted word has the upper 48 bits of an id and the number of the turn that wrote it, so that a record that comes
again costs the look into a few files and not into all. Where two ids share their 48 bits a file is looked into for
nothing, once in some million records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from shoal.store import lake
from shoal.store.lake import LakeFile

Words = npt.NDArray[np.uint64]
Ids = npt.NDArray[np.int64]

_BITS = 16
_NUMBER = np.uint64((1 << _BITS) - 1)
_MOST = (1 << _BITS) - 2
"""Numbers of turns; when they are used up, those that compaction freed are given again."""

_GROWTH = 4  # a run is merged with the one before it once that is less than so many times as long


class Known:
    """The ids of all records in the lake, and the files that hold them."""

    def __init__(self) -> None:
        self._runs: list[Words] = []
        self._files: dict[int, tuple[LakeFile, ...]] = {}
        self._canonical = np.arange(1 << _BITS, dtype=np.uint64)  # compaction puts many numbers together
        self._next = 0

    @classmethod
    def of(cls, duck: duckdb.DuckDBPyConnection, folder: Path, files: Sequence[LakeFile]) -> Known:
        """Read the ids of these files."""
        known, words = cls(), []
        for some in _turns(files, most=_MOST // 2):
            number = known._number(some)
            words.append(_words(_ids_in(duck, folder, some), number))
        if words:
            known._add(np.concatenate(words))
        return known

    def files_of(self, ids: Ids) -> list[LakeFile]:
        """Files that may hold one of these records; no other does."""
        wanted = np.sort(ids.view(np.uint64) & ~_NUMBER)  # neighbours are found in the same memory
        numbers: set[int] = set()
        for run in self._runs:
            place = np.searchsorted(run, wanted)
            inside = np.flatnonzero(place < len(run))
            inside = inside[(run[place[inside]] & ~_NUMBER) == wanted[inside]]
            for start, prefix in zip(place[inside].tolist(), wanted[inside].tolist(), strict=True):
                end = int(np.searchsorted(run, np.uint64(prefix) | _NUMBER, side="right"))
                numbers.update(self._canonical[(run[start:end] & _NUMBER).astype(np.int64)].tolist())
        return list(dict.fromkeys(file for number in sorted(numbers) for file in self._files[number]))

    def add(self, ids: Ids, files: Sequence[LakeFile]) -> None:
        """Take the records of one turn, and the files that hold them."""
        if len(ids):
            self._add(_words(ids, self._number(files)))

    def replaced(self, small: Iterable[LakeFile], large: Sequence[LakeFile]) -> None:
        """Other files hold the records of some now."""
        gone = {file.path for file in small}
        moved = [number for number, files in self._files.items() if any(file.path in gone for file in files)]
        if not moved:
            return
        kept = [file for number in moved for file in self._files.pop(number) if file.path not in gone]
        self._files[moved[0]] = (*dict.fromkeys(kept), *large)
        self._canonical[np.isin(self._canonical, np.array(moved, np.uint64))] = moved[0]

    def _number(self, files: Sequence[LakeFile]) -> int:
        if self._next > _MOST:
            self._renumber()
        self._next += 1
        self._files[self._next - 1] = tuple(files)
        return self._next - 1

    def _renumber(self) -> None:
        """Give numbers from 0 on again."""
        new = {number: place for place, number in enumerate(self._files)}
        place_of = np.zeros(1 << _BITS, np.uint64)
        place_of[list(new)] = np.arange(len(new), dtype=np.uint64)
        for run in self._runs:
            run[:] = (run & ~_NUMBER) | place_of[self._canonical[(run & _NUMBER).astype(np.int64)].astype(np.int64)]
            run.sort()
        self._files = {place: self._files[number] for number, place in new.items()}
        self._canonical, self._next = np.arange(1 << _BITS, dtype=np.uint64), len(new)

    def _add(self, words: Words) -> None:
        words.sort()
        self._runs.append(words)
        while len(self._runs) > 1 and len(self._runs[-2]) < _GROWTH * len(self._runs[-1]):
            later = self._runs.pop()
            self._runs[-1] = np.concatenate((self._runs[-1], later))
            self._runs[-1].sort(kind="stable")


def _ids_in(duck: duckdb.DuckDBPyConnection, folder: Path, files: Sequence[LakeFile]) -> Ids:
    found: Ids = duck.sql(f"SELECT event_id FROM {lake.scan(folder, files)}").to_arrow_table()["event_id"].to_numpy()
    return found


def _turns(files: Sequence[LakeFile], most: int) -> list[list[LakeFile]]:
    """Files that were written together; of very many, several together."""
    found: dict[str, list[LakeFile]] = {}
    for file in files:
        found.setdefault(file.path.rpartition("-")[0], []).append(file)
    turns = list(found.values())
    size = -(-len(turns) // most)
    return [
        [file for turn in turns[start : start + size] for file in turn] for start in range(0, len(turns), size or 1)
    ]


def _words(ids: Ids, number: int) -> Words:
    words: Words = (ids.view(np.uint64) & ~_NUMBER) | np.uint64(number)
    return words
