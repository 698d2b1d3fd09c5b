"""Instants, durations and windows (DESIGN: time, truth and nulls).

An instant is a whole number of milliseconds since 1970-01-01T00:00:00Z. A day is 86,400 s.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NewType, TypeAlias

from shoal.core.errors import UserError

Instant = NewType("Instant", int)
"""Milliseconds since the Unix epoch, UTC."""

NEWEST: Final = "newest"
"""Stands for the newest instant that the data knows of, where an instant is asked for."""

AsOf: TypeAlias = Instant | Literal["newest"] | None
"""The instant that a question is about; None is now."""

UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
UNIT_WORDS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_WORD_UNITS = {word: unit for unit, word in UNIT_WORDS.items()}
_DURATION = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)\s*(s|m|h|d|w|(?:second|minute|hour|day|week)s?)", re.ASCII)
_SMALLER = {"s": "", "m": "s", "h": "ms", "d": "hms", "w": "dhms"}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as a person wrote it: a whole number of one unit.

    `30d` and `720h` last equally long but read differently, so both keep their own words. A fraction is read as a
    whole number of the next smaller unit that has one.

    >>> Duration.parse("48h").ms
    172800000
    >>> Duration.parse("30 days").english(), Duration.parse("0.5 hours").english()
    ('30 days', '30 minutes')
    """

    number: int
    unit: str  # a key of UNITS_MS

    def __post_init__(self) -> None:
        if self.unit not in UNITS_MS or self.number < 1:
            raise UserError(
                "bad_duration",
                f"{self.number}{self.unit} is not a length of time.",
                fix="Write a whole number of 1 or more and a unit: 30s, 5m, 48h, 7d or 4w.",
            )

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read "7d", "7 days" or "0.5 hours"; raises UserError `bad_duration` for anything else."""
        match = _DURATION.fullmatch(text.strip())
        if match is None:
            raise UserError(
                "bad_duration", f"{text[:40]!r} is not a length of time.", fix="Write for example 48h or 7d."
            )
        unit = match[2] if match[2] in UNITS_MS else _WORD_UNITS[match[2].removesuffix("s")]
        number = Fraction(match[1])
        if number == 0:
            return cls(0, unit)  # refused, in its own words
        length = number * UNITS_MS[unit]
        for smaller in (unit, *_SMALLER[unit]):
            if length % UNITS_MS[smaller] == 0:
                return cls(int(length / UNITS_MS[smaller]), smaller)
        raise UserError(
            "bad_duration",
            f"{text.strip()!r} is not a whole number of seconds.",
            fix="Write a length of whole seconds, such as 90 seconds or 1.5 hours.",
        )

    @property
    def ms(self) -> int:
        """Length in milliseconds."""
        return self.number * UNITS_MS[self.unit]

    def short(self) -> str:
        """The form of the JSON definitions: `7d`."""
        return f"{self.number}{self.unit}"

    def english(self) -> str:
        """The form of the sentences: `7 days`, `1 hour`."""
        return f"{self.number} {UNIT_WORDS[self.unit]}{'' if self.number == 1 else 's'}"


def parse_instant(text: str, zone: dt.tzinfo = dt.UTC) -> Instant:
    """Read an ISO 8601 date or date-time; `zone` is meant where the text names none.

    Parts finer than a millisecond are cut off. Raises UserError `bad_instant`.

    >>> parse_instant("1970-01-02")
    86400000
    >>> parse_instant("1970-01-01T01:00:00+01:00")
    0
    """
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(
            "bad_instant", f"{text!r} is not a date or time.", fix="Write ISO 8601: 2026-03-01 or 2026-03-01T09:30:00Z."
        ) from None
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def from_datetime(moment: dt.datetime) -> Instant:
    """Instant of a date-time that knows its zone."""
    return Instant((moment - EPOCH) // dt.timedelta(milliseconds=1))


def to_datetime(instant: Instant) -> dt.datetime:
    """The instant as a UTC date-time."""
    return EPOCH + dt.timedelta(milliseconds=instant)


def format_instant(instant: Instant) -> str:
    """ISO 8601 in UTC; milliseconds only where there are any.

    >>> format_instant(Instant(86_400_000))
    '1970-01-02T00:00:00Z'
    >>> format_instant(Instant(1))
    '1970-01-01T00:00:00.001Z'
    """
    spec = "milliseconds" if instant % 1_000 else "seconds"
    return to_datetime(instant).isoformat(timespec=spec).replace("+00:00", "Z")


def now() -> Instant:
    """This instant by the machine's clock."""
    return from_datetime(dt.datetime.now(dt.UTC))
