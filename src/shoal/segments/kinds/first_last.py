"""first did, last did: when the first or the latest event of a stream was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from shoal.core.errors import UserError, require
from shoal.core.time import Instant, format_instant
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.counterfactual.on_events import more, no_more, over, stays
from shoal.segments.counterfactual.ways import Way
from shoal.segments.lowered import AllOf, Core, Count, CountWithin, Opposite
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference, stream_references
from shoal.segments.operators.words import quoted
from shoal.segments.streams import STREAM_KEYS, Stream, stream_from
from shoal.segments.values import Json
from shoal.segments.windows import EVER, BeforeAgo, Between, BetweenAgo, Last, Window


@dataclass(frozen=True, slots=True)
class FirstLast:
    """The first (or last) event of a stream lies in a window; false where there is none.

    >>> FirstLast("first", Stream("Order Completed"), Between(None, Instant(86_400_000))).english()
    'first did "Order Completed" until 1970-01-02'
    """

    which: Literal["first", "last"]
    stream: Stream
    window: Window

    def __post_init__(self) -> None:
        fix = "Say when, or write did."
        require(self.window != EVER, "incomplete_condition", f"When was the {self.which} time?", fix=fix)

    def english(self) -> str:
        """`last did "Order Completed" more than 60 days ago`."""
        filters = self.stream.english_filters()
        return f"{self.which} did {quoted(self.stream.event)}{filters} {self.window.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"last_did": "Order Completed", "when": {"before_ago": "60d"}}`."""
        return {**self.stream.to_data(f"{self.which}_did"), "when": self.window.to_data()}

    def lower(self) -> Core:
        """One in the window and none on the far side of it."""
        inside = CountWithin(Count(self.stream, self.window), 1, None)
        far = _older(self.window) if self.which == "first" else _newer(self.window)
        if far is None:
            return inside
        return AllOf((inside, Opposite(CountWithin(Count(self.stream, far), 1, None))))

    def holds(self, person: Person) -> bool:
        """Find the event and look at its instant."""
        found = self._deciding(person)
        return bool(found) and found[0].at in self.window.span(person.now)

    def _deciding(self, person: Person) -> list[Any]:
        found = person.events(self.stream, EVER)
        return found[:1] if self.which == "first" else found[-1:]

    def detail(self, person: Person) -> Detail:
        """The instant of the deciding event."""
        found = self._deciding(person)
        value = format_instant(found[0].at) if found else "never"
        return Detail(value, self.window.english(), tuple(found))

    def ways(self, person: Person) -> Iterator[Way]:
        """One more, which is the last, or the first where there was none; or time alone."""
        if self.which == "last" or not self._deciding(person):
            yield from more(self.stream, EVER, person)
            for one in more(self.stream, self.window, person):
                yield replace(one, words=f"{one.words}, and none after it") if self.which == "last" else one
        if self.which == "last":
            yield no_more(self.stream)
        yield from stays(self.stream, self.window if self.which == "last" else EVER)
        yield from over(self.stream, self.window, person)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happens, enters or leaves the window."""
        return person.moments(self.stream, self.window.lags())

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The event and the properties of its filters."""
        return stream_references(self.stream)


def _older(window: Window) -> Window | None:
    """All that is older than a window; None where nothing is."""
    match window:
        case Last(length):
            return BeforeAgo(length)
        case BetweenAgo(start, _):
            return BeforeAgo(start)
        case Between(start, _) if start is not None:
            return Between(None, start)
    return None


def _newer(window: Window) -> Window | None:
    """All that is newer than a window; None where nothing is."""
    match window:
        case BetweenAgo(_, end) | BeforeAgo(end):
            return Last(end)
        case Between(_, until) if until is not None:
            return Between(until, None)
    return None


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> FirstLast:
    which: Literal["first", "last"] = "first" if "first_did" in data else "last"
    key = f"{which}_did"
    fields.only(data, (key, *STREAM_KEYS, "when"), where)
    if "when" not in data:
        raise UserError("incomplete_condition", f"When was the {which} time?", where=f"{where}.when", fix="Add when.")
    return FirstLast(which, stream_from(data, key, where), fields.window(data, where))


def _build(which: Literal["first", "last"], event: str, *clauses: object) -> FirstLast:
    said = Clauses.read(clauses)
    said.refuse("times")
    return FirstLast(which, said.stream(event), said.window or EVER)


KIND = Kind(
    name="first did, last did",
    node=FirstLast,
    keys=("first_did", "last_did"),
    read=_read,
    rules=("first_did", "last_did"),
    grammar="""
first_did: "first" "did" text _clause*
last_did: "last" "did" text _clause*
""",
    build={
        "first_did": lambda event, *clauses: _build("first", event, *clauses),
        "last_did": lambda event, *clauses: _build("last", event, *clauses),
    },
)
