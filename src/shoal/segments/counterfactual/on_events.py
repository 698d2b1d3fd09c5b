"""Ways to turn conditions on events: more of them, with what they say, or none until some are no longer counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from shoal.segments.comparison import PropertyFilter
from shoal.segments.counterfactual.examples import Counted, next_counted
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.ways import Do, Never, Wait, Way, moment_words
from shoal.segments.measures import UNIT, measured_words, millionths
from shoal.segments.nodes import Person
from shoal.segments.operators.words import quoted
from shoal.segments.streams import Stream
from shoal.segments.summaries import Summary
from shoal.segments.times import Times
from shoal.segments.values import Json, Number, join_path
from shoal.segments.windows import EVER, BeforeAgo, Between, Ever, Window
from shoal.segments.wording import name_words

MOST_FACTS = 1_000
"""Where more events than this are needed, that is said and not tried."""

STAYS = "nothing: what has happened stays"


def stream_words(stream: Stream) -> str:
    """`"Page Viewed" where path starts with "/pricing"`."""
    return f"{quoted(stream.event)}{stream.english_filters()}"


def coming_words(stream: Stream) -> str:
    """The same of an event to come: without days such as yesterday, on which nothing can happen any more."""
    local = stream.local
    if local is None or local.days is None or not local.days.turns(0):
        return stream_words(stream)
    others = replace(local, days=None) if local.weekdays or local.hours is not None else None
    return stream_words(replace(stream, local=others))


def over(stream: Stream, window: Window, person: Person) -> Iterator[Never]:
    """Nothing, where no event from now on is counted."""
    if next_counted(Stream(stream.event, local=stream.local), window, person) is None:
        yield Never("nothing: no event from now on is counted")


def stays(stream: Stream, window: Window, words: str = STAYS) -> Iterator[Never]:
    """Nothing, where time takes no event out of the stream or the window."""
    timeless = all(test.comparison.lags() is None for one in stream.filters for test in one.tests())
    days = stream.local.days if stream.local else None
    if timeless and steady(window) and (days is None or not days.turns(0)):
        yield Never(words)


def steady(window: Window) -> bool:
    """Whether time takes nothing out of the window."""
    return isinstance(window, Ever | Between | BeforeAgo)


def no_more(stream: Stream) -> Wait:
    """Time alone, as long as none is added."""
    return Wait(f"no more {coming_words(stream)}")


def more(
    stream: Stream,
    window: Window,
    person: Person,
    number: int = 1,
    *,
    tests: Iterable[tuple[PropertyFilter, bool]] = (),
    given: tuple[tuple[str, ...], Json] | None = None,
    words: str = "",
) -> Iterator[Do]:
    """So many more events, the next that are counted; nothing where none can be counted from now on."""
    found = next_counted(stream, window, person, tests=tests, given=given)
    waits = found is not None and found.at > found.event.at
    said = f"{number} more {coming_words(stream) if waits else stream_words(stream)}{words}"
    if found is None:
        plain = Stream(stream.event, local=stream.local)
        if next_counted(plain, window, person) is not None:
            yield Do(said, None, person.now)
        return
    facts = Facts(events=(found.event,) * number) if number <= MOST_FACTS else None
    yield Do(f"{said}{_when(found, person)}", facts, found.at)


def _when(found: Counted, person: Person) -> str:
    told = f" from {moment_words(found.event.at)}" if found.event.at > person.now else ""
    if found.at > found.event.at == person.now:
        told = " now"
    return f"{told}, counted from {moment_words(found.at)}" if found.at > found.event.at else told


def of_count(person: Person, stream: Stream, window: Window, times: Times) -> Iterator[Way]:
    """Of a number of events in bounds: as many more as are missing or too few to be too many, else time alone."""
    found = next_counted(stream, window, person)
    seen = person if found is None or found.at == person.now else person.at(found.at)
    number = len(seen.events(stream, window))
    low, high = times.bounds
    if number < low:
        yield from more(stream, window, person, low - number)
    elif high is not None and number <= high:
        yield from more(stream, window, person, high + 1 - number)
    if len(person.events(stream, window)) >= max(low, 1):
        yield no_more(stream)
        yield from stays(stream, window, f"{STAYS}, and {stream_words(stream)} is counted {_for_how_long(window)}")
    yield from over(stream, window, person)


def _for_how_long(window: Window) -> str:
    return "for ever" if window == EVER else window.english()


def reaching(summary: Summary, goal: int, person: Person, words: str) -> Iterator[Way]:
    """One more event with the number that is missing, so that the summary comes to `goal` millionths.

    Of a sum no number below zero is asked for: nobody orders less than nothing. For distinct values there are as many
    events as new values are missing.
    """
    if summary.function == "distinct":
        yield from _distinct(summary, goal, person, words)
        return
    missing = _missing(summary, goal, person)
    if missing is None:
        return
    given = (summary.path, _number(missing))
    said = f" with {name_words(join_path(summary.path))} {measured_words(missing)}"
    for one in more(summary.stream, summary.window, person, given=given, words=said):
        yield Do(f"{words}: {one.words}", one.facts, one.at)


def _missing(summary: Summary, goal: int, person: Person) -> int | None:
    counted = next_counted(summary.stream, summary.window, person)
    seen = person if counted is None or counted.at == person.now else person.at(counted.at)
    numbers = [number for one in summary.values(seen) if (number := millionths(one)) is not None]
    match summary.function:
        case "sum":
            return goal - sum(numbers) if goal >= sum(numbers) else None
        case "average":
            return goal * (len(numbers) + 1) - sum(numbers)
    return goal


def _number(measured: int) -> Number:
    return measured // UNIT if measured % UNIT == 0 else measured / UNIT


def _distinct(summary: Summary, goal: int, person: Person, words: str) -> Iterator[Way]:
    missing = -(((summary.value(person) or 0) - goal) // UNIT)
    if missing <= 0:
        return
    said = f"{words}: {missing} more values of {name_words(join_path(summary.path))}"
    if missing > MOST_FACTS:
        yield Do(said, None, person.now)
        return
    events, at = [], person.now
    for number in range(missing):
        found = next_counted(summary.stream, summary.window, person, given=(summary.path, f"new {number}"))
        if found is None:
            return
        events.append(found.event)
        at = found.at
    yield Do(said, Facts(events=tuple(events)), at)
