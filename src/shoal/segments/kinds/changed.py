"""changed: a trait's value came to differ from the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import Instant, format_instant
from shoal.profiles.traits import in_turn
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.comparison import Comparison
from shoal.segments.counterfactual.examples import entry, example_value, stated
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.on_events import MOST_FACTS, STAYS, steady
from shoal.segments.counterfactual.ways import Do, Never, Wait, Way
from shoal.segments.history import TraitStatement
from shoal.segments.lowered import Core, Opposite
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.reaches import Reach, within
from shoal.segments.scans import column, comparison_condition, stream_conditions, trait_conditions
from shoal.segments.streams import Stream
from shoal.segments.times import ONCE, Times
from shoal.segments.values import Json, check_text, same_value
from shoal.segments.windows import EVER, Between, Window
from shoal.segments.wording import name_words

_EACH = 'OVER (PARTITION BY "subscriber" ORDER BY "at", "event_id")'


@dataclass(frozen=True, slots=True)
class Turned:
    """The trait changed from `low` to `high` times in a window; `low` is 1 or more, `high` None sets no limit."""

    name: str
    before: Comparison | None
    after: Comparison | None
    window: Window
    low: int
    high: int | None

    def reaches(self) -> Iterator[Reach]:
        """The window of the changes."""
        yield within(self.name, self.window)

    def scan(self, binding: Binding) -> exp.Select:
        """Statements in order; of several with one time only the last counts, and each is put beside the one before."""
        answers = {
            "said": variant.canonical(column("value")),
            "was": _passes(self.before, binding),
            "became": _passes(self.after, binding),
        }
        stated = exp.select(column("subscriber"), column("at"), column("event_id"), f'LEAD("at") {_EACH} AS "until"')
        stated = stated.select(*(exp.alias_(one, name, quoted=True) for name, one in answers.items()))
        stated = stated.from_(exp.table_("traits")).where(*trait_conditions(self.name, binding))
        turns = exp.select(column("subscriber"), column("at"), column("became"), column("said"))
        for name in ("at", "was", "said"):
            turns = turns.select(f'LAG("{name}") {_EACH} AS "{name}_before"')
        turns = turns.from_(stated.subquery("stated")).where('"until" IS DISTINCT FROM "at"')
        found = exp.select(column("subscriber")).from_(turns.subquery("turns"))
        found = found.where('"at_before" IS NOT NULL', '"said" IS DISTINCT FROM "said_before"')
        found = found.where(column("was_before"), column("became"))
        found = found.where(*stream_conditions(Stream("*"), self.window.span(binding.now), binding))
        return found.group_by(column("subscriber")).having(*self._bounds(binding))

    def _bounds(self, binding: Binding) -> Iterator[exp.Expr]:
        number = exp.Count(this=exp.Star())
        yield exp.GTE(this=number, expression=binding.value(self.low))
        if self.high is not None:
            yield exp.LTE(this=number.copy(), expression=binding.value(self.high))


def _passes(comparison: Comparison | None, binding: Binding) -> exp.Expr:
    if comparison is None:
        return exp.true()
    return exp.func("COALESCE", comparison_condition(column("value"), comparison, binding), exp.false())


@dataclass(frozen=True, slots=True)
class Changed:
    """The trait's value came to differ from the one stated before it, in a window, as many times as `times` says.

    The first value ever stated is no change. To be unset is one, and so is a value after that.

    >>> Changed("plan", Comparison("is", "trial"), Comparison("is", "paid"), ONCE, EVER).english()
    'plan changed from "trial" to "paid"'
    """

    name: str
    before: Comparison | None = None  # `is` or `one_of`; None: any value, or none
    after: Comparison | None = None
    times: Times = ONCE
    window: Window = EVER

    def __post_init__(self) -> None:
        check_text(self.name, "The trait's name")
        for comparison in (self.before, self.after):
            plain = comparison is None or comparison.operator in ("is", "one_of")
            fix = "Name a value, or several with one of."
            require(plain, "bad_value", "A change is from one value to another.", fix=fix)

    def english(self) -> str:
        """`plan changed from "trial" to "paid" at least 2 times in the last 30 days`."""
        words = name_words(self.name)
        ends = "".join(f" {word} {_listed(one)}" for word, one in self._ends() if one is not None)
        times = "" if self.times == ONCE else f" {self.times.english()}"
        window = f" {self.window.english()}".rstrip()
        return f"{'trait ' if words.startswith(chr(34)) else ''}{words} changed{ends}{times}{window}"

    def _ends(self) -> tuple[tuple[str, Comparison | None], ...]:
        return ("from", self.before), ("to", self.after)

    def to_data(self) -> dict[str, Json]:
        """`{"changed": "plan", "from": "trial", "to": "paid", "when": {"last": "30d"}}`."""
        data: dict[str, Json] = {"changed": self.name}
        data |= {key: one.meaning.write(one.operand) for key, one in self._ends() if one is not None}
        if self.times != ONCE:
            data["times"] = self.times.to_data()
        if self.window != EVER:
            data["when"] = self.window.to_data()
        return data

    def lower(self) -> Core:
        """A scan; where none at all is enough, the complement of one too many."""
        low, high = self.times.bounds
        if low == 0:
            assert high is not None
            return Opposite(Turned(self.name, self.before, self.after, self.window, high + 1, None))
        return Turned(self.name, self.before, self.after, self.window, low, high)

    def holds(self, person: Person) -> bool:
        """Compare each value with the one before it, and count."""
        return len(self._changes(person)) in self.times

    def _changes(self, person: Person) -> list[TraitStatement]:
        span = self.window.span(person.now)
        stated = in_turn(one for one in person.history.traits if one.name == self.name)
        return [
            after
            for before, after in pairwise(stated)
            if after.at in span
            and not same_value(before.value, after.value)
            and (self.before is None or self.before.holds(before.value, person.now))
            and (self.after is None or self.after.holds(after.value, person.now))
        ]

    def detail(self, person: Person) -> Detail:
        """How often, and when last."""
        found = self._changes(person)
        last = f", last {format_instant(found[-1].at)}" if found else ""
        return Detail(f"{len(found)}{last}", self.times.english())

    def ways(self, person: Person) -> Iterator[Way]:
        """As many more changes as are missing, or time alone."""
        if isinstance(self.window, Between) and self.window.until is not None and self.window.until <= person.now:
            yield Never("nothing: no change from now on is counted")
        low, high = self.times.bounds
        number = len(self._changes(person))
        missing = low - number if number < low else 0 if high is None else high + 1 - number
        if 0 < missing <= MOST_FACTS:
            said = f"{missing} more change{'s' * (missing > 1)} of {name_words(self.name)}"
            ends = "".join(f" {word} {_listed(one)}" for word, one in self._ends() if one is not None)
            steps = self._steps(person, missing)
            last = steps[-1].at if steps else person.now
            facts = None if steps is None else Facts(traits=steps)
            yield Do(f"{said}{ends}", facts, Instant(last + entry(self.window)))
        if number:
            yield Wait(f"no more change of {name_words(self.name)}")
        if number >= max(low, 1) and (high is None or number > high) and steady(self.window):
            yield Never(STAYS)

    def _steps(self, person: Person, number: int) -> tuple[TraitStatement, ...] | None:
        """Values stated a millisecond apart that are so many changes; None where none can be made up."""
        stated_last = person.history.trait(self.name)
        values: list[Json] = [stated_last.value] if stated_last else []
        known, now = len(values), person.now
        for _ in range(number):
            value = values[-1] if values else None
            fits = bool(values) and (self.before is None or self.before.holds(value, now))
            after = _another(self.after, value, now) if fits else None
            if after is None:
                before = _another(self.before, value, now)
                after = before and _another(self.after, before[0], now)
                if before is None or after is None:
                    return None
                values.append(before[0])
            values.append(after[0])
        after_last = int(stated_last is not None and stated_last.at == now)  # of one instant, the order is unsure
        return tuple(stated(person, self.name, value, place) for place, value in enumerate(values[known:], after_last))

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the trait was stated, and when that enters or leaves the window."""
        for one in person.history.traits:
            if one.name == self.name:
                yield one.at
                yield from (Instant(one.at + lag) for lag in self.window.lags())

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The trait."""
        yield Reference("trait", self.name)


def _another(end: Comparison | None, value: Json, now: Instant) -> tuple[Json] | None:
    """A value that passes and differs from this one, in a tuple; None where none was found."""
    return example_value([] if end is None else [(end, True)], now, unlike=[value])


def _listed(comparison: Comparison) -> str:
    return comparison.english().removeprefix("is ")


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Changed:
    fields.only(data, ("changed", "from", "to", "times", "when"), where)
    name = fields.name(data, "changed", where)
    before, after = (_end(data, key, where) for key in ("from", "to"))
    return Changed(name, before, after, fields.times(data, where), fields.window(data, where))


def _end(data: Mapping[str, Any], key: str, where: str) -> Comparison | None:
    if key not in data:
        return None
    value = data[key]
    try:
        return Comparison("one_of", tuple(value)) if isinstance(value, list) else Comparison("is", value)
    except UserError as error:
        error.where = error.where or f"{where}.{key}"
        raise


@dataclass(frozen=True, slots=True)
class _End:
    """The words `from "trial"` or `to "paid"`."""

    side: str  # "before" or "after"
    comparison: Comparison


def _changed(name: object, *words: object) -> Changed:
    ends = [word for word in words if isinstance(word, _End)]
    said = Clauses.read(word for word in words if not isinstance(word, _End))
    sides = {end.side: end.comparison for end in ends}
    require(len(sides) == len(ends), "sentence_syntax", "from or to is said twice.", fix="Say it once.")
    return Changed(str(name), sides.get("before"), sides.get("after"), said.times or ONCE, said.window or EVER)


def _ended(side: str, operator: str) -> Any:
    return lambda operand: _End(side, Comparison(operator, operand))


KIND = Kind(
    name="changed",
    node=Changed,
    keys=("changed",),
    read=_read,
    rules=("changed",),
    grammar="""
changed: "trait" word "changed" _change*
    | NAME "changed" _change*
_change: window | times | change_end
change_end: "from" end_value -> change_from
    | "to" end_value -> change_to
    | "from" "one" "of" values -> change_from_one
    | "to" "one" "of" values -> change_to_one
end_value.2: STRING -> text
    | NAME -> bare_text
    | NUMBER -> number
    | "true" -> true
    | "false" -> false
""",
    build={
        "changed": _changed,
        "change_from": _ended("before", "is"),
        "change_to": _ended("after", "is"),
        "change_from_one": _ended("before", "one_of"),
        "change_to_one": _ended("after", "one_of"),
    },
)
