"""Made-up facts that would pass a condition: what explanations try on a copy of a history.

Nothing here is clever: likely values are made from the operands, and those that pass are taken. Where none does, as
with some patterns, there is no example.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shoal.core.time import Duration, Instant, format_instant
from shoal.core.zones import DAY
from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.filters import Wanted, together
from shoal.segments.history import Event, TraitStatement
from shoal.segments.nodes import Person
from shoal.segments.operators.operator import Dates
from shoal.segments.streams import Stream
from shoal.segments.values import Json, same_value
from shoal.segments.windows import BeforeAgo, Between, BetweenAgo, Window

Test = tuple[Comparison, bool]
"""A comparison, and whether it shall hold."""

MOST_CHOICES = 50
"""Ways through the groups of a stream's filters that are tried."""

FAR_DAYS = 15
"""Days after the window or the calendar days begin in which every weekday and hour comes, also where clocks change."""


def example_value(
    tests: Iterable[Test], now: Instant, others: Iterable[Json] = (), unlike: Iterable[Json] = ()
) -> tuple[Json] | None:
    """A value for which each comparison holds or not, as said, in a tuple; None where none was found.

    `others` are tried first, and the value is none of `unlike`.

    >>> example_value([(Comparison("gt", 5), True)], Instant(0), unlike=[6])
    (5.5,)
    """
    wanted, known = list(tests), list(unlike)
    operands = [operand for one, _ in wanted for operand in _operands(one)]
    for value in (*others, *(near for operand in operands for near in _near(operand, now)), *_PLAIN):
        fits = all(one.holds(value, now) == holds for one, holds in wanted)
        if fits and not any(same_value(value, one) for one in known):
            return (value,)
    return None


_PLAIN: tuple[Json, ...] = ("a", "A", "1", " ", "", "-", "/", 0, 1, True, False, None)


def _operands(comparison: Comparison) -> tuple[object, ...]:
    operand = comparison.operand
    return operand if isinstance(operand, tuple) else (operand,)


def _near(operand: object, now: Instant) -> Iterator[Json]:
    match operand:
        case bool():
            yield from (operand, not operand)
        case int() | float():
            yield from (operand, operand + 1, operand - 1, operand + 0.5, operand * 2, operand / 2, -operand)
            yield [operand]
            if isinstance(operand, int) and abs(operand) < 2 * 10**14:
                yield from (format_instant(Instant(operand + more)) for more in (0, 1, -1, DAY, -DAY))
        case str():
            literal = re.sub(r"\\.|[\^$(){}\[\]|*+?]", "", operand)
            yield from (operand, literal, f"{literal}a", f"a{literal}", f"a{operand}a")
            yield [operand]
        case Duration():
            near = (now, now - operand.ms, now + operand.ms, now + operand.ms + 1)
            yield from (format_instant(Instant(one)) for one in near)
        case Dates(first, last):
            yield from (format_instant(Instant(one)) for one in (first, last, last + 1, first - 1))


def with_value(properties: dict[str, Json], path: tuple[str, ...], value: Json) -> None:
    """Put a value at a path of nested objects; what is in the way goes."""
    inner: dict[str, Any] = properties
    for part in path[:-1]:
        if not isinstance(inner.get(part), dict):
            inner[part] = {}
        inner = inner[part]
    inner[path[-1]] = value


@dataclass(frozen=True, slots=True)
class Counted:
    """An event that a window would count, and from when."""

    event: Event
    at: Instant


def example_event(
    stream: Stream,
    at: Instant,
    now: Instant,
    person: Person,
    *,
    tests: Iterable[tuple[PropertyFilter, bool]] = (),
    given: tuple[tuple[str, ...], Json] | None = None,
) -> Event | None:
    """An event at an instant that the stream has in it at `now`; None where none can be made up.

    `tests` are further filters that it has to pass, or not to, and `given` is a property that it has to have.
    """
    more = tuple(tests)
    name = stream.event if stream.prefix is None else stream.prefix or "Any event"
    for chosen in islice(together(stream.filters), MOST_CHOICES):
        wanted = (*chosen, *more)
        properties = _passing(wanted, now, given)
        if properties is None or not all(one.holds(properties, now) == holds for one, holds in wanted):
            continue
        event = Event(0, name, at, properties)
        if stream.matches(event, now, person.history.zone()):
            return event
    return None


def _passing(wanted: Wanted, now: Instant, given: tuple[tuple[str, ...], Json] | None) -> dict[str, Json] | None:
    """Properties that likely pass, or not, as said; None where some value could not be made up."""
    properties: dict[str, Json] = {}
    for path in dict.fromkeys(one.path for one, _ in wanted):
        of_path = [(one.comparison, holds) for one, holds in wanted if one.path == path]
        found = example_value(of_path, now, [given[1]] if given and given[0] == path else ())
        if found is None:
            return None
        if found[0] is not None:
            with_value(properties, path, found[0])
    if given is not None:
        with_value(properties, *given)
    return properties


def next_counted(
    stream: Stream,
    window: Window,
    person: Person,
    *,
    tests: Iterable[tuple[PropertyFilter, bool]] = (),
    given: tuple[tuple[str, ...], Json] | None = None,
) -> Counted | None:
    """The next event that the window would count: now, or when hours, weekdays or the window begin; None if none."""
    wanted = tuple(tests)
    for at in _chances(stream, window, person):
        for now in _asked(stream, window, at, person):
            if at in window.span(now):
                event = example_event(stream, at, now, person, tests=wanted, given=given)
                if event is not None:
                    return Counted(event, now)
    return None


def entry(window: Window) -> int:
    """Milliseconds after which an event enters the window."""
    return window.lags()[0] if isinstance(window, BetweenAgo | BeforeAgo) else 0


def _asked(stream: Stream, window: Window, at: Instant, person: Person) -> Iterator[Instant]:
    """When an event may begin to count: as it enters the window, then as its day enters the calendar days."""
    entered = Instant(at + entry(window))
    yield entered
    if stream.local is not None:
        yield from sorted(one for one in stream.local.turns(at, person.history.zone()) if one > entered)


def _chances(stream: Stream, window: Window, person: Person) -> Iterator[Instant]:
    """Now, and the instants after it at which an event may begin to count."""
    yield person.now
    begins = person.now
    if isinstance(window, Between) and window.start is not None and window.start > person.now:
        begins = window.start
        yield begins
    if stream.local is not None:
        zone = person.history.zone()
        first = zone.day(begins)
        if stream.local.days is not None:
            first = max(first, stream.local.days.within(first)[0])
        edges = {edge for day in range(first, first + FAR_DAYS) for edge in stream.local.edges(day, zone)}
        yield from sorted(edge for edge in edges if edge > begins)


def stated(person: Person, name: str, value: Json, after: int = 0) -> TraitStatement:
    """A trait stated so many milliseconds from now."""
    at = Instant(person.now + after)
    return TraitStatement(name, value, at, at, 0)
