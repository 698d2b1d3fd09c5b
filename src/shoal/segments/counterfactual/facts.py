"""What would be told of a subscriber besides what is known: the example that a way to turn an answer brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from shoal.core.time import Instant
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Facts:
    """What would be told of a subscriber besides what is known."""

    events: tuple[Event, ...] = ()
    traits: tuple[TraitStatement, ...] = ()
    consents: tuple[ConsentStatement, ...] = ()
    identified: bool = False  # whether it would be told who they are

    def __len__(self) -> int:
        return len(self.events) + len(self.traits) + len(self.consents) + self.identified

    def added_to(self, history: History) -> History:
        """The history with these facts in it; their ids come after all that are known."""
        known = [one.event_id for told in (history.events, history.traits, history.consents) for one in told]
        first = max(known, default=0) + 1
        numbers = iter(range(first, first + len(self)))
        return replace(
            history,
            identified=history.identified or self.identified,
            events=(*history.events, *(replace(one, event_id=next(numbers)) for one in self.events)),
            traits=(*history.traits, *(replace(one, event_id=next(numbers)) for one in self.traits)),
            consents=(*history.consents, *(replace(one, event_id=next(numbers)) for one in self.consents)),
        )

    def later(self, by: int) -> Facts:
        """The same facts, so many milliseconds later."""
        return replace(
            self,
            events=tuple(replace(one, at=Instant(one.at + by)) for one in self.events),
            traits=tuple(
                replace(one, at=Instant(one.at + by), received_at=Instant(one.received_at + by)) for one in self.traits
            ),
            consents=tuple(
                replace(one, at=Instant(one.at + by), received_at=Instant(one.received_at + by))
                for one in self.consents
            ),
        )


NOTHING = Facts()


def together(several: Iterable[Facts]) -> Facts:
    """All of them; what several have in common counts for each of them."""
    listed = list(several)
    return Facts(
        _union([one.events for one in listed]),
        _union([one.traits for one in listed]),
        _union([one.consents for one in listed]),
        any(one.identified for one in listed),
    )


def added(several: Iterable[Facts]) -> Facts:
    """All of them, one after the other; each counts by itself."""
    listed = list(several)
    return Facts(
        tuple(fact for one in listed for fact in one.events),
        tuple(fact for one in listed for fact in one.traits),
        tuple(fact for one in listed for fact in one.consents),
        any(one.identified for one in listed),
    )


def _union(several: Sequence[Sequence[T]]) -> tuple[T, ...]:
    """Each as often as it is in the one that has it most often."""
    counted: Counter[str] = Counter()
    for told in several:
        counted |= Counter(map(repr, told))
    kept: list[T] = []
    for one in (one for told in several for one in told):
        if counted[repr(one)] > 0:
            counted[repr(one)] -= 1
            kept.append(one)
    return tuple(kept)
