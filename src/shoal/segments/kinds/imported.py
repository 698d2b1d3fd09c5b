"""Imported from: people of whom a source told anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from shoal.core.time import Instant, format_instant
from shoal.segments import fields, scans
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.ways import Do, Never, Way
from shoal.segments.history import ConsentStatement, Event, TraitStatement
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.words import quoted
from shoal.segments.values import Json, check_text


@dataclass(frozen=True, slots=True)
class ToldBy:
    """An event, trait or consent of a source, stamped by now."""

    source: str

    def scan(self, binding: Binding) -> exp.Select:
        """All three views."""
        conditions = (
            exp.EQ(this=scans.column("source"), expression=binding.value(self.source)),
            exp.LTE(this=scans.column("at"), expression=binding.instant(binding.now)),
        )
        events, traits, consents = (
            exp.select(scans.column("subscriber")).from_(exp.table_(view)).where(*conditions)
            for view in ("events", "traits", "consents")
        )
        told = exp.union(exp.union(events, traits), consents)
        return exp.select(scans.column("subscriber")).from_(told.subquery("told"))


@dataclass(frozen=True, slots=True)
class ImportedFrom:
    """The source told an event, a trait or a consent of the subscriber that is stamped by now.

    >>> ImportedFrom("shopify_customers").english()
    'imported from "shopify_customers"'
    """

    source: str

    def __post_init__(self) -> None:
        check_text(self.source, "The source's name")

    def english(self) -> str:
        """`imported from "shopify_customers"`."""
        return f"imported from {quoted(self.source)}"

    def to_data(self) -> dict[str, Json]:
        """`{"imported_from": "shopify_customers"}`."""
        return {"imported_from": self.source}

    def lower(self) -> ToldBy:
        """A query of its own."""
        return ToldBy(self.source)

    def _instants(self, person: Person) -> list[Instant]:
        history = person.history
        told: list[Event | TraitStatement | ConsentStatement] = [*history.events, *history.traits, *history.consents]
        return sorted(one.at for one in told if one.source == self.source)

    def holds(self, person: Person) -> bool:
        """Look through all that is known."""
        return bool(self._instants(person))

    def detail(self, person: Person) -> Detail:
        """How much it told, and since when."""
        told = self._instants(person)
        value = f"{len(told)} since {format_instant(told[0])}" if told else "nothing"
        return Detail(value, "at least one event, trait or consent")

    def ways(self, person: Person) -> Iterator[Way]:
        """Anything that the source tells."""
        if self.holds(person):
            yield Never("nothing: what was told stays told")
            return
        event = Event(0, "Any event", person.now, source=self.source)
        yield Do(f"an event, a trait or a consent from {quoted(self.source)}", Facts(events=(event,)), person.now)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When anything that it told became so."""
        yield from self._instants(person)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """None: sources are not among the names of the catalogue."""
        return iter(())


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> ImportedFrom:
    fields.only(data, ("imported_from",), where)
    return ImportedFrom(fields.name(data, "imported_from", where))


KIND = Kind(
    name="imported from",
    node=ImportedFrom,
    keys=("imported_from",),
    read=_read,
    rules=("imported",),
    grammar="""
imported: "imported" "from" word
""",
    build={"imported": ImportedFrom},
)
