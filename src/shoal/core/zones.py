"""Local time: how far each time zone is from UTC, as plain rows that any reading can look up.

The rows come from the IANA time zone database in the package `tzdata`, so all machines agree. A compiled zone
(RFC 9636) lists its changes up to some year and has a rule for later ones; the rule is written out up to `LAST_YEAR`.
"""

from __future__ import annotations

import bisect
import datetime as dt
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from shoal.core.time import UNITS_MS, Instant

DAY = UNITS_MS["d"]
LAST_YEAR = 2099
"""Later years keep what holds at its end."""

BEGINNING = Instant(-(10**14))
"""Before all instants of the years that conditions may name; the first row of a zone starts here."""

_HEADER = struct.Struct(">4sc15x6I")
_POSIX = re.compile(
    r"(?:<[^>]+>|[A-Za-z]+)([-+\d:]+)"
    r"(?:(?:<[^>]+>|[A-Za-z]+)([-+\d:]+)?,M(\d+)\.(\d)\.(\d)(?:/([-+\d:]+))?,M(\d+)\.(\d)\.(\d)(?:/([-+\d:]+))?)?"
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone: from `starts[i]` on, local time is UTC plus `offsets[i]`; milliseconds.

    >>> zone("Europe/Paris").local(Instant(0))
    3600000
    """

    name: str
    starts: tuple[Instant, ...]
    offsets: tuple[int, ...]

    def offset(self, at: Instant) -> int:
        """What is added to UTC at an instant."""
        return self.offsets[max(0, bisect.bisect_right(self.starts, at) - 1)]

    def local(self, at: Instant) -> int:
        """Local milliseconds since 1970-01-01T00:00 of the zone's own clocks."""
        return at + self.offset(at)

    def day(self, at: Instant) -> int:
        """The local date, as days since 1970-01-01."""
        return self.local(at) // DAY

    def instants(self, local: int) -> Iterator[Instant]:
        """Instants at which the clocks may show this time, or jump over it: none is missing, some may be others."""
        first = max(0, bisect.bisect_right(self.starts, local - DAY) - 1)
        last = bisect.bisect_right(self.starts, local + DAY)
        for start, offset in zip(self.starts[first:last], self.offsets[first:last], strict=True):
            yield Instant(local - offset)
            if start > local - DAY:
                yield start


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """All names of the database, aliases such as US/Eastern included."""
    return frozenset((resources.files("tzdata") / "zones").read_text(encoding="ascii").split())


@lru_cache(maxsize=1024)
def zone(name: str) -> Zone:
    """The zone of a name; KeyError where there is none."""
    if name not in names():
        raise KeyError(name)
    starts, offsets, rule = _compiled(resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes())
    for start, offset in _written_out(rule):
        if start > starts[-1]:
            starts.append(start)
            offsets.append(offset)
    kept = [place for place in range(len(starts)) if place == 0 or offsets[place] != offsets[place - 1]]
    return Zone(name, tuple(starts[place] for place in kept), tuple(offsets[place] for place in kept))


def _compiled(data: bytes) -> tuple[list[Instant], list[int], str]:
    """The changes that a compiled zone lists, the first offset from the beginning on, and the rule for later ones."""
    place = 0
    for width in (4, 8):  # the part for old readers, which is skipped, and the one in 64 bits
        *_, utc, standard, leaps, times, types, signs = _HEADER.unpack_from(data, place)
        place += _HEADER.size
        if width == 4:
            place += times * 5 + types * 6 + signs + leaps * 8 + standard + utc
    seconds = struct.unpack_from(f">{times}q", data, place)
    kinds = data[place + times * 8 : place + times * 9]
    table = [struct.unpack_from(">i", data, place + times * 9 + kind * 6)[0] * 1_000 for kind in range(types)]
    starts = [BEGINNING, *(Instant(second * 1_000) for second in seconds)]
    return starts, [table[0], *(table[kind] for kind in kinds)], data.rsplit(b"\n", 2)[1].decode("ascii")


@lru_cache(maxsize=256)
def _written_out(rule: str) -> tuple[tuple[Instant, int], ...]:
    """The changes that a rule such as `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX) makes from 1970 to `LAST_YEAR`."""
    found = _POSIX.fullmatch(rule)
    assert found is not None, rule
    if found[3] is None:
        return ()
    standard = -_ms(found[1])
    summer = standard + UNITS_MS["h"] if found[2] is None else -_ms(found[2])
    changes = []
    for year in range(1970, LAST_YEAR + 1):
        for (month, week, weekday, time), before, after in (
            (found.group(3, 4, 5, 6), standard, summer),
            (found.group(7, 8, 9, 10), summer, standard),
        ):
            local = _nth(year, int(month), int(week), int(weekday)) * DAY + _ms(time or "2")
            changes.append((Instant(local - before), after))
    return tuple(sorted(changes))


def _nth(year: int, month: int, week: int, weekday: int) -> int:
    """The day of the n-th weekday (0 is Sunday) of a month; the 5th is the last."""
    first = dt.date(year, month, 1)
    day = first + dt.timedelta(days=(weekday - first.isoweekday()) % 7 + 7 * (week - 1))
    if day.month != month:
        day -= dt.timedelta(days=7)
    return day.toordinal() - dt.date(1970, 1, 1).toordinal()


def _ms(time: str) -> int:
    """Milliseconds of hours, minutes and seconds with a sign."""
    parts = [int(part) for part in time.lstrip("+-").split(":")]
    seconds = sum(part * weight for part, weight in zip(parts, (3_600, 60, 1), strict=False))
    return seconds * (-1_000 if time.startswith("-") else 1_000)
