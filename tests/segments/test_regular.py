"""in 3 of the last 4 weeks: which period an event belongs to, and what empty periods are."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.segments import from_data, oracle, parse
from shoal.segments.explain import explain
from shoal.segments.history import Event, History

NOW = parse_instant("2026-03-29T12:00:00Z")
HOUR, DAY = 3_600_000, 86_400_000


def person(*ago: int) -> History:
    """Somebody who opened so many milliseconds before now."""
    return History(events=tuple(Event(number, "Email Opened", Instant(NOW - at)) for number, at in enumerate(ago)))


def member(sentence: str, *ago: int) -> bool:
    return oracle.is_member(parse(sentence), person(*ago), NOW)


WEEK = 7 * DAY


def test_an_event_one_period_old_belongs_to_the_second():
    assert member("opens in each of the last 2 weeks", 0, WEEK)
    assert not member("opens in each of the last 2 weeks", 0, WEEK - 1)
    assert member("opens in each of the last 2 weeks", WEEK - 1, 2 * WEEK - 1)
    assert not member("opens in each of the last 2 weeks", WEEK - 1, 2 * WEEK)


def test_three_of_four():
    sentence = "opens in at least 3 of the last 4 weeks"
    assert member(sentence, 0, 1, WEEK, 3 * WEEK)
    assert not member(sentence, 0, 1, 2, 3 * WEEK)
    found = explain(parse(sentence), person(0, 1, WEEK, 3 * WEEK), NOW)
    assert (found.value, found.needed) == ("3: 1, 0, 1, 2", "at least 3 of the last 4 weeks")
    assert found.changes_at == NOW + WEEK


def test_a_number_in_each():
    sentence = "opens at least 2 times in each of the last 2 periods of 30 days"
    assert member(sentence, 0, 1, 30 * DAY, 59 * DAY)
    assert not member(sentence, 0, 1, 30 * DAY, 60 * DAY)


def test_people_without_events():
    assert member("opens in exactly 0 of the last 4 weeks")
    assert member("opens in at most 1 of the last 4 weeks")
    assert not member("opens in between 1 and 2 of the last 4 weeks")
    assert member("opens exactly 0 times in each of the last 4 weeks")
    assert not member("opens at most 1 time in at most 3 of the last 4 weeks")
    assert member("opens at most 1 time in at most 3 of the last 4 weeks", 0, 1)


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("opens in at least 5 of the last 4 weeks", "bad_times"),
        ("opens in at most 4 of the last 4 weeks", "bad_times"),
        ("opens in between 0 and 4 of the last 4 weeks", "bad_times"),
        ("opens in at least 0 of the last 4 weeks", "bad_times"),
        ("opens in at least 1 of the last 1001 days", "bad_window"),
        ("opens in the last 3 days in each of the last 4 weeks", "sentence_syntax"),
        ("opens in at least 3 of the last 4", "incomplete_condition"),
        ("opens in 3 of the last 4 weeks", "sentence_syntax"),
    ],
)
def test_a_broken_sentence_is_told(sentence, code):
    with pytest.raises(UserError) as caught:
        parse(sentence)
    assert caught.value.code == code
    assert caught.value.fix


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"regularly": "A", "in": {"at_least": 1}, "of_last": 4}, "$"),
        ({"regularly": "A", "in": {"at_least": 1}, "of_last": "4", "periods_of": "1w"}, "$.of_last"),
        ({"regularly": "A", "in": {"at_least": 1}, "of_last": 4, "periods_of": "week"}, "$.periods_of"),
        ({"regularly": "A", "in": 3, "of_last": 4, "periods_of": "1w"}, "$.in"),
        ({"regularly": "", "in": {"at_least": 1}, "of_last": 4, "periods_of": "1w"}, "$.regularly"),
    ],
)
def test_broken_json_is_told(data, where):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.where == where
