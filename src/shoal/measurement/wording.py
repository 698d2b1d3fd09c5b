"""Numbers, shares, amounts and days as people read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from shoal.core.time import Instant, to_datetime

FEW: Final = 30
"""Of fewer than this a share or a change in percent would be mostly chance: the numbers alone are told."""

_SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def many(number: int, one: str, more: str | None = None) -> str:
    """A number with its noun.

    >>> many(1, "day"), many(1234, "person", "people")
    ('1 day', '1,234 people')
    """
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def listing(names: Sequence[str], most: int = 3) -> str:
    """Names one after the other; of more than `most`, how many are left.

    >>> listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c", "d", "e"])
    ('a', 'a and b', 'a, b, c and 2 more')
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def people(number: int) -> str:
    """So many people.

    >>> people(1)
    '1 person'
    """
    return many(number, "person", "people")


def percent(share: float) -> str:
    """A share as people read it; never rounded up to all or down to none.

    >>> percent(0.123), percent(0.0004), percent(0.9999), percent(1)
    ('12 %', 'under 0.1 %', 'over 99.9 %', '100 %')
    """
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{share * 100:.1f} %" if 0 < share < 0.1 or 0.99 < share < 1 else f"{share * 100:.0f} %"


def in_percent(hits: int, of: int) -> str:
    """A share to put behind its numbers, in brackets; empty below `FEW`, where they say it better.

    >>> in_percent(12, 450), in_percent(3, 7)
    (' (2.7 %)', '')
    """
    return f" ({percent(hits / of)})" if of >= FEW else ""


def portion(hits: int, of: int) -> str:
    """A share in percent, or in numbers below `FEW`.

    >>> portion(12, 450), portion(3, 7)
    ('2.7 %', '3 of 7')
    """
    return percent(hits / of) if of >= FEW else f"{hits:,} of {of:,}"


def lost(points: float) -> str:
    """Points taken from a score.

    >>> lost(13.34), lost(0.04)
    ('−13.3', 'under 0.1')
    """
    return f"−{points:.1f}" if points >= 0.05 else "under 0.1"


def rate(share: float) -> str:
    """A rate to the place that its benchmark needs.

    >>> rate(0.0021), rate(0.254)
    ('0.21 %', '25.4 %')
    """
    return f"{share * 100:.2f} %" if share < 0.01 else f"{share * 100:.1f} %"


def money(amount: float, currency: str) -> str:
    """An amount in major units; without cents from 1,000 on.

    >>> money(12.5, "USD"), money(-1234.5, "EUR"), money(99, "SEK")
    ('$12.50', '-€1,234', '99.00 SEK')
    """
    number = f"{abs(amount):,.0f}" if abs(amount) >= 1_000 else f"{abs(amount):,.2f}"
    sign = _SIGNS.get(currency)
    return f"{'-' if amount < 0 else ''}{sign}{number}" if sign else f"{'-' if amount < 0 else ''}{number} {currency}"


def change(recent: float, before: float, counted: tuple[float, float] | None = None) -> str | None:
    """How a number compares with an earlier one, to be read on; None where that would be mostly chance.

    That is where either is below `FEW`. Of amounts, `counted` says how many things they are the sums of.

    >>> change(120, 100), change(50, 100), change(100, 100), change(310, 100)
    ('20 % more than', '50 % less than', 'the same as', '3.1 times as much as')
    >>> change(2, 1) is None, change(900.0, 450.0, counted=(4, 2)) is None
    (True, True)
    """
    if min(counted or (recent, before)) < FEW or before <= 0:
        return None
    ratio = recent / before - 1
    if abs(ratio) < 0.005:
        return "the same as"
    if ratio >= 2:
        return f"{ratio + 1:.1f} times as much as"
    return f"{percent(abs(ratio))} {'more' if ratio > 0 else 'less'} than"


def day(date: dt.date) -> str:
    """A date in words.

    >>> day(dt.date(2026, 3, 1))
    '1 Mar 2026'
    """
    return f"{date.day} {date:%b %Y}"


def day_of(instant: Instant, zone: str = "UTC") -> str:
    """The calendar day of an instant in a zone."""
    return day(_local(instant, zone).date())


def moment(instant: Instant, zone: str = "UTC") -> str:
    """An instant to the minute, with its zone.

    >>> moment(Instant(0), "Europe/Paris")
    '1 Jan 1970, 01:00 Europe/Paris'
    """
    local = _local(instant, zone)
    return f"{day(local.date())}, {local:%H:%M} {zone}"


def _local(instant: Instant, zone: str) -> dt.datetime:
    """Within a day of the calendar's ends, where a zone may have no date any more, it stays in UTC."""
    moment = to_datetime(instant)
    return moment.astimezone(ZoneInfo(zone)) if _FIRST <= moment < _LAST else moment


_FIRST, _LAST = dt.datetime(1, 1, 2, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, tzinfo=dt.UTC)


def ago(ms: float) -> str:
    """How long ago something was, in whole days, months or years.

    >>> ago(59 * 86_400_000), ago(100 * 86_400_000), ago(800 * 86_400_000)
    ('59 days ago', '3 months ago', '2 years ago')
    """
    days = ms / 86_400_000
    if days < 60:
        return f"{many(int(days), 'day')} ago"
    return f"{many(int(days / 30.4375), 'month')} ago" if days < 730.5 else f"{many(int(days / 365.25), 'year')} ago"


def length(ms: float) -> str:
    """A length of time in the unit that fits.

    >>> length(1500), length(5_400_000), length(3 * 86_400_000)
    ('2 s', '1.5 h', '3 days')
    """
    seconds = ms / 1_000
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3_600:.3g} h"
    return many(round(seconds / 86_400), "day")
