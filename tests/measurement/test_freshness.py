"""Gaps, usual gaps and staleness of a daily series."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.time import Instant
from shoal.measurement.audit import Audit, Facts, ImportedFile, audit
from shoal.measurement.audit.freshness import is_stale, missing_days, usual_gap

MONDAY = dt.date(2026, 3, 2)
DAY = 86_400_000


def series(counts: Sequence[int]) -> tuple[tuple[dt.date, int], ...]:
    return tuple((MONDAY + dt.timedelta(days=number), count) for number, count in enumerate(counts) if count)


def test_a_lost_week_is_one_gap_with_its_dates() -> None:
    counts = [50] * 60
    counts[20:27] = [0] * 7
    (gap,) = missing_days(series(counts))
    assert (gap.since, gap.until, gap.days) == (MONDAY + dt.timedelta(20), MONDAY + dt.timedelta(26), 7)
    assert gap.expected == 50


def test_resting_on_sundays_is_no_gap_but_a_lost_weekend_and_monday_is() -> None:
    counts = [0 if number % 7 == 6 else 30 for number in range(70)]
    assert missing_days(series(counts)) == ()
    for number in (33, 34, 35):  # Saturday, Sunday, Monday
        counts[number] = 0
    (gap,) = missing_days(series(counts))
    assert (gap.since, gap.until) == (MONDAY + dt.timedelta(33), MONDAY + dt.timedelta(35))


def test_rare_events_need_a_longer_silence() -> None:
    counts = [3] * 100
    counts[50] = 0
    assert missing_days(series(counts)) == ()
    counts[50:56] = [0] * 6
    assert [gap.days for gap in missing_days(series(counts))] == [6]


def test_a_series_that_fades_has_no_gaps_at_its_quiet_end() -> None:
    assert missing_days(series([60] * 60 + [number % 2 for number in range(60)])) == ()


def test_the_calm_after_a_burst_is_no_gap() -> None:
    calm = [number % 3 for number in range(140)]
    assert missing_days(series([*calm[:112], *([60] * 21), *([0] * 3), *calm[:20]])) == ()


def test_a_long_silence_is_one_gap_from_end_to_end() -> None:
    (gap,) = missing_days(series([40] * 40 + [0] * 90 + [40] * 40))
    assert (gap.since, gap.days) == (MONDAY + dt.timedelta(40), 90)


@pytest.mark.parametrize("far", [dt.date.min, dt.date.max])
def test_a_gap_may_reach_to_an_end_of_the_calendar(far: dt.date) -> None:
    (gap,) = missing_days(tuple(sorted([(far, 40), *series([40] * 30)])))
    assert gap.days > 700_000
    assert gap.expected == 40


def test_chance_alone_makes_few_gaps() -> None:
    """Poisson series of 180 days with 8 a day; 1 of 100 is the nominal rate, the bound is three standard errors."""
    rng = random.Random(11)
    alarms = sum(bool(missing_days(series([_poisson(rng, 8) for _ in range(180)]))) for _ in range(400))
    assert alarms <= 400 * 0.01 + 3 * (400 * 0.01) ** 0.5


@given(st.lists(st.integers(0, 30), max_size=80))
def test_gaps_are_empty_days_inside_the_series(counts: list[int]) -> None:
    daily = series(counts)
    filled = {day for day, _ in daily}
    for gap in missing_days(daily):
        days = {gap.since + dt.timedelta(days=number) for number in range(gap.days)}
        assert not days & filled
        assert daily[0][0] < gap.since <= gap.until < daily[-1][0]


def test_stale_follows_the_usual_rhythm() -> None:
    weekly = [MONDAY + dt.timedelta(weeks=week) for week in range(10)]
    assert usual_gap(weekly) == 7
    assert not is_stale(20 * DAY, usual_gap(weekly))
    assert is_stale(22 * DAY, usual_gap(weekly))
    assert not is_stale(2 * DAY, 0.5)
    assert is_stale(31 * DAY, usual_gap(weekly[:2]))


def _poisson(rng: random.Random, mean: float) -> int:
    count, total = 0, rng.expovariate(1)
    while total < mean:
        count, total = count + 1, total + rng.expovariate(1)
    return count


def _list_beside_orders(shop: Any, now: int, imported: int) -> Audit:
    """A list of people whose last sign-up is 90 days old, and orders up to now."""
    for day in range(90, 200):
        who = day - 90
        shop.traits.append((who, "first_name", f"P{who}", now - day * DAY, "members"))
        for _ in range(5 if day % 40 else 0):
            shop.event(who, now - day * DAY, "Subscribed", "members")
    for day in range(20):
        shop.event(1, now - day * DAY - 1, "Order Completed", "orders")
    file = ImportedFile("members", "m.csv", 110, 0, 0, 110, 0, {}, (), Instant(imported))
    return audit(shop.load(), Instant(now), Facts(imports=(file,)))


def test_a_list_of_people_is_as_old_as_its_import(empty_shop: Any, now: Instant) -> None:
    found = _list_beside_orders(empty_shop, now, now)
    assert [each for each in found.findings if each.dimension == "freshness"] == []
    fresh = {each.name: each.freshness for each in found.sources}
    assert (fresh["members"].of_people, fresh["members"].behind, fresh["members"].gaps) == (True, 0, ())
    assert not fresh["orders"].of_people


@pytest.mark.parametrize("event", [None, "Subscribed"])
def test_a_list_of_ids_and_consent_is_as_old_as_its_import(empty_shop: Any, now: Instant, event: str | None) -> None:
    for who in range(40):
        empty_shop.consents.append((who, "email", "granted", now - 90 * DAY, "profiles"))
        if event:
            empty_shop.event(who, now - 90 * DAY, event, "profiles")
    empty_shop.event(1, now - 1, "Order Completed", "orders")
    file = ImportedFile("profiles", "p.csv", 40, 0, 0, 40, 0, {}, (), Instant(now))
    found = audit(empty_shop.load(), Instant(now), Facts(imports=(file,)))
    assert [each for each in found.findings if each.check == "stale_sync"] == []
    assert {each.name: each.freshness.of_people for each in found.sources} == {"profiles": True, "orders": False}


def test_an_empty_date_is_no_beginning_of_a_source(empty_shop: Any, now: Instant) -> None:
    """.NET writes 0001-01-01 for a date that is not there."""
    for day in range(40):
        for _ in range(5):
            empty_shop.event(1, now - day * DAY - 1, "Order Completed", "orders")
    empty_shop.event(1, -62_135_596_800_000, "Order Completed", "orders")
    (orders,) = audit(empty_shop.load(), now).sources
    assert (orders.freshness.gaps, orders.freshness.usual_gap, orders.freshness.stale) == ((), 1.0, False)


def test_an_old_list_of_people_is_stale(empty_shop: Any, now: Instant) -> None:
    found = _list_beside_orders(empty_shop, now, now - 45 * DAY)
    (stale,) = (each for each in found.findings if each.check == "stale_sync")
    assert stale.sources == ("members",)
    assert "last imported 44 days before" in stale.sentence


def test_a_source_of_refusals_alone_is_a_stream(empty_shop: Any, now: Instant) -> None:
    empty_shop.event(1, now - 40 * DAY, "Unsubscribed", "mail")
    empty_shop.event(1, now - 1, "Order Completed", "orders")
    found = audit(empty_shop.load(), now)
    assert [each.sources for each in found.findings if each.check == "stale_sync"] == [("mail",)]
