"""What is so this instant, for whoever asks a running server: answers come from the memory of its engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shoal.core.time import Instant
from shoal.segments.nodes import Node


@dataclass(frozen=True, slots=True)
class Standing:
    """One segment that somebody is in."""

    segment: str
    version: int  # of its definition
    since: Instant | None  # None: since before the change feed begins
    leaves_at: Instant | None  # when time alone takes them out; None: that is not in sight


@dataclass(frozen=True, slots=True)
class Status:
    """How far the engine is."""

    clock: Instant  # memberships are as of this instant
    newest: int  # number of the newest change
    people: int  # identified subscribers
    segments: int


class Current(Protocol):
    """The live reading of a running server. Every answer is of one instant, and any thread may ask."""

    def status(self) -> Status:
        """How far it is."""

    def sizes(self) -> dict[str, int]:
        """The number of members of each segment."""

    def versions(self) -> dict[str, int]:
        """The version of each segment that is followed."""

    def members(self, segment: str, *, after: int | None = None, most: int = 100) -> list[int]:
        """Ids of some members, ascending: those greater than `after`. Raises UserError `unknown_segment`."""

    def everybody(self, segment: str) -> list[int] | None:
        """Ids of all members, ascending; None where the segment is not followed."""

    def standings(self, subscriber: int) -> list[Standing]:
        """The segments that somebody is in, by name; none for who is not known."""

    def counts(self, nodes: Sequence[Node], segments: Mapping[str, Node]) -> tuple[Status, list[int | None]]:
        """How many definitions that nobody saved have; None where one needs what no saved segment counts."""

    def wait(self, after: int, timeout_s: float) -> int:
        """Wait until there are changes with greater numbers, or the time is up; gives the number of the newest.

        It never waits for the engine's work, so with no time it may be asked where nothing may wait.
        """
