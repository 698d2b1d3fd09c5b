"""What is so this instant, from the live reading itself: whoever asks may be on any thread of its process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.flow.current import Standing, Status
from shoal.segments import feed
from shoal.segments.live import Live, preview
from shoal.segments.live.prospects import leaving
from shoal.segments.nodes import Node
from shoal.store.database import Database


class InMemory:
    """The live reading of a running server, as `flow.current` has it. Every answer is of one instant."""

    def __init__(self, live: Live, versions: Mapping[str, int], newest: int, database: Database | None = None) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._live, self._versions, self._newest, self._database = live, dict(versions), newest, database

    @contextmanager
    def turn(self) -> Iterator[Live]:
        """Hold the live reading to change it; readers wait."""
        with self._changed:
            yield self._live

    def status(self) -> Status:
        """How far it is."""
        with self._changed:
            live = self._live
            return Status(live.now, self._newest, live.people.size, len(self._versions))

    def sizes(self) -> dict[str, int]:
        """The number of members of each segment."""
        with self._changed:
            return self._live.sizes()

    def versions(self) -> dict[str, int]:
        """The version of each segment that is followed."""
        with self._changed:
            return dict(self._versions)

    def members(self, segment: str, *, after: int | None = None, most: int = 100) -> list[int]:
        """Ids of some members, ascending: those greater than `after`. Raises UserError `unknown_segment`."""
        with self._changed:
            self._known(segment)
            ids = self._live.ids(segment)
        start = 0 if after is None else int(np.searchsorted(ids, after, side="right"))
        found: list[int] = ids[start : start + most].tolist()
        return found

    def standings(self, subscriber: int) -> list[Standing]:
        """The segments that somebody is in, by name; none for who is not known."""
        with self._changed:
            (place,) = self._live.people.places(np.array([subscriber]))
            members, where = self._live.members, np.array([place])
            inside = [
                name for number, name in enumerate(members.names) if place >= 0 and members.holds(number, where)[0]
            ]
            until = leaving(self._live, subscriber) if inside else {}
            versions = {name: self._versions[name] for name in inside}
        since: dict[str, Instant] = {}
        if self._database is not None and inside:
            with self._database.read() as connection:
                since = feed.entered_at(connection, subscriber, inside)
        return [Standing(name, versions[name], since.get(name), until.get(name)) for name in sorted(inside)]

    def everybody(self, segment: str) -> list[int] | None:
        """Ids of all members, ascending; None where the segment is not followed."""
        with self._changed:
            found: list[int] | None = self._live.ids(segment).tolist() if segment in self._versions else None
            return found

    def counts(self, nodes: Sequence[Node], segments: Mapping[str, Node]) -> tuple[Status, list[int | None]]:
        """How many definitions that nobody saved have; None where one needs what no saved segment counts."""
        with self._changed:
            return self.status(), [preview.size(self._live, node, segments) for node in nodes]

    def wait(self, after: int, timeout_s: float) -> int:
        """Wait until there are changes with greater numbers, or the time is up; gives the number of the newest."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest > after, timeout_s)
            return self._newest

    def replace(self, live: Live, versions: Mapping[str, int]) -> None:
        """Answer from another live reading, or of other definitions, from now on."""
        with self._changed:
            self._live, self._versions = live, dict(versions)

    def moved(self, newest: int) -> None:
        """Tell who waits that there are changes up to this number."""
        with self._changed:
            if newest != self._newest:
                self._newest = newest
                self._changed.notify_all()

    def _known(self, segment: str) -> None:
        if segment not in self._versions:
            raise UserError(
                "unknown_segment", f"There is no segment {segment!r}.", fix="`GET /v1/segments` lists them."
            )
