"""changed: from one value to another, and what is no change."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.segments import from_data, oracle, parse
from shoal.segments.explain import explain
from shoal.segments.history import History, TraitStatement

NOW = parse_instant("2026-03-29T12:00:00Z")
HOUR, DAY = 3_600_000, 86_400_000


def person(*stated: tuple[object, int]) -> History:
    """Somebody with these values of `plan`, each so many milliseconds before now, in the order of their ids."""
    at = [Instant(NOW - ago) for _, ago in stated]
    return History(
        traits=tuple(
            TraitStatement("plan", value, at[number], at[number], number) for number, (value, _) in enumerate(stated)
        )
    )


def member(sentence: str, *stated: tuple[object, int]) -> bool:
    return oracle.is_member(parse(sentence), person(*stated), NOW)


def test_the_window_is_about_the_change():
    sentence = "plan changed in the last 7 days"
    assert member(sentence, ("a", 90 * DAY), ("b", 7 * DAY - 1))
    assert not member(sentence, ("a", 90 * DAY), ("b", 7 * DAY))
    found = explain(parse(sentence), person(("a", 90 * DAY), ("b", 6 * DAY)), NOW)
    assert (found.value, found.changes_at) == ("1, last 2026-03-23T12:00:00Z", NOW + DAY)


def test_the_first_value_is_no_change():
    assert not member("plan changed", ("a", DAY))
    assert not member("plan changed", ("a", DAY), ("a", HOUR))
    assert not member('plan changed to "a"', ("a", DAY))


def test_being_unset_is_a_change_and_no_named_value():
    assert member("plan changed", ("a", DAY), (None, HOUR))
    assert member('plan changed from "a"', ("a", DAY), (None, HOUR))
    assert member('plan changed to "b"', (None, DAY), ("b", HOUR))
    assert not member('plan changed from "a" to "b"', ("a", DAY), (None, HOUR), ("b", 1))
    assert not member("plan changed", (None, DAY), (None, HOUR))


def test_from_and_to():
    sentence = 'plan changed from "trial" to one of ("team", "paid") in the last 30 days'
    assert member(sentence, ("trial", 90 * DAY), ("paid", DAY))
    assert member(sentence, ("trial", 90 * DAY), ("team", DAY), ("free", HOUR))
    assert not member(sentence, ("free", 90 * DAY), ("paid", DAY))
    assert not member(sentence, ("trial", 90 * DAY), ("free", 80 * DAY), ("paid", DAY))
    assert not member(sentence, ("trial", 90 * DAY), ("paid", 31 * DAY))


def test_numbers_by_value_and_kinds_apart():
    assert not member("plan changed", (5, DAY), (5.0, HOUR))
    assert member("plan changed", (1, DAY), (True, HOUR))
    assert member("plan changed", (5, DAY), ("5", HOUR))
    assert not member("plan changed", ({"a": 1, "b": 2}, DAY), ({"b": 2, "a": 1}, HOUR))
    assert member("plan changed", ([1], DAY), ([2], HOUR))


def test_of_one_instant_only_the_last_counts():
    assert not member("plan changed", ("a", DAY), ("b", 5), ("a", 5))
    assert member("plan changed once", ("a", DAY), ("c", 5), ("b", 5))


def test_how_often():
    assert member("plan changed twice", ("a", DAY), ("b", HOUR), ("a", 1))
    assert member("plan changed exactly 0 times")
    assert member("plan changed at most 1 time", ("a", DAY), ("b", HOUR))
    assert not member("plan changed at most 1 time", ("a", DAY), ("b", HOUR), ("a", 1))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"changed": "plan", "from": None}, "bad_value"),
        ({"changed": "plan", "to": []}, "incomplete_condition"),
        ({"changed": "plan", "to": {"is": "a"}}, "bad_value"),
        ({"changed": ""}, "incomplete_condition"),
        ({"changed": "plan", "is": "a"}, "unknown_key"),
    ],
)
def test_broken_json_is_told(data, code):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.code == code
    assert (caught.value.where or "").startswith("$")


def test_said_twice():
    with pytest.raises(UserError, match="twice"):
        parse('plan changed from "a" from "b"')
