"""The stretches of time that conditions look at (DESIGN: time, truth and nulls).

A window is asked at an instant `now` and never looks beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lark import Token

from shoal.core.errors import UserError, nearest, require
from shoal.core.time import Duration, Instant, format_instant
from shoal.segments.operators.dates import check_duration, check_instant, read_duration, read_instant
from shoal.segments.operators.words import instant_words
from shoal.segments.values import Json


@dataclass(frozen=True, slots=True)
class Span:
    """Instants from `start` up to but without `end`; `start` None reaches back for ever."""

    start: Instant | None
    end: Instant

    def __contains__(self, at: Instant) -> bool:
        return (self.start is None or self.start <= at) and at < self.end


@dataclass(frozen=True, slots=True)
class Ever:
    """All of the past."""

    def span(self, now: Instant) -> Span:
        """Everything up to and including now."""
        return Span(None, Instant(now + 1))

    def lags(self) -> tuple[int, ...]:
        """Milliseconds after an event at which it enters or leaves the window."""
        return ()

    def english(self) -> str:
        """Nothing: a condition without a window means ever."""
        return ""

    def to_data(self) -> dict[str, Json]:
        """Nothing: an absent `when` means ever."""
        return {}


@dataclass(frozen=True, slots=True)
class Last:
    """The last stretch: `(now - length, now]`.

    >>> Last(Duration(1, "s")).span(Instant(5_000))
    Span(start=4001, end=5001)
    """

    length: Duration

    def __post_init__(self) -> None:
        check_duration(self.length)

    def span(self, now: Instant) -> Span:
        """Without the instant `now - length`, with `now`."""
        return Span(Instant(now - self.length.ms + 1), Instant(now + 1))

    def lags(self) -> tuple[int, ...]:
        """An event leaves after the length."""
        return (self.length.ms,)

    def english(self) -> str:
        """`in the last 30 days`."""
        return f"in the last {self.length.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"last": "30d"}`."""
        return {"last": self.length.short()}


@dataclass(frozen=True, slots=True)
class BetweenAgo:
    """A stretch that ended a while ago: `(now - start, now - end]`."""

    start: Duration
    end: Duration

    def __post_init__(self) -> None:
        check_duration(self.start)
        check_duration(self.end)
        fix = f"Write between {self.end.english()} and {self.start.english()} ago."
        require(self.start.ms > self.end.ms, "bad_window", "The window ends before it starts.", fix=fix)

    def span(self, now: Instant) -> Span:
        """Without the instant `now - start`, with `now - end`."""
        return Span(Instant(now - self.start.ms + 1), Instant(now - self.end.ms + 1))

    def lags(self) -> tuple[int, ...]:
        """An event enters after `end` and leaves after `start`."""
        return (self.end.ms, self.start.ms)

    def english(self) -> str:
        """`between 60 days and 30 days ago`."""
        return f"between {self.start.english()} and {self.end.english()} ago"

    def to_data(self) -> dict[str, Json]:
        """`{"between_ago": ["60d", "30d"]}`."""
        return {"between_ago": [self.start.short(), self.end.short()]}


@dataclass(frozen=True, slots=True)
class BeforeAgo:
    """More than a while ago: up to and including `now - least`."""

    least: Duration

    def __post_init__(self) -> None:
        check_duration(self.least)

    def span(self, now: Instant) -> Span:
        """Everything up to and including `now - least`: what `Last(least)` leaves over."""
        return Span(None, Instant(now - self.least.ms + 1))

    def lags(self) -> tuple[int, ...]:
        """An event enters after `least`."""
        return (self.least.ms,)

    def english(self) -> str:
        """`more than 7 days ago`."""
        return f"more than {self.least.english()} ago"

    def to_data(self) -> dict[str, Json]:
        """`{"before_ago": "7d"}`."""
        return {"before_ago": self.least.short()}


@dataclass(frozen=True, slots=True)
class Between:
    """A fixed stretch: from an instant on, up to but without another; either may be open."""

    start: Instant | None
    until: Instant | None

    def __post_init__(self) -> None:
        for instant in (self.start, self.until):
            if instant is not None:
                check_instant(instant)
        require(
            self.start is not None or self.until is not None,
            "incomplete_condition",
            "The window has neither a start nor an end.",
            fix="Write from or until.",
        )
        if self.start is not None and self.until is not None:
            require(self.start < self.until, "bad_window", "The window ends before it starts.", fix="Exchange the two.")

    def span(self, now: Instant) -> Span:
        """Never beyond now."""
        end = Instant(now + 1)
        return Span(self.start, end if self.until is None else min(self.until, end))

    def lags(self) -> tuple[int, ...]:
        """Time alone changes nothing."""
        return ()

    def english(self) -> str:
        """`from 2026-01-01 until 2026-02-01`."""
        start = "" if self.start is None else f"from {instant_words(self.start)}"
        until = "" if self.until is None else f"until {instant_words(self.until)}"
        return f"{start} {until}".strip()

    def to_data(self) -> dict[str, Json]:
        """`{"from": "2026-01-01T00:00:00Z", "until": …}`."""
        ends = {"from": self.start, "until": self.until}
        return {key: format_instant(instant) for key, instant in ends.items() if instant is not None}


Window = Ever | Last | BetweenAgo | BeforeAgo | Between
EVER = Ever()

KEYS = ("last", "between_ago", "from", "until", "before_ago")


def window_from(data: object, where: str) -> Window:
    """The window of a `when` in JSON; raises UserError for anything else."""
    if not isinstance(data, dict) or not data:
        raise UserError(
            "incomplete_condition", "The window says nothing.", where=where, fix='Write for example {"last": "30d"}.'
        )
    unknown = [key for key in data if key not in KEYS]
    if unknown:
        fix = nearest(str(unknown[0]), KEYS) or f"Use {', '.join(KEYS)}."
        raise UserError("unknown_key", f"A window has no {unknown[0]!r}.", where=where, fix=fix)
    try:
        return _window(data)
    except UserError as error:
        error.where = error.where or where
        raise


def _window(data: Mapping[str, Any]) -> Window:
    match data:
        case {"last": length} if len(data) == 1:
            return Last(read_duration(length))
        case {"between_ago": [start, end]} if len(data) == 1:
            return BetweenAgo(read_duration(start), read_duration(end))
        case {"before_ago": least} if len(data) == 1:
            return BeforeAgo(read_duration(least))
        case _ if set(data) <= {"from", "until"}:
            ends = [read_instant(data[key]) if key in data else None for key in ("from", "until")]
            return Between(ends[0], ends[1])
    raise UserError("bad_window", "The window mixes several forms.", fix="Use one form of window.")


GRAMMAR = """
window: "in" "the" "last" duration -> window_last
    | "between" duration "and" duration "ago" -> window_between_ago
    | "between" whole "and" DURATION "ago" -> window_between_numbers
    | "more" "than" duration "ago" -> window_before_ago
    | ("from" | "since") date "until" date -> window_between
    | ("from" | "since") date -> window_from
    | ("until" | "before") date -> window_until
    | "ever" -> window_ever
duration: DURATION | UNIT
date: DATE | STRING
"""


def _between_numbers(start: int, end: Token) -> Window:
    """`between 60 and 30 days ago`: the unit that is said is that of both."""
    unit = end.lstrip("0123456789.").strip()
    return BetweenAgo(length_of(f"{start} {unit}"), length_of(end))


def length_of(token: str) -> Duration:
    """The duration that words of a sentence say: `30 days`, or `day` for one of them."""
    words = token.casefold()
    return Duration.parse(words if words[0].isdigit() else f"1 {words}")


def _date(token: Token) -> Instant:
    return read_instant(str(token) if token.type == "DATE" else token.value[1:-1])


BUILD: Mapping[str, Callable[..., object]] = {
    "window_last": Last,
    "window_between_ago": BetweenAgo,
    "window_between_numbers": _between_numbers,
    "window_before_ago": BeforeAgo,
    "window_between": Between,
    "window_from": lambda start: Between(start, None),
    "window_until": lambda until: Between(None, until),
    "window_ever": Ever,
    "duration": length_of,
    "date": _date,
}
