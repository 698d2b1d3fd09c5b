"""Anniversary: the month and day of a date comes round again."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlglot import exp, parse_one

from shoal.core.errors import UserError, require
from shoal.core.time import Instant, to_datetime
from shoal.core.zones import DAY, Zone
from shoal.profiles.traits import LATEST
from shoal.segments import clocks, fields, scans
from shoal.segments.counterfactual.examples import stated
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.ways import Do, Wait, Way
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.values import Json, check_text, instant_of, shown
from shoal.segments.wording import name_words

_YEARLESS = r"(--)?(0[1-9]|1[0-2])[-/](0[1-9]|[12]\d|3[01])"
_NO_DATES = (230, 231, 431, 631, 931, 1131)  # 30 and 31 February, 31 April ...
_LEAP_DAY = 229
_EPOCH = dt.date(1970, 1, 1).toordinal()
_NOTHING = -(10**17)

BIRTHDAY = "birthday"
"""The trait of which a sentence may say its anniversary without that word."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """A month and day as `100 * month + day`, and the year it was; None where only the day is known."""

    month_day: int
    year: int | None

    def on(self, date: dt.date) -> bool:
        """Whether a date is an anniversary: the day itself is none, and 29 February is 28 February in common years."""
        day = 228 if self.month_day == _LEAP_DAY and not calendar.isleap(date.year) else self.month_day
        return day == date.month * 100 + date.day and (self.year is None or self.year < date.year)


def recurring(value: Json, zone: Zone) -> Recurring | None:
    """The month and day of an ISO date or date-time, or of 05-17, --05-17 or 05/17; None for all else.

    A date-time counts by the local date in the zone, a date is what it says.

    >>> from shoal.core.zones import zone
    >>> recurring("1990-05-17T23:30:00Z", zone("Europe/Paris")), recurring("05/17", zone("UTC"))
    (Recurring(month_day=518, year=1990), Recurring(month_day=517, year=None))
    """
    if not isinstance(value, str):
        return None
    if re.fullmatch(_YEARLESS, value, re.ASCII):
        month_day = int(value[-5:-3]) * 100 + int(value[-2:])
        return None if month_day in _NO_DATES else Recurring(month_day, None)
    instant = instant_of(value)
    if instant is None:
        return None
    day = instant // DAY if len(value) == 10 else zone.day(instant)
    try:
        date = dt.date.fromordinal(day + _EPOCH)
    except ValueError:  # the year 10000
        return None
    return Recurring(date.month * 100 + date.day, date.year)


@dataclass(frozen=True, slots=True)
class AnniversaryWithin:
    """Some anniversary of the trait's date lies between so many days from today and so many, both included."""

    trait: str
    first: int
    last: int

    def scan(self, binding: Binding) -> exp.Select:
        """The latest value as month, day and year, against those of the days meant."""
        ms = exp.func("COALESCE", variant.instant(scans.column("value")), exp.Literal.number(_NOTHING))
        stated = (
            exp.select(scans.column("subscriber"), scans.column("at"), scans.column("event_id"))
            .select(exp.alias_(_text_or_nothing(), "said"), exp.alias_(ms, "ms"))
            .from_(exp.table_("traits"))
            .where(*scans.trait_conditions(self.trait, binding))
        )
        found = parse_one(
            f"""SELECT subscriber FROM (
                  SELECT subscriber, local_now, CASE WHEN yearless
                           THEN TRY_CAST(substr(right(said, 5), 1, 2) AS INT) * 100 + TRY_CAST(right(said, 2) AS INT)
                         ELSE month(made) * 100 + day(made) END AS month_day,
                         CASE WHEN yearless THEN NULL ELSE year(made) END AS since
                  FROM (SELECT clocks.person AS subscriber, clocks.local_now, latest.said,
                               regexp_full_match(latest.said, '{_YEARLESS}') AS yearless,
                               make_timestamp_ms(CASE WHEN length(latest.said) = 10 THEN latest.ms
                                                      ELSE latest.ms + clock."offset" END) AS made
                        FROM (SELECT subscriber, arg_max(said, {LATEST}) AS said,
                                     nullif(arg_max(ms, {LATEST}), {_NOTHING}) AS ms
                              FROM stated GROUP BY subscriber) AS latest
                        JOIN ({clocks.clocks_sql(binding)}) AS clocks ON clocks.person = latest.subscriber
                        LEFT JOIN zone_offsets AS clock ON clock.zone = clocks.zone AND clock.starts <= latest.ms
                              AND clock.ends > latest.ms)) AS dated
                WHERE month_day NOT IN ({", ".join(map(str, _NO_DATES))}) AND ({self._dates(binding.now)})""",
            dialect="duckdb",
        )
        assert isinstance(found, exp.Select)
        return found.with_("stated", as_=stated)

    def _dates(self, now: Instant) -> str:
        """Conditions for each date that it may be somewhere: which months and days are meant, and before which year."""
        cases = []
        for today in range(now // DAY - 1, now // DAY + 2):
            for year, low, high in _years(today + self.first, today + self.last):
                day = "month_day"
                if not calendar.isleap(year):
                    day = f"CASE WHEN month_day = {_LEAP_DAY} THEN 228 ELSE month_day END"
                cases.append(
                    f"(local_now >= {today * DAY} AND local_now < {(today + 1) * DAY} AND {day} >= {low} AND "
                    f"{day} <= {high} AND (since IS NULL OR since < {year}))"
                )
        return " OR ".join(cases)


def _text_or_nothing() -> exp.Expr:
    value = scans.column("value")
    text = exp.Case(ifs=[exp.If(this=variant.is_text(value), true=variant.text(value))])
    return exp.func("COALESCE", text, exp.Literal.string(""))


def _years(first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """The run of days, cut at the years' ends: year, month and day of its first day there, and of its last."""
    start, end = (dt.date.fromordinal(day + _EPOCH) for day in (first, last))
    for year in range(start.year, end.year + 1):
        low = start if year == start.year else dt.date(year, 1, 1)
        high = end if year == end.year else dt.date(year, 12, 31)
        yield year, low.month * 100 + low.day, high.month * 100 + high.day


@dataclass(frozen=True, slots=True)
class Anniversary:
    """An anniversary of a trait's date is today, in the next days or was in the last days; today is one of them.

    >>> Anniversary("signed_up", "last", 3).english()
    'anniversary of signed_up was in the last 3 days'
    """

    trait: str
    which: Literal["today", "next", "last"]
    number: int = 1  # days, today included

    def __post_init__(self) -> None:
        check_text(self.trait, "The trait's name")
        whole = isinstance(self.number, int) and not isinstance(self.number, bool)
        least = 1 if self.which == "today" else 2
        sound = whole and least <= self.number <= (1 if self.which == "today" else 366)
        fix = "Write 2 to 366 days; for 1 write today."
        require(sound, "bad_window", f"{shown(self.number)} is not a number of days in a year.", fix=fix)

    def _days(self) -> tuple[int, int]:
        ahead = self.number - 1
        return (-ahead, 0) if self.which == "last" else (0, ahead)

    def _words(self) -> str:
        if self.which == "today":
            return "is today"
        return f"{'is' if self.which == 'next' else 'was'} in the {self.which} {self.number} days"

    def english(self) -> str:
        """`anniversary of birthday is in the next 7 days`."""
        return f"anniversary of {name_words(self.trait)} {self._words()}"

    def to_data(self) -> dict[str, Json]:
        """`{"anniversary": "birthday", "days": {"next": 7}}`."""
        days: Json = "today" if self.which == "today" else {self.which: self.number}
        return {"anniversary": self.trait, "days": days}

    def lower(self) -> AnniversaryWithin:
        """A query of its own."""
        return AnniversaryWithin(self.trait, *self._days())

    def holds(self, person: Person) -> bool:
        """Go through the days."""
        stated, zone = person.history.trait(self.trait), person.history.zone()
        made = recurring(stated.value, zone) if stated else None
        if made is None:
            return False
        today, (first, last) = zone.day(person.now), self._days()
        return any(made.on(dt.date.fromordinal(today + ahead + _EPOCH)) for ahead in range(first, last + 1))

    def detail(self, person: Person) -> Detail:
        """The date."""
        stated = person.history.trait(self.trait)
        return Detail("not set" if stated is None or stated.value is None else str(stated.value), self._words())

    def ways(self, person: Person) -> Iterator[Way]:
        """Time alone, where the date is known; else the date."""
        zone, holds = person.history.zone(), self.holds(person)
        stated_last = person.history.trait(self.trait)
        if stated_last is not None and recurring(stated_last.value, zone) is not None:
            yield Wait(f"no other {name_words(self.trait)}")
        day = dt.date.fromordinal(zone.day(person.now) + _EPOCH + (180 if holds else 0))
        dates = [f"--{one:%m-%d}" for one in (day, day + dt.timedelta(days=1))]
        words = f"{name_words(self.trait)} stated as a date whose anniversary {'not ' * holds}{self._words()}"
        for date in dates:
            yield Do(words, Facts(traits=(stated(person, self.trait, date),)), person.now)

    def moments(self, person: Person) -> Iterator[Instant]:
        """When something was said of the trait or the zone, and when an anniversary nears and passes."""
        history = person.history
        yield from person.zone_moments()
        stated = [one for one in history.traits if one.name == self.trait]
        known = [one.at for told in (history.events, history.traits, history.consents) for one in told]
        years = range(to_datetime(min([person.now, *known])).year - 1, to_datetime(person.now).year + 3)
        for one in stated:
            yield one.at
            for zone in history.zones():
                made = recurring(one.value, zone)
                if made is not None:
                    for year in years:
                        yield from self._turns(made, year, zone)

    def _turns(self, made: Recurring, year: int, zone: Zone) -> Iterator[Instant]:
        month, day = divmod(made.month_day, 100)
        if made.month_day == _LEAP_DAY and not calendar.isleap(year):
            day = 28
        date = dt.date(year, month, day).toordinal() - _EPOCH
        first, last = self._days()
        for turn in (date - last, date - first + 1):
            yield from zone.instants(turn * DAY)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """The trait."""
        yield Reference("trait", self.trait)


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Anniversary:
    fields.only(data, ("anniversary", "days"), where)
    trait = fields.name(data, "anniversary", where)
    days = data.get("days")
    if days == "today":
        return Anniversary(trait, "today")
    if isinstance(days, dict) and set(days) == {"next"}:
        return _counted(trait, "next", days["next"])
    if isinstance(days, dict) and set(days) == {"last"}:
        return _counted(trait, "last", days["last"])
    fix = 'Write "days": "today", {"next": 7} or {"last": 3}.'
    raise UserError("incomplete_condition", "When is the anniversary?", where=f"{where}.days", fix=fix)


def _counted(trait: str, which: Literal["next", "last"], number: int) -> Anniversary:
    once = number == 1 and not isinstance(number, bool)
    return Anniversary(trait, "today") if once else Anniversary(trait, which, number)


def _of_birthday(which: Literal["next", "last"] | None, name: str, number: int = 1) -> Anniversary:
    if name.casefold() != BIRTHDAY:
        fix = f"Write anniversary of {name_words(name)} …, which leaves the year aside."
        raise UserError("sentence_syntax", "Only a birthday comes round without the word anniversary.", fix=fix)
    return _counted(name, which, number) if which else Anniversary(name, "today")


KIND = Kind(
    name="anniversary",
    node=Anniversary,
    keys=("anniversary",),
    read=_read,
    rules=("anniversary", "birthday"),
    grammar="""
anniversary: "anniversary" "of" word "is" "today" -> anniversary_today
    | "anniversary" "of" word "is" "in" "the" "next" _days -> anniversary_next
    | "anniversary" "of" word "was" "in" "the" "last" _days -> anniversary_last
birthday: NAME "is" "today" -> birthday_today
    | NAME "is" "in" "the" "next" _days -> birthday_next
    | NAME "was" "in" "the" "last" _days -> birthday_last
_days: duration
""",
    build={
        "anniversary_today": lambda trait: Anniversary(trait, "today"),
        "anniversary_next": lambda trait, length: _counted(trait, "next", _whole_days(length)),
        "anniversary_last": lambda trait, length: _counted(trait, "last", _whole_days(length)),
        "birthday_today": lambda name: _of_birthday(None, str(name)),
        "birthday_next": lambda name, length: _of_birthday("next", str(name), _whole_days(length)),
        "birthday_last": lambda name, length: _of_birthday("last", str(name), _whole_days(length)),
    },
)


def _whole_days(length: Any) -> int:
    require(length.unit in "dw", "bad_window", "An anniversary is counted in days.", fix="Write for example 7 days.")
    return int(length.number) * (7 if length.unit == "w" else 1)
