"""Anniversaries: across the year's end, on leap days, by local date."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.segments import from_data, parse
from shoal.segments.explain import explain
from shoal.segments.history import History, TraitStatement
from shoal.segments.oracle import is_member


def born(value: object, zone: str = "UTC") -> History:
    at = parse_instant("2020-01-01")
    return History(traits=(TraitStatement("birthday", value, at, at, 1),), default_zone=zone)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "value", "now", "expected"),
    [
        ("is today", "1990-05-17", "2026-05-17T00:00Z", True),
        ("is today", "1990-05-17", "2026-05-18T00:00Z", False),
        ("is in the next 7 days", "1990-05-17", "2026-05-11T00:00Z", True),
        ("is in the next 7 days", "1990-05-17", "2026-05-10T23:59Z", False),
        ("is in the next 7 days", "1990-05-17", "2026-05-17T23:59Z", True),
        ("is in the next 7 days", "1990-01-02", "2026-12-28T12:00Z", True),
        ("is in the next 7 days", "1990-01-04", "2026-12-28T12:00Z", False),
        ("is in the next 1 week", "1990-01-03", "2026-12-28T12:00Z", True),
        ("was in the last 3 days", "1990-12-31", "2027-01-02T12:00Z", True),
        ("was in the last 3 days", "1990-12-30", "2027-01-02T12:00Z", False),
        ("is today", "2000-02-29", "2027-02-28T12:00Z", True),
        ("is today", "2000-02-29", "2027-03-01T12:00Z", False),
        ("is today", "2000-02-29", "2028-02-28T12:00Z", False),
        ("is today", "2000-02-29", "2028-02-29T12:00Z", True),
        ("is today", "2000-02-28", "2027-02-28T12:00Z", True),
        ("is today", "--05-17", "2026-05-17T00:00Z", True),
        ("is today", "05/17", "2026-05-17T00:00Z", True),
        ("is today", "02/30", "2027-02-28T00:00Z", False),
        ("is today", "2026-05-17", "2026-05-17T12:00Z", False),
        ("is today", "2026-05-17", "2027-05-17T12:00Z", True),
        ("is in the next 366 days", "2026-05-17", "2026-05-17T12:00Z", True),
        ("is today", "17 May", "2026-05-17T00:00Z", False),
        ("is today", 517, "2026-05-17T00:00Z", False),
        ("is today", None, "2026-05-17T00:00Z", False),
    ],
)
def test_the_days_of_a_birthday(words, value, now, expected):
    assert is_member(parse(f"birthday {words}"), born(value), parse_instant(now)) is expected


def test_today_and_a_time_are_local():
    today = parse("birthday is today")
    at = parse_instant("2026-05-17T23:30Z")
    assert is_member(today, born("1990-05-18", "Europe/Paris"), at)
    assert is_member(today, born("1990-05-17T22:30Z", "Europe/Paris"), at)
    assert not is_member(today, born("1990-05-17T21:30Z", "Europe/Paris"), at)


def test_explained_with_the_day_it_turns():
    found = explain(parse("birthday is in the next 7 days"), born("1990-01-02"), parse_instant("2026-12-20T12:00Z"))
    assert not found.holds
    assert found.changes_at == parse_instant("2026-12-27")
    held = explain(parse("birthday is in the next 7 days"), born("1990-01-02"), Instant(found.changes_at))
    assert (held.since, held.changes_at) == (parse_instant("2026-12-27"), parse_instant("2027-01-03"))


def test_only_a_birthday_does_without_the_word():
    with pytest.raises(UserError, match="anniversary of renewal"):
        parse("renewal is in the next 7 days")
    assert parse("anniversary of renewal is in the next 7 days").trait == "renewal"


@pytest.mark.parametrize("days", [None, "soon", {"next": 0}, {"next": 367}, {"next": 7, "last": 7}, {"next": True}])
def test_what_is_no_window_is_told(days):
    with pytest.raises(UserError):
        from_data({"anniversary": "birthday", "days": days})
