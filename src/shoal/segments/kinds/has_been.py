"""has been: a trait's value has passed a comparison for a length of time, without interruption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import Duration, Instant, format_instant
from shoal.profiles.traits import in_turn
from shoal.segments import fields
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.on_statements import of_trait
from shoal.segments.counterfactual.ways import Wait, Way
from shoal.segments.history import History, TraitStatement
from shoal.segments.lowered import Core, Opposite
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.dates import check_duration
from shoal.segments.reaches import Reach, lasting
from shoal.segments.scans import column, comparison_condition, trait_conditions
from shoal.segments.values import Json, check_text
from shoal.segments.wording import name_words

_NEXT = 'LEAD("at") OVER (PARTITION BY "subscriber" ORDER BY "at", "event_id") AS "until"'


@dataclass(frozen=True, slots=True)
class Held:
    """At every instant of `[now - length, now]`, or at any of them, the trait's value passes a plain comparison."""

    name: str
    comparison: Comparison
    length: Duration
    always: bool

    def reaches(self) -> Iterator[Reach]:
        """As long as it shall have been so."""
        yield lasting(self.name, self.length)

    def scan(self, binding: Binding) -> exp.Select:
        """Each statement counts until the next one; those with one time, only the last of them."""
        start = binding.instant(Instant(binding.now - self.length.ms))
        passes = exp.func("COALESCE", comparison_condition(column("value"), self.comparison, binding), exp.false())
        stated = exp.select(column("subscriber"), column("at"), exp.alias_(passes, "passes", quoted=True), _NEXT)
        stated = stated.from_(exp.table_("traits")).where(*trait_conditions(self.name, binding))
        lasting = exp.and_(
            exp.GT(this=column("until"), expression=column("at")), exp.GT(this=column("until"), expression=start)
        )
        found = exp.select(column("subscriber")).from_(stated.subquery("stated"))
        found = found.where(exp.func("COALESCE", lasting, exp.true())).group_by(column("subscriber"))
        if not self.always:
            return found.having(exp.LogicalOr(this=column("passes")))
        early = exp.LTE(this=exp.Min(this=column("at")), expression=start.copy())
        return found.having(early, exp.LogicalAnd(this=column("passes")))


@dataclass(frozen=True, slots=True)
class HasBeen:
    """The trait's value passed the comparison at every instant of `[now - length, now]`.

    A moment without a value interrupts a plain comparison. It passes the opposites (is not, none of, does not
    contain, is not set), as they do for people of whom nothing was ever stated.

    >>> HasBeen("plan", Comparison("is", "trial"), Duration(14, "d")).english()
    'plan has been "trial" for at least 14 days'
    """

    name: str
    comparison: Comparison
    length: Duration

    def __post_init__(self) -> None:
        check_text(self.name, "The trait's name")
        check_duration(self.length)
        moving = self.comparison.lags() is not None
        fix = "Compare with a fixed date, or ask without for."
        require(not moving, "bad_value", "This comparison moves with time and can't be held over it.", fix=fix)

    def english(self) -> str:
        """`plan has been "trial" for at least 14 days`."""
        words = name_words(self.name)
        trait = f"{'trait ' if words.startswith(chr(34)) else ''}{words}"
        return f"{trait} {_over_time(self.comparison)} for at least {self.length.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"has_been": "plan", "is": "trial", "for": "14d"}`."""
        return {"has_been": self.name, **self.comparison.to_data(), "for": self.length.short()}

    def lower(self) -> Core:
        """The plain comparison always, or never its opposite."""
        comparison, opposite = self.comparison.plain()
        held = Held(self.name, comparison, self.length, always=not opposite)
        return Opposite(held) if opposite else held

    def holds(self, person: Person) -> bool:
        """Ask at the beginning of that time and at each statement since."""
        start = Instant(person.now - self.length.ms)
        turns = [one for one in self._stated(person) if start < one.at <= person.now]
        before = person.at(start).history.trait(self.name)
        values = [before.value if before else None, *(one.value for one in turns)]
        return all(self.comparison.holds(value, person.now) for value in values)

    def _stated(self, person: Person) -> list[TraitStatement]:
        return in_turn(one for one in person.history.traits if one.name == self.name)

    def detail(self, person: Person) -> Detail:
        """Since when it passes; "not now" where it doesn't."""
        since = "always" if self.comparison.holds(None, person.now) else None
        for stated in self._stated(person):
            passes = self.comparison.holds(stated.value, person.now)
            since = (since or f"since {format_instant(stated.at)}") if passes else None
        return Detail(since or "not now", f"{_over_time(self.comparison)} for at least {self.length.english()}")

    def ways(self, person: Person) -> Iterator[Way]:
        """Another value now; or the right one, kept for as long; or time alone."""
        passes = self.comparison.holds(_value(person.history, self.name), person.now)
        if self.holds(person):
            yield from of_trait(person, self.name, self.comparison, holds=True, shown=self.detail(person).value)
        elif passes:
            yield Wait(f"no other {name_words(self.name)}")
        else:
            kept = f", and stays so for {self.length.english()}"
            yield from of_trait(
                person, self.name, self.comparison, holds=False, shown="not", more=kept, lasting=self.length.ms
            )

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the trait was stated, and when that is as long ago as asked."""
        for stated in person.history.traits:
            if stated.name == self.name:
                yield stated.at
                yield Instant(stated.at + self.length.ms)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The trait."""
        yield Reference("trait", self.name)


def _value(history: History, name: str) -> Json:
    stated = history.trait(name)
    return stated.value if stated else None


def _over_time(comparison: Comparison) -> str:
    """The words of a comparison, said of a length of time: `is not` becomes `has not been`."""
    words = comparison.english()
    if words.startswith("is not "):
        return f"has not been {words.removeprefix('is not ')}"
    return f"has been {words.removeprefix('is ')}" if words.startswith("is ") else words


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> HasBeen:
    name = fields.name(data, "has_been", where)
    if "for" not in data:
        fix = 'Write for example "for": "14d".'
        raise UserError("incomplete_condition", "For how long is not said.", where=where, fix=fix)
    comparison = fields.comparison(data, ("has_been", "for"), where)
    return HasBeen(name, comparison, fields.length(data, "for", where))


KIND = Kind(
    name="has been",
    node=HasBeen,
    keys=("has_been",),
    read=_read,
    rules=("has_been",),
    grammar="""
has_been: "trait" word over_time lasting
    | NAME over_time lasting
    | "trait" word test lasting
    | NAME test lasting
?lasting: "for" ("at" "least")? duration
?over_time: "has" "been" value -> test_is
    | "has" "not" "been" value -> test_is_not
    | "has" "been" "one" "of" values -> test_one_of
    | "has" "been" "none" "of" values -> test_none_of
    | "has" "been" "more" "than" number -> test_gt
    | "has" "been" "at" "least" number -> test_gte
    | "has" "been" "less" "than" number -> test_lt
    | "has" "been" "at" "most" number -> test_lte
    | "has" "been" "between" range -> test_between
    | "has" "been" "set" -> been_set
    | "has" "not" "been" "set" -> been_not_set
    | "has" "been" "before" date -> test_before
    | "has" "been" "after" date -> test_after
""",
    build={
        "has_been": lambda name, comparison, length: HasBeen(str(name), comparison, length),
        "been_set": lambda: Comparison("is_set", True),
        "been_not_set": lambda: Comparison("is_set", False),
    },
)
