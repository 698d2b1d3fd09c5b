"""did … then …: events in an order, with limits on the gaps and on what may come between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import UserError, require
from shoal.core.time import Duration, Instant
from shoal.segments import fields
from shoal.segments.clauses import Clauses
from shoal.segments.counterfactual.examples import next_counted
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.on_events import more, no_more, over
from shoal.segments.counterfactual.ways import Do, Way, moment_words
from shoal.segments.following import Absence, Followed, Step
from shoal.segments.history import Event
from shoal.segments.lowered import Core, Opposite
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference, stream_references
from shoal.segments.streams import STREAM_KEYS, Stream, stream_from
from shoal.segments.times import ONCE, Times
from shoal.segments.values import Json
from shoal.segments.windows import EVER

MOST_TRIED = 20
"""So many times over an explanation tries all steps."""


@dataclass(frozen=True, slots=True)
class EventSequence:
    """Events in this order, completed as many times as `times` says.

    It is completed once for each event of the last step at which some choice of earlier events, one for
    each step, fulfils everything that is said.

    >>> EventSequence((Step(Stream("Signed Up")), Step(Stream("Logged In"), within=Duration(7, "d")))).english()
    'did "Signed Up" then "Logged In" within 7 days'
    """

    steps: tuple[Step, ...]
    times: Times = ONCE

    def __post_init__(self) -> None:
        require(len(self.steps) > 0, "incomplete_condition", "The sequence has no steps.", fix="Name two events.")
        first = self.steps[0]
        free = first.within is None and not first.without
        require(free, "bad_value", "Nothing comes before the first event.", fix="Say it after the second event.")
        whole = len(self.steps) > 1 or first.absence is not None
        fix = 'Add then "…", or without "…" within 2 days.'
        require(whole, "incomplete_condition", "A sequence of one event is none.", fix=fix)

    def english(self) -> str:
        """`did "A" then "B" within 7 days in the last 30 days at least 2 times`."""
        times = "" if self.times == ONCE else f" {self.times.english()}"
        return f"did {' then '.join(step.english() for step in self.steps)}{times}"

    def to_data(self) -> dict[str, Json]:
        """`{"sequence": [{"did": "A"}, {"did": "B", "when": {"last": "30d"}, "within": "7d"}]}`."""
        data: dict[str, Json] = {"sequence": [step.to_data() for step in self.steps]}
        if self.times != ONCE:
            data["times"] = self.times.to_data()
        return data

    def lower(self) -> Core:
        """A scan; where none at all is enough, the complement of one too many."""
        low, high = self.times.bounds
        if low == 0:
            assert high is not None
            return Opposite(Followed(self.steps, high + 1, None))
        return Followed(self.steps, low, high)

    def holds(self, person: Person) -> bool:
        """Search and count."""
        return len(self._reached(person)[-1]) in self.times

    def _reached(self, person: Person) -> list[list[tuple[Event, ...]]]:
        """For each step, its events at which it is reached, each at the end of one way there."""
        found: list[list[tuple[Event, ...]]] = []
        for place, step in enumerate(self.steps):
            ways: list[tuple[Event, ...]] = []
            before = found[place - 1] if place else [()]
            between = _of_any(step.without, person)
            later = _of_any(step.absence.streams, person) if step.absence else []
            for event in person.events(step.stream, step.window):
                if step.absence is not None and not _absent(step.absence, event, later, person.now):
                    continue
                allowed = (way for way in reversed(before) if not way or _follows(way[-1], event, step, between))
                way = next(allowed, None)
                if way is not None:
                    ways.append((*way, event))
            found.append(ways)
        return found

    def detail(self, person: Person) -> Detail:
        """How many times, or how far it came; and the events of each time."""
        reached = self._reached(person)
        done = reached[-1]
        furthest = sum(1 for ways in reached if ways)
        value = str(len(done)) if done else f"0: {furthest} of {len(self.steps)} steps"
        shown = done or next((ways for ways in reversed(reached) if ways), [])
        events = {(event.at, event.event_id): event for way in shown for event in way}
        return Detail(value, self.times.english(), tuple(events[key] for key in sorted(events)))

    def ways(self, person: Person) -> Iterator[Way]:
        """The steps that are missing, the fewest first; an event that was not to come; or time alone."""
        low, high = self.times.bounds
        number = len(self._reached(person)[-1])
        missing = low - number if number < low else 1 if high is None else high + 1 - number
        if 0 < missing <= MOST_TRIED:
            for place in reversed(range(len(self.steps))):
                yield from self._with_steps(person, (*self.steps[place:], *self.steps[-1:] * (missing - 1)))
            yield from self._with_steps(person, self.steps * missing)
            for place in reversed(range(len(self.steps))):
                yield from self._with_steps(person, self.steps[place:], after=self._quiet_until(person, place))
        for step in self.steps:
            for stream in step.absence.streams if step.absence else ():
                yield from more(stream, EVER, person)
        if self._reached(person)[-1]:
            yield no_more(self.steps[-1].stream)
        elif all(step.absence is None for step in self.steps):
            yield from over(self.steps[-1].stream, self.steps[-1].window, person)

    def _quiet_until(self, person: Person, place: int) -> Instant:
        """When what must not come after the step before has not come for long enough, as long as it doesn't."""
        before = self.steps[place - 1] if place else None
        events = person.events(before.stream, before.window) if before else []
        if before is None or before.absence is None or before.absence.within is None or not events:
            return person.now
        return max(person.now, Instant(events[-1].at + before.absence.within.ms + 1))

    def _with_steps(self, person: Person, steps: Sequence[Step], after: Instant | None = None) -> Iterator[Way]:
        """One event for each of these steps, as soon as each counts; then the time without what must not come.

        With `after` each waits, from then on, until the time without what must not come after the one before is over.
        """
        events: list[Event] = []
        turned = at = person.now if after is None else after
        for step in steps:
            found = next_counted(step.stream, step.window, person.at(at))
            if found is None:
                return
            length = step.absence.within.ms if step.absence and step.absence.within else 0
            turned = max(turned, found.at, Instant(found.event.at + length))
            at = Instant(found.event.at + 1 + (0 if after is None else length))
            events.append(found.event)
        words = " then ".join(f"1 more {step.english()}" for step in steps)
        if after is not None:
            until = f" to {moment_words(events[-1].at)}" if len(events) > 1 else ""
            words += f", from {moment_words(events[0].at)}{until}"
        yield Do(words, Facts(events=tuple(events)), turned)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happens, enters or leaves the window, and when an absence has lasted long enough."""
        for step in self.steps:
            lasting = step.absence.within if step.absence else None
            lags = (*step.window.lags(), *(() if lasting is None else (lasting.ms,)))
            yield from person.moments(step.stream, lags)
            for stream in list(step.streams())[1:]:
                yield from person.moments(stream, ())

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The events and the properties of their filters."""
        for step in self.steps:
            for stream in step.streams():
                yield from stream_references(stream)


def _of_any(streams: Sequence[Stream], person: Person) -> list[Event]:
    return [event for stream in streams for event in person.events(stream, EVER)]


def _follows(before: Event, event: Event, step: Step, between: Sequence[Event]) -> bool:
    near = step.within is None or event.at - before.at <= step.within.ms
    return before.at < event.at and near and not any(before.at < one.at < event.at for one in between)


def _absent(absence: Absence, event: Event, unwanted: Sequence[Event], now: Instant) -> bool:
    if absence.within is None:
        return not any(event.at < one.at for one in unwanted)
    end = event.at + absence.within.ms
    return end <= now and not any(event.at < one.at <= end for one in unwanted)


_STEP_KEYS = ("did", *STREAM_KEYS, "when", "within", "without", "not_then", "not_within")


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> EventSequence:
    if "when" in data:
        message, fix = "The window is not in a step.", "Put when beside the did that it is said of."
        raise UserError("unknown_key", message, where=f"{where}.when", fix=fix)
    fields.only(data, ("sequence", "times"), where)
    return EventSequence(_listed_in(data, "sequence", where, _read_step), fields.times(data, where))


def _read_step(data: Mapping[str, Any], where: str) -> Step:
    fields.only(data, _STEP_KEYS, where)
    if "not_within" in data and "not_then" not in data:
        fix = "Add not_then, or write within for the gap."
        raise UserError("incomplete_condition", "It isn't said what did not come.", where=where, fix=fix)
    absence = None
    if "not_then" in data:
        absence = Absence(_listed_in(data, "not_then", where, _read_stream), _length(data, "not_within", where))
    without = _listed_in(data, "without", where, _read_stream) if "without" in data else ()
    stream, window = stream_from(data, "did", where), fields.window(data, where)
    return Step(stream, window, _length(data, "within", where), without, absence)


def _read_stream(data: Mapping[str, Any], where: str) -> Stream:
    fields.only(data, ("did", *STREAM_KEYS), where)
    return stream_from(data, "did", where)


def _length(data: Mapping[str, Any], key: str, where: str) -> Duration | None:
    return fields.length(data, key, where) if key in data else None


def _listed_in(data: Mapping[str, Any], key: str, where: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    """What a list of objects with a `did` holds; raises UserError for anything else and for an empty list."""
    listed = data[key]
    sound = isinstance(listed, list) and listed and all(isinstance(one, dict) and "did" in one for one in listed)
    if not sound:
        message, fix = f"{key} is not a list of events.", 'Write for example [{"did": "Order Completed"}].'
        raise UserError("incomplete_condition", message, where=f"{where}.{key}", fix=fix)
    return tuple(read(one, f"{where}.{key}[{place}]") for place, one in enumerate(listed))


@dataclass(frozen=True, slots=True)
class _Then:
    """The words `then "Product Viewed"`: a new step begins."""

    event: str


@dataclass(frozen=True, slots=True)
class _Gap:
    """The words `within 7 days`, of the step before them."""

    length: Duration


@dataclass(frozen=True, slots=True)
class _Between:
    """The words `without "Order Completed" in between`."""

    streams: tuple[Stream, ...]


def _sequence(event: str, *words: object) -> EventSequence:
    """The words in order, cut before each `then`; the number of times stands with the last step."""
    parts: list[tuple[str, list[object]]] = [(event, [])]
    for word in words:
        if isinstance(word, _Then):
            parts.append((word.event, []))
        else:
            parts[-1][1].append(word)
    steps = [_step(name, said) for name, said in parts]
    if any(times for _, times in steps[:-1]):
        fix = "Say it at the end: it counts how often all of it happened."
        raise UserError("sentence_syntax", "A number of times stands before then.", fix=fix)
    return EventSequence(tuple(step for step, _ in steps), steps[-1][1] or ONCE)


def _step(event: str, said: Sequence[object]) -> tuple[Step, Times | None]:
    clauses = Clauses.read(one for one in said if not isinstance(one, _Gap | _Between | Absence))
    gap, between, absence = _once(said, _Gap), _once(said, _Between), _once(said, Absence)
    streams = between.streams if between else ()
    window = clauses.window or EVER
    return Step(clauses.stream(event), window, gap.length if gap else None, streams, absence), clauses.times


def _once(said: Sequence[object], what: type[Any]) -> Any:
    found = [one for one in said if isinstance(one, what)]
    fix = "Say it once; several events are joined by or."
    require(len(found) < 2, "sentence_syntax", "The same is said twice of one step.", fix=fix)
    return found[0] if found else None


def _unwanted(event: str, *clauses: object) -> Stream:
    return Clauses.read(clauses).stream(event)


def _absence(*words: Any) -> Absence:
    *streams, length = words
    return Absence(tuple(streams), length)


KIND = Kind(
    name="sequence",
    node=EventSequence,
    keys=("sequence",),
    read=_read,
    rules=("sequence",),
    grammar=r"""
sequence: "did" text _clause* (then_event | _without) _follow*
_follow: _clause | then_event | _without | step_gap
then_event: "then" text
step_gap: "within" duration
_without: in_between | absence | absence_ever
in_between: "without" unwanted ("or" unwanted)* _IN_BETWEEN
absence: "without" unwanted ("or" unwanted)* "within" duration
absence_ever: "without" unwanted ("or" unwanted)* "afterwards"
unwanted: text (filters | by_person | _local)*
_IN_BETWEEN.3: /in\s+between\b/i
""",
    build={
        "sequence": _sequence,
        "then_event": _Then,
        "step_gap": _Gap,
        "in_between": lambda *streams: _Between(streams),
        "absence": _absence,
        "absence_ever": lambda *streams: Absence(streams),
        "unwanted": _unwanted,
    },
)
