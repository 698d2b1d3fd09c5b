"""Country group: people in the EU or the EEA."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import nearest, require
from shoal.core.time import Instant
from shoal.segments import country_groups, fields
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.examples import stated
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.lowered import AnyOf, Core, TraitHolds
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.values import Json

TRAITS = ("country", "country_code")


@dataclass(frozen=True, slots=True)
class InCountryGroup:
    """The trait `country` or `country_code` names a country of the group; false where neither does.

    >>> InCountryGroup("EU").english()
    'in the EU'
    """

    group: str  # a key of country_groups.GROUPS

    def __post_init__(self) -> None:
        groups = country_groups.GROUPS
        fix = nearest(self.group, groups) or f"Write {' or '.join(groups)}, or list the countries."
        require(self.group in groups, "bad_value", "There is no such group of countries.", fix=fix)

    def _comparison(self) -> Comparison:
        return Comparison("one_of", country_groups.values(self.group))

    def english(self) -> str:
        """`in the EU`."""
        return f"in the {self.group}"

    def to_data(self) -> dict[str, Json]:
        """`{"country_in": "EU"}`."""
        return {"country_in": self.group}

    def lower(self) -> Core:
        """Either trait is one of the codes and names."""
        return AnyOf(tuple(TraitHolds(name, self._comparison()) for name in TRAITS))

    def holds(self, person: Person) -> bool:
        """Look at both traits."""
        stated = [person.history.trait(name) for name in TRAITS]
        return any(one is not None and self._comparison().holds(one.value, person.now) for one in stated)

    def detail(self, person: Person) -> Detail:
        """What the traits say."""
        stated = [person.history.trait(name) for name in TRAITS]
        said = [str(one.value) for one in stated if one is not None and one.value is not None]
        return Detail(", ".join(said) or "not set", self.english())

    def ways(self, person: Person) -> Iterator[Way]:
        """Another country."""
        holds = self.holds(person)
        words = f"a country {'outside' if holds else self.english().partition(' ')[0]} the {self.group}"
        words += f" (now {self.detail(person).value})"
        country = "nowhere" if holds else next(iter(country_groups.GROUPS[self.group]))
        told = tuple(stated(person, name, country) for name in TRAITS)
        for some in (told[:1], told):
            yield Do(words, Facts(traits=some), person.now)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When something was said about the country."""
        yield from (one.at for one in person.history.traits if one.name in TRAITS)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """None: either of two traits will do."""
        return iter(())


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> InCountryGroup:
    fields.only(data, ("country_in",), where)
    return InCountryGroup(fields.name(data, "country_in", where))


KIND = Kind(
    name="country group",
    node=InCountryGroup,
    keys=("country_in",),
    read=_read,
    rules=("country_group",),
    grammar="""
country_group: "in" "the" word
""",
    build={"country_group": lambda name: InCountryGroup(name.upper())},
)
