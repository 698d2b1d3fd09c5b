"""did: how often an event happened in a window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.counterfactual.on_events import of_count
from shoal.segments.counterfactual.ways import Way
from shoal.segments.lowered import Count, CountWithin
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference, stream_references
from shoal.segments.operators.words import quoted
from shoal.segments.streams import STREAM_KEYS, Stream, stream_from
from shoal.segments.times import ONCE, Times
from shoal.segments.values import Json
from shoal.segments.windows import EVER, Last, Window

DONE = {
    "opened": "Email Opened",
    "clicked": "Email Link Clicked",
    "ordered": "Order Completed",
    "visited": "Page Viewed",
}
"""Short words for having done something: `has not opened for 30 days`."""


@dataclass(frozen=True, slots=True)
class Did:
    """The events of a stream in a window number as many as `times` says; 0 counts as a number.

    >>> Did(Stream("Order Completed")).english()
    'did "Order Completed"'
    """

    stream: Stream
    times: Times = ONCE
    window: Window = EVER

    def english(self) -> str:
        """`did "Order Completed" at least 2 times in the last 30 days`."""
        times = "" if self.times == ONCE else f" {self.times.english()}"
        window = f" {self.window.english()}".rstrip()
        return f"did {quoted(self.stream.event)}{self.stream.english_filters()}{times}{window}"

    def to_data(self) -> dict[str, Json]:
        """`{"did": "Order Completed", "times": {"at_least": 2}, "when": {"last": "30d"}}`."""
        data = self.stream.to_data("did")
        if self.times != ONCE:
            data["times"] = self.times.to_data()
        if self.window != EVER:
            data["when"] = self.window.to_data()
        return data

    def lower(self) -> CountWithin:
        """A count within bounds."""
        low, high = self.times.bounds
        return CountWithin(Count(self.stream, self.window), low, high)

    def holds(self, person: Person) -> bool:
        """Count and compare."""
        return len(person.events(self.stream, self.window)) in self.times

    def detail(self, person: Person) -> Detail:
        """The number, and the events counted."""
        found = person.events(self.stream, self.window)
        return Detail(str(len(found)), self.times.english(), tuple(found))

    def ways(self, person: Person) -> Iterator[Way]:
        """As many more as are missing, or time alone."""
        return of_count(person, self.stream, self.window, self.times)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happens, enters or leaves the window."""
        return person.moments(self.stream, self.window.lags())

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The event and the properties of its filters."""
        return stream_references(self.stream)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Did:
    fields.only(data, ("did", *STREAM_KEYS, "times", "when"), where)
    return Did(stream_from(data, "did", where), fields.times(data, where), fields.window(data, where))


def _did(event: str, *clauses: object) -> Did:
    said = Clauses.read(clauses)
    return Did(said.stream(event), said.times or ONCE, said.window or EVER)


def _never(event: str, *clauses: object) -> Did:
    said = Clauses.read(clauses)
    said.refuse("times")
    return Did(said.stream(event), Times("exactly", 0), said.window or EVER)


def _done(token: str) -> str:
    return DONE[token.casefold()]


KIND = Kind(
    name="did",
    node=Did,
    keys=("did",),
    read=_read,
    rules=("did", "never_did", "did_noun", "has_done", "has_not_done", "no_noun"),
    grammar=rf"""
did: "did" text _clause*
never_did: "never" "did" text _clause*
did_noun: counted _clause*
has_done: "has" done _clause*
has_not_done: "has" ("not" | "never") done _lapse*
    | "did" "not" "do" text _lapse*
no_noun: "no" counted _lapse*
done: DEED -> done_noun
    | "done" text -> done_event
_lapse: _clause | lapse
lapse: "for" duration
DEED.2: /({"|".join(DONE)})\b/i
""",
    build={
        "did": _did,
        "never_did": _never,
        "did_noun": _did,
        "has_done": _did,
        "has_not_done": _never,
        "no_noun": _never,
        "done_noun": _done,
        "done_event": lambda event: event,
        "lapse": Last,
    },
)
