"""How far back a condition looks, and at what: whether the data goes back as far is another's question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Protocol, runtime_checkable

from shoal.core.time import Duration, Instant
from shoal.core.zones import DAY
from shoal.segments.comparison import Comparison
from shoal.segments.local import CalendarDays
from shoal.segments.streams import Stream
from shoal.segments.windows import BeforeAgo, Between, BetweenAgo, Ever, Last, Span, Window

_WINDOWS = (Ever, Last, BetweenAgo, BeforeAgo, Between)


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of the past, and what is looked at in it: the events of a stream, or what was said of a trait."""

    of: Stream | str  # a text is the name of a trait
    window: Window | CalendarDays
    words: str  # the stretch: "in the last 30 days", "with 7 days after it"

    def span(self, now: Instant) -> Span:
        """The stretch at an instant; calendar days are taken by UTC."""
        if not isinstance(self.window, CalendarDays):
            return self.window.span(now)
        first, last = self.window.within(now // DAY)
        return Span(Instant(first * DAY), Instant(min((last + 1) * DAY, now + 1)))


@runtime_checkable
class Reaching(Protocol):
    """A lowered condition that looks back otherwise than by a window beside its stream."""

    def reaches(self) -> Iterator[Reach]:
        """What no window beside a stream says: each thing that it looks at, with how far back."""


def within(of: Stream | str, window: Window) -> Reach:
    """A stretch as windows say it."""
    return Reach(of, window, window.english())


def lasting(of: Stream | str, length: Duration) -> Reach:
    """A length of time up to now that is looked at as a whole."""
    return Reach(of, Last(length), f"over the last {length.english()}")


def followed(of: Stream, length: Duration) -> Reach:
    """An event and the time after it, which may lie as long ago."""
    return Reach(of, Last(length), f"with {length.english()} after it")


def reaches(core: object) -> Iterator[Reach]:
    """All that a lowered condition looks at, each with how far back.

    Whatever dataclasses a condition is made of are looked through: a window beside a stream needs no line here.

    >>> from shoal.segments.sentence import parse
    >>> [one.words for one in reaches(parse('did "A" in the last 3 weeks and did "B" this year').lower())]
    ['in the last 3 weeks', '', 'this year']
    """
    if isinstance(core, Reaching):
        yield from core.reaches()
    if isinstance(core, tuple | list):
        for one in core:
            yield from reaches(one)
    elif isinstance(core, Stream):
        if core.local is not None and core.local.days is not None:
            yield Reach(core, core.local.days, core.local.days.english())
    elif is_dataclass(core) and not isinstance(core, (Comparison, *_WINDOWS)):
        values = [getattr(core, one.name) for one in fields(core)]
        windows = [one for one in values if isinstance(one, _WINDOWS)]
        streams = [one for one in values if isinstance(one, Stream)]
        yield from (within(stream, window) for stream in streams for window in windows)
        for value in values:
            yield from reaches(value)
