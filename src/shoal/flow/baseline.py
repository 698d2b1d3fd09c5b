"""Who was a member when the feed was last written down whole: what a new start compares with.

With the changes that were told since, it says exactly what the feed has told, whatever was imported, merged or defined
while no server ran.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shoal.core.failures import replacing
from shoal.segments import feed
from shoal.segments.live import Changes, Live
from shoal.segments.live.members import Members
from shoal.segments.live.people import Ids

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """Members of each segment, as the feed has told."""

    members: Mapping[str, Ids]  # ascending

    def differences(self, live: Live, only: Collection[str] | None = None) -> Changes:
        """What has to be told so that the feed says what the live reading does, at its clock's instant.

        Of all segments, or of some.
        """
        names = tuple(sorted({*self.members, *live.members.names} if only is None else only))
        found: list[tuple[npt.NDArray[np.generic], ...]] = []
        for number, name in enumerate(names):
            told = self.members.get(name, np.empty(0, np.int64))
            now = live.ids(name) if name in live.members.names else np.empty(0, np.int64)
            for who, entered in ((np.setdiff1d(now, told, True), True), (np.setdiff1d(told, now, True), False)):
                size = len(who)
                found.append((np.full(size, live.now), who, np.full(size, number), np.full(size, entered)))
        return Changes.of(names, found)


def save(folder: Path, live: Live, number: int) -> None:
    """Write down the members as of the change of this number."""
    folder.mkdir(parents=True, exist_ok=True)
    ids, names = live.people.ids, np.array(live.members.names)
    with replacing(folder / "members.npz") as path, path.open("wb") as file:
        np.savez(file, names=names, about=np.array([_VERSION, number]), ids=ids, bits=live.members.bits[: len(ids)])


def load(folder: Path, connection: sa.Connection) -> Baseline | None:
    """What the feed has told; None where nothing that can be read was written down, or the feed begins after it."""
    try:
        with np.load(folder / "members.npz", allow_pickle=False) as stored:
            version, number = stored["about"].tolist()
            ids, kept = stored["ids"], Members.of(tuple(stored["names"].tolist()), stored["bits"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    if version != _VERSION or not feed.oldest(connection) - 1 <= number <= feed.newest(connection):
        return None
    members = {name: np.sort(ids[kept.places(name, len(ids))]) for name in kept.names}
    return Baseline(_followed(members, connection, number))


def _followed(members: dict[str, Ids], connection: sa.Connection, number: int) -> dict[str, Ids]:
    """Members after all changes with greater numbers."""
    told = [rows.select(["subscriber", "segment", "entered"]) for _, _, rows in feed.batches(connection, after=number)]
    if not told:
        return members
    rows = pa.concat_tables(told)
    for name in pc.unique(rows["segment"]).to_pylist():
        own = rows.filter(pc.equal(rows["segment"], name))
        who, entered = own["subscriber"].to_numpy()[::-1], own["entered"].to_numpy(zero_copy_only=False)[::-1]
        who, last = np.unique(who, return_index=True)
        rest = np.setdiff1d(members.get(name, np.empty(0, np.int64)), who, assume_unique=True)
        members[name] = np.sort(np.concatenate((rest, who[entered[last]])))
    return members
