"""Local time is what Python's own reader of the same database says, at every change of every zone."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from importlib import resources

import pytest

from shoal.core.time import Instant, parse_instant, to_datetime
from shoal.core.zones import DAY, LAST_YEAR, names, zone


def _python(name: str) -> zoneinfo.ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, name)


def _offset(told: zoneinfo.ZoneInfo, at: int) -> int:
    offset = to_datetime(Instant(at)).astimezone(told).utcoffset()
    assert offset is not None
    return offset // dt.timedelta(milliseconds=1)


@pytest.mark.parametrize("part", range(6))
def test_every_change_of_every_zone(part):
    first, last = parse_instant("1900-01-01"), parse_instant(f"{LAST_YEAR}-12-31")
    for name in sorted(names())[part::6]:
        ours, told = zone(name), _python(name)
        for start in ours.starts:
            if first < start < last:
                for at in (start - 1, start, start + 40 * DAY):
                    assert ours.offset(Instant(at)) == _offset(told, at), (name, at)


@pytest.mark.parametrize("name", ["Africa/Casablanca", "Europe/Dublin", "America/St_Johns", "Australia/Lord_Howe"])
def test_no_change_is_left_out(name):
    ours, told = zone(name), _python(name)
    for at in range(parse_instant("1970-01-01"), parse_instant(f"{LAST_YEAR}-12-01"), 5 * DAY):
        assert ours.offset(Instant(at)) == _offset(told, at)


def test_days_of_23_and_25_hours():
    paris = zone("Europe/Paris")
    for text, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)):
        day = parse_instant(text) // DAY
        found = [at for at in range((day - 1) * DAY, (day + 2) * DAY, 3_600_000) if paris.day(Instant(at)) == day]
        assert len(found) == hours


def test_instants_of_a_local_time():
    paris = zone("Europe/Paris")
    midnight = parse_instant("2026-06-01")
    assert Instant(midnight - 7_200_000) in set(paris.instants(midnight))
    skipped = parse_instant("2026-03-29T02:30")
    assert parse_instant("2026-03-29T01:00Z") in set(paris.instants(skipped))


def test_no_such_zone():
    with pytest.raises(KeyError):
        zone("Europe/Atlantis")
    with pytest.raises(KeyError):
        zone("../zones")
