"""When a declared gap has to be asked of the `sql` reading again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shoal.segments.live.concerns import concern, concerns_of
from shoal.segments.live.edges import ALWAYS, NEVER
from shoal.segments.live.facts import Mentioned
from shoal.segments.live.gaps import Gap, gap_of
from shoal.segments.lowered import Core


@dataclass(slots=True)
class Asking:
    """When one declared gap was asked, and what was told since that concerns it.

    The clock strikes at whole multiples of the gap's period since 1970: days begin on a quarter of an hour in all
    zones now in use, so what changes with the calendar is asked at the very instant.
    """

    gap: Gap
    concerns: frozenset[Mentioned]
    last: int = ALWAYS  # when it was asked; ALWAYS: not yet
    owed: set[int] = field(default_factory=set)  # instants at which it has to be asked for the sake of facts

    @classmethod
    def of(cls, core: Core) -> Asking:
        """For a lowered condition, not asked yet."""
        gap = gap_of(core)
        assert gap is not None, "only declared gaps are asked"
        return cls(gap, concerns_of(core))

    @property
    def due(self) -> int:
        """The next instant at which it has to be asked; ALWAYS before the first time, NEVER where no time does."""
        if self.last == ALWAYS:
            return ALWAYS
        every = self.gap.every
        strikes = NEVER if every is None else (self.last // every.ms + 1) * every.ms
        return min(strikes, *self.owed) if self.owed else strikes

    def asked(self, now: int) -> None:
        """It was asked."""
        self.last = now
        self.owed = {at for at in self.owed if at > now}

    def told(self, names: Mapping[Mentioned, int], now: int) -> None:
        """Facts of these names were told, by their newest instants; those to come are asked for when they are there."""
        newest = [at for one, at in names.items() if concern(self.concerns, one)]
        if newest:
            self.owed |= {now, max(now, *newest)}
