"""Local time now: the weekday and the hour where a subscriber is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from shoal.core.errors import require
from shoal.core.time import Instant
from shoal.core.zones import DAY
from shoal.segments import clocks, fields
from shoal.segments.counterfactual.ways import Wait, Way
from shoal.segments.local import WEEKDAYS, Hours, LocalTimes, Weekdays, local_from
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.binding import Binding
from shoal.segments.values import Json

FAR = 400
"""Days around what is known of a subscriber, and around now, for which `moments` lists the changes."""


@dataclass(frozen=True, slots=True)
class LocalTimeHolds:
    """It is one of these weekdays and hours where the subscriber is."""

    times: LocalTimes

    def scan(self, binding: Binding) -> exp.Select:
        """Everyone whose clocks show such a time now."""
        people = exp.select(exp.column("person").as_("subscriber", quoted=True))
        return people.from_(clocks.clocks(binding).subquery("clocks")).where(clocks.now_condition(self.times))


@dataclass(frozen=True, slots=True)
class LocalTime:
    """It is one of these weekdays, and between these hours, where the subscriber is.

    >>> LocalTime(LocalTimes(weekdays=(0,), hours=(540, 1020))).english()
    'it is a Monday between 9:00 and 17:00'
    """

    times: LocalTimes

    def __post_init__(self) -> None:
        fix = "Name weekdays or hours."
        require(self.times.days is None, "bad_value", "Calendar days are no time of the week.", fix=fix)

    def english(self) -> str:
        """`it is a Monday or Friday between 9:00 and 17:00`."""
        return f"it is {self.times.english_now()}"

    def to_data(self) -> dict[str, Json]:
        """`{"local_time": {"weekdays": ["monday"], "between": ["09:00", "17:00"]}}`."""
        return {"local_time": self.times.to_data()}

    def lower(self) -> LocalTimeHolds:
        """A query of its own."""
        return LocalTimeHolds(self.times)

    def holds(self, person: Person) -> bool:
        """Look at the clock."""
        return self.times.holds(person.now, person.now, person.history.zone())

    def detail(self, person: Person) -> Detail:
        """What the clock shows."""
        zone = person.history.zone()
        day, passed = divmod(zone.local(person.now), DAY)
        minutes = passed // 60_000
        shown = f"{WEEKDAYS[(day + 3) % 7].capitalize()} {minutes // 60}:{minutes % 60:02} in {zone.name}"
        return Detail(shown, self.times.english_now())

    def ways(self, _person: Person, /) -> Iterator[Way]:
        """Time alone."""
        yield Wait()

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the hours and days begin and end, for as long as something is known and a year on."""
        history = person.history
        known = [one.at for told in (history.events, history.traits, history.consents) for one in told]
        first = min([person.now, *known]) // DAY - FAR
        for zone in history.zones():
            for day in range(first, person.now // DAY + FAR):
                yield from self.times.edges(day, zone)
        yield from person.zone_moments()

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """None: without the trait `timezone` the workspace's zone is meant."""
        return iter(())


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> LocalTime:
    fields.only(data, ("local_time",), where)
    return LocalTime(local_from(data["local_time"], f"{where}.local_time", ("weekdays", "between")))


def _local_time(*said: Weekdays | Hours) -> LocalTime:
    weekdays = next((one.numbers for one in said if isinstance(one, Weekdays)), ())
    hours = next(((one.start, one.end) for one in said if isinstance(one, Hours)), None)
    return LocalTime(LocalTimes(weekdays=weekdays, hours=hours))


KIND = Kind(
    name="local time",
    node=LocalTime,
    keys=("local_time",),
    read=_read,
    rules=("local_time",),
    grammar="""
local_time: "it" "is" named_weekdays hours?
    | "it" "is" hours
""",
    build={"local_time": _local_time},
)
