"""Latest, first: what the most recent event of a stream, or the earliest, says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.comparison import Comparison, PropertyFilter, filter_from
from shoal.segments.counterfactual.on_events import more, no_more, over, stays, steady
from shoal.segments.counterfactual.ways import Do, Way
from shoal.segments.history import Event
from shoal.segments.measured import end_of_stream
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference, stream_references
from shoal.segments.operators import OPERATORS
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.words import quoted
from shoal.segments.streams import STREAM_KEYS, Stream, stream_from
from shoal.segments.values import Json, join_path, reached
from shoal.segments.windows import EVER, Window
from shoal.segments.wording import name_words

Which = Literal["latest", "first"]


@dataclass(frozen=True, slots=True)
class EndHolds:
    """The latest (or first) event of a stream in a window passes a test; false where there is none."""

    which: Which
    stream: Stream
    window: Window
    test: PropertyFilter

    def needs(self) -> Iterator[Reference]:
        """The event."""
        return stream_references(self.stream)

    def scan(self, binding: Binding) -> exp.Select:
        """One grouped read of the stream."""
        span = self.window.span(binding.now)
        return end_of_stream(self.stream, span, self.test, self.which == "latest", binding)


@dataclass(frozen=True, slots=True)
class EndSays:
    """A property of the latest (or first) event of a stream in a window passes a comparison.

    Of events at the same instant the one with the greatest id is the latest, the one with the least the
    first. Without any event the condition is false, opposites such as `is not` included.

    >>> test = PropertyFilter(("total",), Comparison("gt", 50))
    >>> EndSays("latest", Stream("Order Completed"), test).english()
    'total of the latest "Order Completed" is more than 50'
    """

    which: Which
    stream: Stream
    test: PropertyFilter
    window: Window = EVER

    def english(self) -> str:
        """`total of the latest "Order Completed" in the last 90 days is more than 50`."""
        window = f" {self.window.english()}".rstrip()
        event = f"{quoted(self.stream.event)}{self.stream.english_filters()}{window}"
        return f"{name_words(join_path(self.test.path))} of the {self.which} {event} {self.test.comparison.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"latest": "Order Completed", "when": {"last": "90d"}, "property": "total", "gt": 50}`."""
        data = self.stream.to_data(self.which)
        if self.window != EVER:
            data["when"] = self.window.to_data()
        return {**data, **self.test.to_data()}

    def lower(self) -> EndHolds:
        """A question of its own."""
        return EndHolds(self.which, self.stream, self.window, self.test)

    def _end(self, person: Person) -> Event | None:
        found = person.events(self.stream, self.window)
        if not found:
            return None
        return found[-1] if self.which == "latest" else found[0]

    def holds(self, person: Person) -> bool:
        """Find the event and look at it."""
        found = self._end(person)
        return found is not None and self.test.holds(found.properties, person.now)

    def detail(self, person: Person) -> Detail:
        """The property, and the event that has it."""
        found = self._end(person)
        if found is None:
            return Detail("no such event", self.test.comparison.english())
        values = reached(found.properties, self.test.path)
        return Detail(", ".join(map(str, values)) or "not set", self.test.comparison.english(), (found,))

    def ways(self, person: Person) -> Iterator[Way]:
        """One more event that says otherwise, or time alone."""
        holds, found = self.holds(person), self._end(person)
        path, comparison = name_words(join_path(self.test.path)), self.test.comparison.english()
        said = f" of which {path} {'not ' * holds}{comparison}"
        other = list(more(self.stream, self.window, person, tests=[(self.test, not holds)], words=said))
        if self.which == "latest" or found is None:
            yield from other
        if found is not None:
            yield no_more(self.stream)
            if self.which == "first":
                yield from self._first_later(person, other)
                yield from stays(self.stream, self.window)
        yield from over(self.stream, self.window, person)

    def _first_later(self, person: Person, other: Sequence[Do]) -> Iterator[Way]:
        """The same, as soon as all that came before it have left the window."""
        if not steady(self.window):
            left = Instant(person.events(self.stream, self.window)[-1].at + self.window.lags()[-1])
            yield from (Do(one.words, one.facts, max(one.at, left)) for one in other)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happens, enters or leaves the window, and when time alone changes the comparison."""
        yield from person.moments(self.stream, self.window.lags())
        for event in person.history.events:
            if self.stream.named(event.name):
                yield from self.test.moments(event.properties)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The event, its property, and those of the filters."""
        yield from stream_references(self.stream)
        yield Reference("property", self.test.path[0], self.stream.event)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> EndSays:
    which: Which = "latest" if "latest" in data else "first"
    fields.only(data, (which, *STREAM_KEYS, "when", "property", *OPERATORS), where)
    test = {key: value for key, value in data.items() if key not in (which, *STREAM_KEYS, "when")}
    return EndSays(which, stream_from(data, which, where), filter_from(test, where), fields.window(data, where))


def _build(path: tuple[str, ...], which: Which, event: str, *rest: Any) -> EndSays:
    *clauses, comparison = rest
    assert isinstance(comparison, Comparison)
    said = Clauses.read(clauses)
    said.refuse("times")
    return EndSays(which, said.stream(event), PropertyFilter(path, comparison), said.window or EVER)


KIND = Kind(
    name="latest, first",
    node=EndSays,
    keys=("latest", "first"),
    read=_read,
    rules=("end_says",),
    grammar="""
end_says: property "of" "the"? end text _clause* test
end: ("latest" | "last") -> latest
    | "first" -> first
""",
    build={"end_says": _build, "latest": lambda: "latest", "first": lambda: "first"},
)
