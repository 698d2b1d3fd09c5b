"""What is known of one subscriber: the oracle's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shoal.core.time import Instant
from shoal.core.zones import Zone, names, zone
from shoal.profiles import consent, traits
from shoal.segments.local import TRAIT
from shoal.segments.values import Json


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one instant."""

    event_id: int
    name: str
    at: Instant
    properties: Mapping[str, Json] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class TraitStatement:
    """A value that a trait was stated to have from an instant on; None unsets it."""

    name: str
    value: Json
    at: Instant
    received_at: Instant
    event_id: int
    source: str = ""


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
    method: str | None = None  # "double_opt_in", "form"
    contact: int = 0  # which of the source's contacts: an id of a key
    address: int = 0  # which address or number it is about: an id of a key; 0: about the person
    changed: int = 0  # without a date: when the row that shows it last changed; 0 where the row doesn't say


@dataclass(frozen=True, slots=True)
class History:
    """Everything that was ever recorded about one subscriber, in any order."""

    subscriber: int = 0
    identified: bool = True
    events: tuple[Event, ...] = ()
    traits: tuple[TraitStatement, ...] = ()
    consents: tuple[ConsentStatement, ...] = ()
    default_zone: str = "UTC"  # the workspace's

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

    def zone(self) -> Zone:
        """Where the subscriber is: their trait `timezone`, the workspace's zone where that names none."""
        stated = self.trait(TRAIT)
        return zone(str(stated.value) if stated and _names_zone(stated.value) else self.default_zone)

    def zones(self) -> tuple[Zone, ...]:
        """All zones in which the subscriber ever was, the workspace's included."""
        stated = [str(one.value) for one in self.traits if one.name == TRAIT and _names_zone(one.value)]
        return tuple(map(zone, dict.fromkeys((self.default_zone, *stated))))


def _names_zone(value: Json) -> bool:
    return isinstance(value, str) and value in names()
