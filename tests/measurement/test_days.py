"""Charts of few days."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from typing import Any

import pytest

from shoal.core.time import Instant
from shoal.measurement.audit.evidence import DAY_MS
from shoal.measurement.report import overview
from shoal.measurement.report.activity import list_section
from shoal.measurement.report.days import day_axis


def ticks(axis: dict[str, Any]) -> list[str]:
    """What stands at the ticks within an axis's range."""
    start, end = map(dt.datetime.fromisoformat, axis["range"])
    tick, found = dt.datetime.fromisoformat(axis["tick0"]), []
    while tick <= end:
        assert tick >= start
        found.append(f"{tick.day} {tick:%b}")
        tick += dt.timedelta(milliseconds=axis["dtick"])
    return found


@pytest.mark.parametrize("days", [1, 2, 3, 8, 9, 20, 59])
def test_no_day_is_named_twice(days: int) -> None:
    first = dt.date(2026, 10, 1)
    found = ticks(day_axis(first, first + dt.timedelta(days=days - 1)))
    assert len(found) == len(set(found)) <= 8
    assert found[0] == "1 Oct"


def test_a_list_of_two_days_says_so(empty_shop: Any, now: Instant) -> None:
    empty_shop.people = {1: ("email",)}
    empty_shop.event(1, now - 5 * DAY_MS, "Page Viewed")
    empty_shop.event(1, now - 3 * DAY_MS, "Page Viewed")
    shown = html.unescape(str(list_section(overview(empty_shop.load(), now))))
    assert "Events a day from 26 Apr 2026 to 28 Apr 2026" in shown
    assert "180 days" not in shown


def test_one_day_is_a_dot(empty_shop: Any, now: Instant) -> None:
    empty_shop.people = {1: ("email",)}
    empty_shop.event(1, now - 5 * DAY_MS, "Page Viewed")
    shown = str(list_section(overview(empty_shop.load(), now)))
    assert "Events a day on 26 Apr 2026" in html.unescape(shown)
    assert json.loads(re.findall(r'"mode": ?("[a-z]+")', html.unescape(shown))[0]) == "markers"
