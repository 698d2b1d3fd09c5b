"""Local time: calendar days, weekdays and hours by the clocks where a subscriber is.

A subscriber's zone is their trait `timezone` as of the instant asked for, an IANA name such as Europe/Paris; where
that is not set or names no zone, it is the workspace's. It holds for all of their events, old ones included.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import UserError, nearest, require
from shoal.core.time import UNITS_MS, Instant
from shoal.core.zones import DAY, Zone
from shoal.segments.values import Json, shown

TRAIT = "timezone"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
PERIODS = ("week", "month", "year")
FORMS = ("today", "yesterday", *(f"{which} {period}" for which in ("this", "previous") for period in PERIODS))
MOST_DAYS = 100_000

_EPOCH = dt.date(1970, 1, 1).toordinal()
_MINUTE = UNITS_MS["m"]
_FIXED = re.compile(r"([1-9]\d{3})(?:-(0[1-9]|1[0-2]))?", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class CalendarDays:
    """A run of local dates: today, this month, March 2026.

    `form` is one of `FORMS`, "last" (the last `number` days, today included) or a month or year such as "2026-03".
    A week begins on Monday.

    >>> CalendarDays("last", 3).english(), CalendarDays("2026-03").english()
    ('in the last 3 calendar days', 'in March 2026')
    """

    form: str
    number: int = 0  # only for "last"

    def __post_init__(self) -> None:
        if self.form == "last":
            whole = isinstance(self.number, int) and not isinstance(self.number, bool)
            sound = whole and 2 <= self.number <= MOST_DAYS
            fix = f"Write a whole number from 2 to {MOST_DAYS}; for 1 write today."
            require(sound, "bad_window", f"{shown(self.number)} is not a number of calendar days.", fix=fix)
        else:
            known = self.form in FORMS or _FIXED.fullmatch(self.form) is not None
            fix = nearest(self.form, FORMS) or f'Write {", ".join(FORMS)}, "2026-03", "2026" or {{"last": 3}}.'
            require(known and not self.number, "bad_window", f"{shown(self.form)} are no calendar days.", fix=fix)

    def within(self, today: int) -> tuple[int, int]:
        """The first and the last of the days, as days since 1970-01-01, where today is another such number."""
        match self.form.split(" "):
            case ["today"]:
                return today, today
            case ["yesterday"]:
                return today - 1, today - 1
            case ["last"]:
                return today - self.number + 1, today
            case ["this", period]:
                return _period(period, today)
            case ["previous", period]:
                return _period(period, _period(period, today)[0] - 1)
        year, _, month = self.form.partition("-")
        return _period("month" if month else "year", _day(dt.date(int(year), int(month or 1), 1)))

    def turns(self, day: int) -> tuple[int, ...]:
        """Dates at whose beginning time alone may change whether this day is among the days."""
        match self.form.split(" "):
            case ["today"]:
                return day, day + 1
            case ["yesterday"]:
                return day + 1, day + 2
            case ["last"]:
                return day, day + self.number
            case ["this", period]:
                first, last = _period(period, day)
                return first, last + 1
            case ["previous", period]:
                after = _period(period, day)[1] + 1
                return after, _period(period, after)[1] + 1
        return ()

    def english(self) -> str:
        """`today`, `in the last 3 calendar days`, `in the previous week`, `in March 2026`."""
        if self.form == "last":
            return f"in the last {self.number} calendar days"
        if self.form in FORMS:
            return f"in the {self.form}" if self.form.startswith("previous") else self.form
        year, _, month = self.form.partition("-")
        return f"in {MONTHS[int(month) - 1].capitalize()} {year}" if month else f"in {year}"

    def to_data(self) -> Json:
        """`"today"`, `{"last": 3}`, `"2026-03"`."""
        return {"last": self.number} if self.form == "last" else self.form


@dataclass(frozen=True, slots=True)
class LocalTimes:
    """Days of the calendar, days of the week and hours of the day, by local time; all that are said must hold.

    `hours` are minutes since midnight: from the first on, up to but without the second; across midnight where the
    first is the greater.
    """

    days: CalendarDays | None = None
    weekdays: tuple[int, ...] = ()  # 0 is Monday, ascending; none said: every day
    hours: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        said = self.days is not None or self.weekdays or self.hours is not None
        require(bool(said), "incomplete_condition", "The local time says nothing.", fix='Write "days": "today".')
        if self.hours is not None:
            fix = "Write two different times of day."
            require(self.hours[0] != self.hours[1], "bad_window", "The hours are none, or all of the day.", fix=fix)

    def holds(self, at: Instant, now: Instant, zone: Zone) -> bool:
        """Whether an instant is among the times, where it is `now` in that zone."""
        day, passed = divmod(zone.local(at), DAY)
        if self.days is not None:
            first, last = self.days.within(zone.day(now))
            if not first <= day <= last:
                return False
        if self.weekdays and (day + 3) % 7 not in self.weekdays:
            return False
        return self.hours is None or self._open(passed)

    def _open(self, passed: int) -> bool:
        assert self.hours is not None
        start, end = self.hours[0] * _MINUTE, self.hours[1] * _MINUTE
        return start <= passed < end if start < end else passed >= start or passed < end

    def turns(self, at: Instant, zone: Zone) -> Iterator[Instant]:
        """When time alone may change whether an instant is among the calendar days."""
        if self.days is not None:
            for day in self.days.turns(zone.day(at)):
                yield from zone.instants(day * DAY)

    def edges(self, day: int, zone: Zone) -> Iterator[Instant]:
        """Instants of a local date at which weekdays and hours may begin or end."""
        for minutes in (0, *(self.hours or ())):
            yield from zone.instants(day * DAY + minutes * _MINUTE)

    def english_now(self) -> str:
        """`a Saturday or Sunday`, `between 9:00 and 17:00`, or both."""
        named = " or ".join(WEEKDAYS[day].capitalize() for day in self.weekdays)
        said = [f"a {named}"] if named else []
        if self.hours is not None:
            said.append("between {} and {}".format(*map(_clock, self.hours)))
        return " ".join(said)

    def english(self) -> str:
        """`on a Saturday or Sunday between 18:00 and 23:00 this month`."""
        words = f"{'on ' if self.weekdays else ''}{self.english_now()}"
        return " ".join(part for part in (words, self.days.english() if self.days else "") if part)

    def to_data(self) -> dict[str, Json]:
        """`{"days": "today", "weekdays": ["saturday"], "between": ["18:00", "23:00"]}`."""
        found: dict[str, Json] = {}
        if self.days is not None:
            found["days"] = self.days.to_data()
        if self.weekdays:
            found["weekdays"] = [WEEKDAYS[day] for day in self.weekdays]
        if self.hours is not None:
            found["between"] = [_clock(minutes).zfill(5) for minutes in self.hours]
        return found


def _day(date: dt.date) -> int:
    return date.toordinal() - _EPOCH


def _period(period: str, day: int) -> tuple[int, int]:
    """The first and last day of the week, month or year of a day."""
    if period == "week":
        first = day - (day + 3) % 7
        return first, first + 6
    date = dt.date.fromordinal(day + _EPOCH)
    if period == "year":
        return _day(date.replace(month=1, day=1)), _day(date.replace(month=12, day=31))
    first = day - date.day + 1
    return first, first + calendar.monthrange(date.year, date.month)[1] - 1


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def read_clock(text: object) -> int:
    """Minutes since midnight of "9:00"; 24:00 is 0:00. Raises UserError `bad_window`."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    sound = 0 <= minutes <= 24 * 60
    require(sound, "bad_window", f"{shown(text)} is not a time of day.", fix="Write hours and minutes such as 18:00.")
    return minutes % (24 * 60)


def read_weekdays(names: object) -> tuple[int, ...]:
    """Weekdays of their names in JSON; raises UserError `bad_value`."""
    if not isinstance(names, list) or not names:
        raise UserError("incomplete_condition", "No weekday is named.", fix='Write for example ["saturday"].')
    for name in names:
        fix = nearest(str(name), WEEKDAYS) or f"Use {', '.join(WEEKDAYS)}."
        require(name in WEEKDAYS, "bad_value", f"{shown(name)} is not a weekday.", fix=fix)
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def _read_days(data: object) -> CalendarDays:
    if isinstance(data, str) and data != "last":
        return CalendarDays(data)
    if isinstance(data, dict) and set(data) == {"last"}:
        return _last(data["last"])
    raise UserError("bad_window", f"{shown(data)} are no calendar days.", fix='Write {"last": 3} or "today".')


KEYS = ("days", "weekdays", "between")


def local_from(data: object, where: str, keys: tuple[str, ...] = KEYS) -> LocalTimes:
    """The inverse of `LocalTimes.to_data`; raises UserError for anything else."""
    if not isinstance(data, Mapping):
        fix = 'Write for example {"days": "today"}.'
        raise UserError("incomplete_condition", f"{shown(data)} is not a local time.", where=where, fix=fix)
    unknown = next((key for key in data if key not in keys), None)
    if unknown is not None:
        fix = nearest(str(unknown), keys) or f"Use {', '.join(keys)}."
        raise UserError("unknown_key", f"A local time has no {unknown!r}.", where=where, fix=fix)
    try:
        return LocalTimes(
            _read_days(data["days"]) if "days" in data else None,
            read_weekdays(data["weekdays"]) if "weekdays" in data else (),
            _read_hours(data["between"]) if "between" in data else None,
        )
    except UserError as error:
        error.where = error.where or where
        raise


def _read_hours(data: object) -> tuple[int, int]:
    if not isinstance(data, list) or len(data) != 2:
        raise UserError("bad_window", "The hours need a beginning and an end.", fix='Write ["18:00", "23:00"].')
    return read_clock(data[0]), read_clock(data[1])


@dataclass(frozen=True, slots=True)
class Weekdays:
    """The words `on a Saturday or Sunday`."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """The words `between 18:00 and 23:00`."""

    start: int
    end: int


_WEEKDAY = "|".join(WEEKDAYS)

GRAMMAR = rf"""
_local: calendar | weekdays | hours
calendar: "today" -> days_today
    | "yesterday" -> days_yesterday
    | "in" "the" "last" whole _CALENDAR_DAYS -> days_last
    | "this" PERIOD -> days_this
    | "in" "the" "previous" PERIOD -> days_previous
    | "in" MONTH whole -> days_month
    | "in" whole -> days_year
weekdays: "on" named_weekdays
named_weekdays: "a" WEEKDAY OR_WEEKDAY*
hours: "between" CLOCK "and" CLOCK
CLOCK.4: /\d\d?:\d\d/
PERIOD.3: /(week|month|year)\b/i
MONTH.3: /({"|".join(MONTHS)})\b/i
WEEKDAY.3: /({_WEEKDAY})\b/i
OR_WEEKDAY.4: /or\s+(a\s+)?({_WEEKDAY})\b/i
_CALENDAR_DAYS.4: /calendar\s+days?\b/i
"""


def _last(number: int) -> CalendarDays:
    return CalendarDays("today") if number == 1 and not isinstance(number, bool) else CalendarDays("last", number)


def _weekdays(*tokens: str) -> Weekdays:
    return Weekdays(tuple(sorted({WEEKDAYS.index(token.split()[-1].casefold()) for token in tokens})))


BUILD: Mapping[str, Callable[..., Any]] = {
    "days_today": lambda: CalendarDays("today"),
    "days_yesterday": lambda: CalendarDays("yesterday"),
    "days_last": _last,
    "days_this": lambda period: CalendarDays(f"this {period.casefold()}"),
    "days_previous": lambda period: CalendarDays(f"previous {period.casefold()}"),
    "days_month": lambda month, year: CalendarDays(f"{year}-{MONTHS.index(month.casefold()) + 1:02}"),
    "days_year": lambda year: CalendarDays(str(year)),
    "named_weekdays": _weekdays,
    "weekdays": lambda weekdays: weekdays,
    "hours": lambda start, end: Hours(read_clock(str(start)), read_clock(str(end))),
}
