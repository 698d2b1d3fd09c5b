"""Above or below average: a subscriber's count, or rate, against the list's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.counterfactual.on_events import more
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.lowered import AgainstAverage, Count
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference, stream_references
from shoal.segments.operators.words import quoted
from shoal.segments.streams import STREAM_KEYS, Stream, stream_from
from shoal.segments.values import Json, check_text
from shoal.segments.windows import EVER, Window


@dataclass(frozen=True, slots=True)
class Average:
    """Strictly above (or below) the average of all identified subscribers in the same window.

    Without `per` the average is events per subscriber, those with none included. With `per` it is a rate,
    such as opens per delivered mail: the list's total over its total, against one's own count over
    one's own; false for those who have none of the other.
    """

    stream: Stream
    above: bool
    window: Window = EVER
    per: str | None = None  # the other event's name

    @property
    def against_list(self) -> bool:
        """Always."""
        return True

    def __post_init__(self) -> None:
        if self.per is not None:
            check_text(self.per, "The event's name")

    def english(self) -> str:
        """`opens per "Email Delivered" in the last 30 days are above average`."""
        per = "" if self.per is None else f" per {quoted(self.per)}"
        window = f" {self.window.english()}".rstrip()
        return f"{self.stream.english_noun()}{per}{window} are {'above' if self.above else 'below'} average"

    def to_data(self) -> dict[str, Json]:
        """`{"above_average": "Email Opened", "per": "Email Delivered", "when": {"last": "30d"}}`."""
        data = self.stream.to_data("above_average" if self.above else "below_average")
        if self.per is not None:
            data["per"] = self.per
        if self.window != EVER:
            data["when"] = self.window.to_data()
        return data

    def lower(self) -> AgainstAverage:
        """A count against the list's average."""
        per = None if self.per is None else Count(Stream(self.per), self.window)
        return AgainstAverage(Count(self.stream, self.window), per, self.above)

    def _numbers(self, person: Person) -> tuple[int, int, int, int]:
        """One's own count and divisor, the list's count and divisor."""
        population = person.population
        assert population is not None, "conditions about averages need a population"
        count = len(person.events(self.stream, self.window))
        total = population.total(self.stream, self.window, person.now)
        if self.per is None:
            return count, 1, total, population.size()
        per = Stream(self.per)
        return (
            count,
            len(person.events(per, self.window)),
            total,
            population.total(per, self.window, person.now),
        )

    def holds(self, person: Person) -> bool:
        """Compare the two ratios by multiplying crosswise, so exactly."""
        count, divisor, total, total_divisor = self._numbers(person)
        own, everyones = count * total_divisor, total * divisor
        return divisor > 0 and (own > everyones if self.above else own < everyones)

    def detail(self, person: Person) -> Detail:
        """One's own number and the list's."""
        count, divisor, total, total_divisor = self._numbers(person)
        average = f"{total / total_divisor:.3g}" if total_divisor else "none"
        own = f"{count / divisor:.3g}" if divisor else "none"
        needed = f"{'above' if self.above else 'below'} the list's average of {average}"
        return Detail(own, needed, tuple(person.events(self.stream, self.window)))

    def ways(self, person: Person) -> Iterator[Way]:
        """As many more as pass the list's average, which moves with them; or more of the other event."""
        count, divisor, total, others = self._numbers(person)
        if self.above != self.holds(person):
            if divisor > 0 and others > divisor:
                least = (total * divisor - count * others) // (others - divisor)
                for number in (least, least + 1):
                    if number > 0:
                        yield from more(self.stream, self.window, person, number)
        elif self.per is not None and total > count:
            least = (count * others - total * divisor) // (total - count)
            for number in (least, least + 1, 1):
                if number > 0:
                    yield from more(Stream(self.per), self.window, person, number)
        if self.per is not None and divisor == 0:
            yield Do(f"1 more {quoted(self.per)}, and a rate {self.english()}", None, person.now)
        words = "above" if self.above != self.holds(person) else "not above" if self.above else "not below"
        yield Do(f"others do more or less, until this is {words} average", None, person.now)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When one's own events happen, enter or leave; the list's average moves besides."""
        streams = (self.stream,) if self.per is None else (self.stream, Stream(self.per))
        for stream in streams:
            yield from person.moments(stream, self.window.lags())

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The events and the properties of the filters."""
        yield from stream_references(self.stream)
        if self.per is not None:
            yield Reference("event", self.per)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Average:
    above = "above_average" in data
    key = "above_average" if above else "below_average"
    fields.only(data, (key, *STREAM_KEYS, "per", "when"), where)
    per = fields.name(data, "per", where) if "per" in data else None
    return Average(stream_from(data, key, where), above, fields.window(data, where), per)


def _average(event: str, *rest: Any) -> Average:
    *clauses, above = rest
    per = next((one for one in clauses if isinstance(one, Per)), None)
    said = Clauses.read(one for one in clauses if not isinstance(one, Per))
    said.refuse("times")
    return Average(said.stream(event), above, said.window or EVER, per.event if per else None)


def _often(event: str, above: bool, *clauses: object) -> Average:
    return _average(event, *clauses, above)


@dataclass(frozen=True, slots=True)
class Per:
    """The words `per "Email Delivered"`."""

    event: str


KIND = Kind(
    name="above average, below average",
    node=Average,
    keys=("above_average", "below_average"),
    read=_read,
    rules=("average", "often"),
    grammar="""
average: counted _clause* per _clause* "are" side "average"
    | counted _clause* "are" side "average"
often: "did" text often_side "often" "than" "average" _clause*
per: "per" text
side: "above" -> above
    | "below" -> below
often_side: "more" -> above
    | "less" -> below
""",
    build={"average": _average, "often": _often, "per": Per, "above": lambda: True, "below": lambda: False},
)
