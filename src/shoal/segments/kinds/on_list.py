"""On list: joined a list of the e-mail platform and not left since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from shoal.core.time import Instant, format_instant
from shoal.ingest.events import LIST_JOINED, LIST_LEFT
from shoal.segments import fields, scans
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.history import Event
from shoal.segments.lowered import AllOf, AnyOf, Core, Opposite
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.words import quoted
from shoal.segments.values import Json, check_text

NAMED_BY = ("list_name", "list_id", "list")
"""Properties of the events that may name the list."""

TRAIT = "lists"


@dataclass(frozen=True, slots=True)
class LastListEvent:
    """The latest event about a list is one of these; at the same instant leaving is later than joining."""

    name: str
    among: tuple[str, ...]

    def scan(self, binding: Binding) -> exp.Select:
        """The latest of both events."""
        event, left = scans.column("name"), exp.Literal.string(LIST_LEFT)
        order = exp.Tuple(expressions=[scans.column("at"), exp.EQ(this=event.copy(), expression=left)])
        last = exp.ArgMax(this=event.copy(), expression=order)
        about = exp.or_(
            *(
                variant.equals(variant.at_path(scans.column("properties"), (one,), binding), self.name, binding)
                for one in NAMED_BY
            )
        )
        known = exp.LTE(this=scans.column("at"), expression=binding.instant(binding.now))
        return (
            exp.select(scans.column("subscriber"))
            .from_(exp.table_("events"))
            .where(_among(event, (LIST_JOINED, LIST_LEFT)), known, about)
            .group_by(scans.column("subscriber"))
            .having(_among(last, self.among))
        )


def _among(value: exp.Expr, names: tuple[str, ...]) -> exp.Expr:
    return exp.In(this=value.copy(), expressions=[exp.Literal.string(name) for name in names])


@dataclass(frozen=True, slots=True)
class ListedInTrait:
    """The latest value of the trait `lists` is this name, or a list that has it."""

    name: str

    def scan(self, binding: Binding) -> exp.Select:
        """The latest value of the trait."""
        value = scans.column("value")
        named = exp.or_(variant.equals(value, self.name, binding), variant.list_has(value, self.name, binding))
        holds = scans.latest(named, "holds")
        return (
            exp.select(scans.column("subscriber"))
            .from_(exp.table_("traits"))
            .where(*scans.trait_conditions(TRAIT, binding))
            .group_by(scans.column("subscriber"))
            .having(holds.this)
        )


@dataclass(frozen=True, slots=True)
class OnList:
    """Joined the list and not left since; where no event says so, named by the trait `lists`.

    >>> OnList("Newsletter").english()
    'on list "Newsletter"'
    """

    name: str  # the list's name or id

    def __post_init__(self) -> None:
        check_text(self.name, "The list's name")

    def english(self) -> str:
        """`on list "Newsletter"`."""
        return f"on list {quoted(self.name)}"

    def to_data(self) -> dict[str, Json]:
        """`{"on_list": "Newsletter"}`."""
        return {"on_list": self.name}

    def lower(self) -> Core:
        """The latest event is joining, or there is none and the trait says so."""
        told = LastListEvent(self.name, (LIST_JOINED, LIST_LEFT))
        joined = LastListEvent(self.name, (LIST_JOINED,))
        return AnyOf((joined, AllOf((ListedInTrait(self.name), Opposite(told)))))

    def _events(self, person: Person) -> list[Event]:
        found = [
            one
            for one in person.history.events
            if one.name in (LIST_JOINED, LIST_LEFT) and self.name in [one.properties.get(name) for name in NAMED_BY]
        ]
        return sorted(found, key=lambda one: (one.at, one.name == LIST_LEFT))

    def holds(self, person: Person) -> bool:
        """Look at the latest event, else at the trait."""
        events = self._events(person)
        if events:
            return events[-1].name == LIST_JOINED
        stated = person.history.trait(TRAIT)
        value = stated.value if stated else None
        return self.name in value if isinstance(value, list) else value == self.name

    def detail(self, person: Person) -> Detail:
        """The latest event about the list."""
        events = self._events(person)
        if events:
            last = events[-1]
            return Detail(f"{last.name}, {format_instant(last.at)}", "joined and not left since", (last,))
        listed = "named by the trait lists" if self.holds(person) else "not on it"
        return Detail(listed, "joined and not left since")

    def ways(self, person: Person) -> Iterator[Way]:
        """Join, or leave."""
        name = LIST_LEFT if self.holds(person) else LIST_JOINED
        words = f"{'leaving' if name == LIST_LEFT else 'joining'} list {quoted(self.name)}"
        for lag in (0, 1):  # at the instant at which somebody left, leaving is the later
            at = Instant(person.now + lag)
            yield Do(words, Facts(events=(Event(0, name, at, {"list_name": self.name}),)), at)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the list was joined or left, and when the trait was stated."""
        yield from (one.at for one in self._events(person))
        yield from (one.at for one in person.history.traits if one.name == TRAIT)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """None: events or a trait may tell it."""
        return iter(())


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> OnList:
    fields.only(data, ("on_list",), where)
    return OnList(fields.name(data, "on_list", where))


KIND = Kind(
    name="on list",
    node=OnList,
    keys=("on_list",),
    read=_read,
    rules=("on_list",),
    grammar="""
on_list: "on" "list" word
""",
    build={"on_list": OnList},
)
