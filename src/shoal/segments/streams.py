"""A stream: the events of one name, or names with one beginning, that pass all filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.core.zones import Zone
from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.filters import Filter, read_filter
from shoal.segments.history import Event
from shoal.segments.local import LocalTimes, local_from
from shoal.segments.operators.words import quoted
from shoal.segments.values import Json, check_text

NOUNS = {"opens": "Email Opened", "clicks": "Email Link Clicked", "orders": "Order Completed", "visits": "Page Viewed"}
"""Short names of events in sentences."""

BY_A_PERSON = PropertyFilter(("machine",), Comparison("is_not", True))
"""What `by a person` adds: events marked as made by a machine don't count."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Events that a condition counts. An `event` that ends in `*` means every name that begins so."""

    event: str
    where: tuple[Filter, ...] = ()  # all must hold
    by_person: bool = False
    local: LocalTimes | None = None  # when, by the subscriber's clocks

    def __post_init__(self) -> None:
        check_text(self.event, "The event's name")

    @property
    def prefix(self) -> str | None:
        """The beginning that names share; None where one name is meant."""
        return self.event[:-1] if self.event.endswith("*") else None

    @property
    def filters(self) -> tuple[Filter, ...]:
        """All filters, with the one of `by a person`."""
        return (*self.where, BY_A_PERSON) if self.by_person else self.where

    def named(self, name: str) -> bool:
        """Whether an event of this name is meant."""
        return name == self.event if self.prefix is None else name.startswith(self.prefix)

    def matches(self, event: Event, now: Instant, zone: Zone) -> bool:
        """The oracle's reading; `zone` is where the subscriber is at the instant `now`."""
        return self.named(event.name) and self.passes(event, now, zone)

    def passes(self, event: Event, now: Instant, zone: Zone) -> bool:
        """The same for an event that has the name."""
        passed = all(one.holds(event.properties, now) for one in self.filters)
        return passed and (self.local is None or self.local.holds(event.at, now, zone))

    def moments(self, events: Iterable[Event], lags: tuple[int, ...], zones: Iterable[Zone]) -> Iterator[Instant]:
        """Instants at which an answer about these events may change: when they happen and by time alone.

        `zones` are all in which the subscriber ever was.
        """
        for event in events:
            if self.named(event.name):
                yield event.at
                yield from (Instant(event.at + lag) for lag in lags)
                for one in self.filters:
                    yield from one.moments(event.properties)
                if self.local is not None:
                    for zone in zones:
                        yield from self.local.turns(event.at, zone)

    def english_filters(self) -> str:
        """` by a person where path starts with "/pricing" today`, with a leading blank; empty without filters."""
        person = " by a person" if self.by_person else ""
        tests = [f"where {one.english()}" for one in self.where]
        local = f" {self.local.english()}" if self.local else ""
        return person + (f" {' and '.join(tests)}" if tests else "") + local

    def english_noun(self) -> str:
        """`opens`, `"Video Watched" events`, with the filters."""
        name = self.english_name()
        return f"{name if name in NOUNS else f'{name} events'}{self.english_filters()}"

    def english_name(self) -> str:
        """`opens`, `"Video Watched"`."""
        nouns = {event: noun for noun, event in NOUNS.items()}
        return nouns.get(self.event, quoted(self.event))

    def to_data(self, key: str) -> dict[str, Json]:
        """`{"did": "Product Viewed", "where": […]}`."""
        found: dict[str, Json] = {key: self.event}
        if self.where:
            found["where"] = [one.to_data() for one in self.where]
        if self.by_person:
            found["by_person"] = True
        if self.local is not None:
            found["local"] = self.local.to_data()
        return found


STREAM_KEYS = ("where", "by_person", "local")


def stream_from(data: Mapping[str, Any], key: str, where: str) -> Stream:
    """The inverse of `Stream.to_data`; raises UserError for anything else."""
    event = data[key]
    if not isinstance(event, str) or not event:
        raise UserError(
            "incomplete_condition", "The condition names no event.", where=f"{where}.{key}", fix="Name the event."
        )
    filters = data.get("where", [])
    if not isinstance(filters, list) or ("where" in data and not filters):
        raise UserError(
            "incomplete_condition", "The filters are not a list of filters.", where=f"{where}.where", fix="Write [{…}]."
        )
    by_person = data.get("by_person", False)
    if not isinstance(by_person, bool):
        raise UserError(
            "bad_value", "by_person is neither true nor false.", where=f"{where}.by_person", fix="Write true."
        )
    local = local_from(data["local"], f"{where}.local") if "local" in data else None
    tests = tuple(read_filter(one, f"{where}.where[{place}]") for place, one in enumerate(filters))
    return Stream(event, tests, by_person, local)


GRAMMAR = r"""
counted: NOUN -> counted_noun
    | STRING "events" -> counted_event
by_person: "by" "a" "person"
_clause: filters | by_person | window | times | _local
"""
