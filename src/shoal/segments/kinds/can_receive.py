"""Can receive: who allowed mail and whose address takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.counterfactual.on_statements import of_consent
from shoal.segments.counterfactual.ways import Never, Way
from shoal.segments.history import Event
from shoal.segments.kinds.opted_in import AboutConsent, purpose_of, suppressing
from shoal.segments.lowered import AllOf, AnyOf, ConsentHolds, Core, Count, CountWithin, Opposite
from shoal.segments.nodes import Detail, Kind, Person, Read
from shoal.segments.values import Json
from shoal.segments.windows import EVER


@dataclass(frozen=True, slots=True)
class CanReceive(AboutConsent):
    """Consent is granted, and nothing on record says that mail must not be sent all the same.

    >>> CanReceive("email", "marketing").english()
    'can receive email marketing'
    """

    def english(self) -> str:
        """`can receive email marketing`."""
        return f"can receive {self.about()}"

    def to_data(self) -> dict[str, Json]:
        """`{"can_receive": "email", "purpose": "marketing"}`."""
        return {"can_receive": self.channel, "purpose": self.purpose}

    def lower(self) -> Core:
        """Granted, without an event that suppresses. What platforms suppress is a refusal already."""
        granted = ConsentHolds(self.channel, self.purpose, ("granted",))
        events = tuple(CountWithin(Count(one, EVER), 1, None) for one in suppressing(self.channel))
        return AllOf((granted, Opposite(AnyOf(events)))) if events else granted

    def _state(self, person: Person) -> str | None:
        stated = person.history.consent(self.channel, self.purpose)
        return stated.state if stated else None

    def _events(self, person: Person) -> tuple[Event, ...]:
        return tuple(one for stream in suppressing(self.channel) for one in person.events(stream, EVER))

    def holds(self, person: Person) -> bool:
        """Look at the latest state, then for the events."""
        return self._state(person) == "granted" and not self._events(person)

    def detail(self, person: Person) -> Detail:
        """The state, and the events that suppress."""
        events = self._events(person)
        told = ", ".join((self._state(person) or "not set", *(one.name for one in events)))
        return Detail(
            told, "granted, and no hard bounce or complaint" if suppressing(self.channel) else "granted", events
        )

    def ways(self, person: Person) -> Iterator[Way]:
        """A grant or a refusal; what bounced stays so."""
        if self.holds(person):
            yield from of_consent(person, self.channel, self.purpose, "denied")
        elif self._events(person):
            yield Never("nothing: an address that bounced, or whose owner complained, stays suppressed")
        else:
            yield from of_consent(person, self.channel, self.purpose, "granted")

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the consent was stated or an event happened."""
        yield from AboutConsent.moments(self, person)
        for stream in suppressing(self.channel):
            yield from person.moments(stream, ())


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> CanReceive:
    fields.only(data, ("can_receive", "purpose"), where)
    return CanReceive(fields.name(data, "can_receive", where), purpose_of(data, where))


KIND = Kind(
    name="can receive",
    node=CanReceive,
    keys=("can_receive",),
    read=_read,
    rules=("can_receive",),
    grammar="""
can_receive: "can" "receive" word word
""",
    build={"can_receive": CanReceive},
)
