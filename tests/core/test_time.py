from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.core.time import Duration, Instant, format_instant, parse_instant

durations = st.builds(Duration, st.integers(1, 10_000), st.sampled_from("smhdw"))
instants = st.integers(-(2**41), 2**42).map(Instant)


@given(durations)
def test_a_duration_reads_back_in_both_forms(duration: Duration) -> None:
    assert Duration.parse(duration.short()) == duration
    assert Duration.parse(duration.english()) == duration


@pytest.mark.parametrize(
    "text", ["", "7", "d", "0d", "-1d", "7 months", "7dd", ".5h", "1.h", "0.0d", "9" * 5_000 + "d"]
)
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(UserError) as error:
        Duration.parse(text)
    assert error.value.code == "bad_duration"


FRACTIONS = {
    "0.5 hours": Duration(30, "m"),
    "1.5h": Duration(90, "m"),
    "1.5 days": Duration(36, "h"),
    "0.5w": Duration(84, "h"),
    "2.0 weeks": Duration(2, "w"),
    "0.25 minutes": Duration(15, "s"),
}


@pytest.mark.parametrize("text", FRACTIONS)
def test_a_fraction_is_said_in_whole_smaller_units(text: str) -> None:
    assert Duration.parse(text) == FRACTIONS[text]


@pytest.mark.parametrize("text", ["0.5s", "0.0001 weeks", "0.001 hours"])
def test_a_fraction_of_a_second_is_no_duration(text: str) -> None:
    with pytest.raises(UserError, match="whole number of seconds") as error:
        Duration.parse(text)
    assert error.value.code == "bad_duration"


@given(instants)
def test_an_instant_reads_back(instant: Instant) -> None:
    assert parse_instant(format_instant(instant)) == instant


def test_a_text_without_zone_is_in_the_zone_given() -> None:
    paris = zoneinfo.ZoneInfo("Europe/Paris")
    assert parse_instant("2026-07-01T12:00:00", paris) == parse_instant("2026-07-01T10:00:00Z")
    assert parse_instant("2026-07-01T12:00:00+00:00", paris) == parse_instant("2026-07-01T12:00:00", dt.UTC)


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "12:00"])
def test_other_texts_are_no_instants(text: str) -> None:
    with pytest.raises(UserError) as error:
        parse_instant(text)
    assert error.value.code == "bad_instant"
