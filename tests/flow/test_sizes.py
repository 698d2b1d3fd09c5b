"""Sizes over time, backwards from the present size by what the change feed tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from homes import create
from shoal.core.time import Instant
from shoal.flow.home import Opened, open_home
from shoal.flow.sizes import DAY_MS, HOUR_MS, Sizes
from shoal.segments import feed

NOW = Instant(20_000 * DAY_MS + 12 * HOUR_MS)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    yield opened
    opened.database.close()


def tell(opened: Opened, *changes: tuple[str, int, bool], told_at: int = NOW - 10 * DAY_MS) -> None:
    rows = [
        {"at": at, "subscriber": number, "segment": segment, "version": 1, "entered": entered, "reason": "event"}
        for number, (segment, at, entered) in enumerate(changes)
    ]
    with opened.database.write() as connection:
        feed.append(connection, pa.Table.from_pylist(rows, schema=feed.SCHEMA), Instant(told_at))


def test_each_day_is_the_present_less_what_came_since(opened):
    tell(
        opened,
        ("a", NOW - 3 * DAY_MS, True),
        ("a", NOW - 3 * DAY_MS + 1, True),
        ("b", NOW - 2 * DAY_MS, True),
        ("a", NOW - DAY_MS, False),
        ("a", NOW - HOUR_MS, True),
    )
    sizes = Sizes(opened)
    found = sizes.series("a", 7, NOW, days=5)
    midnight = NOW // DAY_MS * DAY_MS
    assert [(one.at, one.size) for one in found] == [
        (midnight - 4 * DAY_MS, 5),
        (midnight - 3 * DAY_MS, 5),
        (midnight - 2 * DAY_MS, 7),
        (midnight - DAY_MS, 7),
        (midnight, 6),
        (NOW, 7),
    ]
    assert sizes.change("a", NOW, days=7) == 2
    assert sizes.change("b", NOW, days=1) == 0


def test_what_is_told_later_is_followed(opened):
    sizes = Sizes(opened)
    assert sizes.change("a", NOW) is None, "nothing was told yet"
    assert [one.size for one in sizes.series("a", 3, NOW, days=14)] == [3]
    tell(opened, ("a", NOW - DAY_MS, True))
    assert sizes.change("a", NOW) == 1
    tell(opened, ("a", NOW - HOUR_MS, False), ("a", NOW - HOUR_MS, False))
    assert sizes.change("a", NOW) == -1


def test_nothing_is_known_of_the_time_before_the_feed(opened):
    tell(opened, ("a", NOW - DAY_MS, True), told_at=NOW - 2 * DAY_MS)
    found = Sizes(opened).series("a", 3, NOW, days=30)
    assert [one.size for one in found] == [2, 2, 3, 3]
    assert found[0].at == NOW - 2 * DAY_MS
    assert Sizes(opened).change("a", Instant(NOW - 2 * DAY_MS + 1)) is None
