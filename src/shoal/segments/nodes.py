"""What every node of a definition can do, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from shoal.core.time import Instant
from shoal.segments.counterfactual.ways import Way
from shoal.segments.history import Event, History
from shoal.segments.local import TRAIT
from shoal.segments.lowered import Core
from shoal.segments.measures import Measure, Standing
from shoal.segments.streams import Stream
from shoal.segments.values import Json
from shoal.segments.windows import Window


class Population(Protocol):
    """What conditions that compare with the list need to know of all identified subscribers."""

    def size(self) -> int:
        """How many there are."""

    def total(self, stream: Stream, window: Window, now: Instant) -> int:
        """How many events of a stream they have in a window, together."""

    def standing(self, measure: Measure, value: int, now: Instant) -> Standing:
        """Where a measured number stands among theirs."""


@dataclass(frozen=True, slots=True)
class Person:
    """One subscriber at one instant, with what else a condition may look at."""

    history: History  # cut at `now`
    now: Instant
    segments: Mapping[str, Node]
    population: Population | None
    known: dict[str, bool] = field(default_factory=dict, compare=False)  # segments asked already: a member or not
    named: dict[str, list[Event]] = field(default_factory=dict, compare=False)  # events of a stream's name, in order

    @classmethod
    def of(cls, history: History, now: Instant, segments: Mapping[str, Node], population: Population | None) -> Person:
        """The subscriber as known from what is stamped at or before `now`."""
        return cls(history.until(now), now, segments, population)

    def at(self, now: Instant) -> Person:
        """The same subscriber at another instant, with nothing newly known."""
        if now < self.now:
            return Person(self.history.until(now), now, self.segments, self.population)
        return Person(self.history, now, self.segments, self.population, named=self.named)

    def events(self, stream: Stream, window: Window) -> list[Event]:
        """The events of a stream in a window, oldest first."""
        span = window.span(self.now)
        zone = self.history.zone()
        if stream.event not in self.named:
            found = [one for one in self.history.events if stream.named(one.name)]
            self.named[stream.event] = sorted(found, key=lambda event: (event.at, event.event_id))
        return [one for one in self.named[stream.event] if one.at in span and stream.passes(one, self.now, zone)]

    def moments(self, stream: Stream, lags: tuple[int, ...]) -> Iterator[Instant]:
        """Instants at which an answer about a stream may change; `lags` are those of its window."""
        yield from stream.moments(self.history.events, lags, self.history.zones())
        if stream.local is not None:
            yield from self.zone_moments()

    def zone_moments(self) -> Iterator[Instant]:
        """When something was said about the subscriber's time zone."""
        yield from (one.at for one in self.history.traits if one.name == TRAIT)


@dataclass(frozen=True, slots=True)
class Detail:
    """Why a condition holds or not: its value, what it needs, and the events that decide."""

    value: str
    needed: str
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a node uses: an event, a property of an event, a trait, a score, a cluster or a segment."""

    kind: str  # "event", "property", "trait", "score", "cluster", "experiment" or "segment"
    name: str
    event: str | None = None  # the event whose property it is
    holders: tuple[str, ...] = ()  # traits that may hold it at a path, where it is no trait of its own


@runtime_checkable
class Node(Protocol):
    """A condition or a group of conditions."""

    def english(self) -> str:
        """The sentence; `parse` reads it back."""

    def to_data(self) -> dict[str, Json]:
        """The JSON form; `from_data` reads it back."""

    def lower(self) -> Core:
        """The same condition in core conditions."""

    def holds(self, person: Person) -> bool:
        """The oracle's reading."""

    def detail(self, person: Person, /) -> Detail | None:
        """Why it holds or not; None for groups, whose parts say it."""

    def ways(self, person: Person, /) -> Iterator[Way]:
        """What may turn the answer, what takes least first; nothing for groups."""

    def moments(self, person: Person, /) -> Iterator[Instant]:
        """Instants, past and future, at which the answer may change; parts not included."""

    def children(self) -> Sequence[tuple[str, Node]]:
        """The parts, each with its place in the JSON form: `all[0]`."""

    def references(self) -> Iterator[Reference]:
        """The names that this node itself uses."""


@runtime_checkable
class Listwise(Protocol):
    """A node whose answer for one subscriber may change with what others do."""

    @property
    def against_list(self) -> bool:
        """Whether it does compare with the list."""


Read = Callable[[object, str], Node]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of node, complete: its class, its JSON keys and its part of the sentence grammar."""

    name: str  # the heading of its section in docs/concepts/conditions.md
    node: type
    keys: tuple[str, ...]  # any of them in a JSON object says that it is this kind
    read: Callable[[Mapping[str, Any], str, Read], Node]
    rules: tuple[str, ...]  # names of its grammar rules that stand where a condition stands
    grammar: str
    build: Mapping[str, Callable[..., object]] = field(default_factory=dict)  # rule or alias to constructor


def walk(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """The node and all its parts, each with its place in the JSON form ("" for the whole)."""
    yield path, node
    for place, part in node.children():
        yield from walk(part, f"{path}.{place}" if path else place)


def stream_references(stream: Stream) -> Iterator[Reference]:
    """The names that a stream uses."""
    yield Reference("event", stream.event)
    for test in (test for one in stream.where for test in one.tests()):
        yield Reference("property", test.path[0], stream.event)
