"""What is known of one subscriber: the oracle's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shoal.core.time import Instant
from shoal.profiles import consent, traits
from shoal.segments.values import Json


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one instant."""

    event_id: int
    name: str
    at: Instant
    properties: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TraitStatement:
    """A value that a trait was stated to have from an instant on; None unsets it."""

    name: str
    value: Json
    at: Instant
    received_at: Instant
    event_id: int


@dataclass(frozen=True, slots=True)
class ConsentStatement:
    """A state of consent from an instant on."""

    channel: str
    purpose: str
    state: str  # granted, denied or pending
    at: Instant
    received_at: Instant
    event_id: int
    source: str
    contact: int = 0  # which of the source's contacts: an id of a key


@dataclass(frozen=True, slots=True)
class History:
    """Everything that was ever recorded about one subscriber, in any order."""

    subscriber: int = 0
    identified: bool = True
    events: tuple[Event, ...] = ()
    traits: tuple[TraitStatement, ...] = ()
    consents: tuple[ConsentStatement, ...] = ()

    def until(self, now: Instant) -> History:
        """The part stamped at or before an instant."""
        return replace(
            self,
            events=tuple(one for one in self.events if one.at <= now),
            traits=tuple(one for one in self.traits if one.at <= now),
            consents=tuple(one for one in self.consents if one.at <= now),
        )

    def trait(self, name: str) -> TraitStatement | None:
        """The latest statement about a trait (`profiles.traits.latest`); None where there is none."""
        return traits.latest(one for one in self.traits if one.name == name)

    def consent(self, channel: str, purpose: str) -> ConsentStatement | None:
        """The statement that decides a consent (`profiles.consent.deciding`); None where there is none."""
        return consent.deciding(one for one in self.consents if (one.channel, one.purpose) == (channel, purpose))
