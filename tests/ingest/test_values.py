"""Times, numbers and truth values as exports write them."""

from __future__ import annotations

import contextlib
import datetime as dt
import zoneinfo
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.time import Instant, format_instant, to_datetime
from shoal.ingest import values
from shoal.ingest.source import Context, RowRejectedError

HERE = Context(received_at=Instant(0))

TIMES = [
    ("2026-03-01", "2026-03-01T00:00:00Z"),
    ("20260301", "2026-03-01T00:00:00Z"),
    ("2026-03-01 10:00:00 UTC", "2026-03-01T10:00:00Z"),
    ("2026-03-01 10:00:00 -0500", "2026-03-01T15:00:00Z"),
    ("2026-03-01T10:00:00.123456789Z", "2026-03-01T10:00:00.123Z"),
    ("2026/3/1 9:05", "2026-03-01T09:05:00Z"),
    ("Sun, 01 Mar 2026 10:00:00 +0200", "2026-03-01T08:00:00Z"),
    ("Sun, 1 Mar 2026 10:00:00 EST", "2026-03-01T15:00:00Z"),
    ("Sun, 1 Mar 2026 10:00:00 GMT+0100 (CET)", "2026-03-01T09:00:00Z"),
    ("03/04/2026 5:06 PM", "2026-03-04T17:06:00Z"),
    ("03/04/2026 12:06 AM", "2026-03-04T00:06:00Z"),
    ("25/12/2026", "2026-12-25T00:00:00Z"),
    ("01.03.2026 12:00", "2026-03-01T12:00:00Z"),
    ("1 Mar 2026", "2026-03-01T00:00:00Z"),
    ("March 1, 2026 at 10:00 AM", "2026-03-01T10:00:00Z"),
    ("3/4/26", "2026-03-04T00:00:00Z"),
    ("1772359200", "2026-03-01T10:00:00Z"),
    ("1772359200000", "2026-03-01T10:00:00Z"),
    (1772359200.5, "2026-03-01T10:00:00.500Z"),
    (1772359200000000, "2026-03-01T10:00:00Z"),
    (1772359200000000000, "2026-03-01T10:00:00Z"),
    (dt.date(2026, 3, 1), "2026-03-01T00:00:00Z"),
    (dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC), "2026-03-01T10:00:00Z"),
]
NO_TIMES = ["", " ", "x", "12345", "2026-02-30", "13/13/2026", "13:00 PM", "0000-00-00 00:00:00", True, None]
NO_TIMES += [float("nan"), float("inf"), 10**30, "9" * 300, "2026-03-01 10:00:00 XYZ", "2026-03-01 10:00 +9900"]


@pytest.mark.parametrize(("value", "want"), TIMES)
def test_instant(value: object, want: str) -> None:
    assert format_instant(values.instant(value, HERE)) == want


@pytest.mark.parametrize("value", NO_TIMES)
def test_what_is_no_time_rejects_the_row_without_repeating_it(value: object) -> None:
    with pytest.raises(RowRejectedError) as rejected:
        values.instant(value, HERE, "Date")
    assert rejected.value.reason == "bad_time"
    assert "'Date'" in rejected.value.message
    assert not str(value).strip() or str(value) not in rejected.value.message


def test_day_first_and_zone_come_from_the_context() -> None:
    paris = replace(HERE, zone=zoneinfo.ZoneInfo("Europe/Paris"), day_first=True)
    assert format_instant(values.instant("03/04/2026 10:00", paris)) == "2026-04-03T08:00:00Z"
    assert format_instant(values.instant("2026-01-15 10:00", paris)) == "2026-01-15T09:00:00Z"


@given(st.integers(-(10**12), 7 * 10**12))
def test_every_iso_form_means_its_instant(ms: int) -> None:
    moment = to_datetime(Instant(ms))
    for text in (
        moment.isoformat(),
        f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1_000:03d}Z",
        f"{moment:%Y-%m-%d %H:%M:%S.%f} +0000",
    ):
        assert values.instant(text, HERE) == ms


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_rejected(text: str) -> None:
    with contextlib.suppress(RowRejectedError):
        values.instant(text, HERE)


def test_day_order_needs_a_majority() -> None:
    assert values.day_order(["25/04/2026", "26/04/2026", "04/27/2026"]) is True
    assert values.day_order(["25/04/2026", "04/27/2026"]) is None


NUMBERS = [
    ("1,234", 1234),
    ("1,234.5", 1234.5),
    ("1.234,5", 1234.5),
    ("12,34,567", 1234567),
    ("1.234.567", 1234567),
    ("12,5", 12.5),
    ("0,500", 0.5),
    ("1 234,56", 1234.56),
    ("1'234.50", 1234.5),
    ("$5", 5),
    ("-$5.00", -5.0),
    ("(5)", -5),
    ("R$ 5,00", 5.0),
    ("USD 12.00", 12.0),
    ("12.00 EUR", 12.0),
    ("1e3", 1000.0),
    ("−5", -5),
    (Decimal("2.50"), 2.5),
    (Decimal("2"), 2),
    (2**70, float(2**70)),
    (7, 7),
]


@pytest.mark.parametrize(("value", "want"), NUMBERS)
def test_number(value: object, want: float) -> None:
    found = values.number(value)
    assert found == want
    assert type(found) is type(want)


@pytest.mark.parametrize(
    "value", ["", "-", "5%", "nan", "inf", "1,2,3", "abc", "9" * 70, True, None, float("nan"), [1]]
)
def test_no_number(value: object) -> None:
    assert values.number(value) is None


@given(st.integers(-(10**12), 10**12))
def test_grouped_numbers_read_back(number: int) -> None:
    assert values.number(f"{number:,}") == number
    assert values.number(f"{number:,}.25".replace(",", " ")) == float(f"{number}.25")


PLAIN = [
    ("12.50", 12.5),
    ("-3", -3),
    ("007", "007"),
    ("+14155552671", "+14155552671"),
    ("14155552671", "14155552671"),
    ("TRUE", True),
    ("yes", "yes"),
    (" ", None),
    ("1e5", "1e5"),
    ("1,234", "1,234"),
    (dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "2026-03-01T00:00:00Z"),
    ({"a": ["1", 2.0, None]}, {"a": ["1", 2.0, None]}),
    (float("nan"), None),
    (b"ab", "ab"),
]


@pytest.mark.parametrize(("value", "want"), PLAIN)
def test_plain(value: object, want: object) -> None:
    assert values.plain(value) == want


@pytest.mark.parametrize(("value", "want"), [("Yes", True), ("off", False), (1, True), (False, False), ("", None)])
def test_boolean(value: object, want: bool | None) -> None:
    assert values.boolean(value) is want
