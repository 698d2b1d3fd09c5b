"""has been: without interruption, from the millisecond on."""

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


TRIAL = 'plan has been "trial" for at least 14 days'


def test_it_begins_to_the_millisecond():
    assert member(TRIAL, ("trial", 14 * DAY))
    assert not member(TRIAL, ("trial", 14 * DAY - 1))
    assert not member(TRIAL)
    found = explain(parse(TRIAL), person(("trial", 4 * DAY)), NOW)
    assert (found.holds, found.value, found.changes_at) == (False, "since 2026-03-25T12:00:00Z", NOW + 10 * DAY)


def test_a_value_repeated_is_no_interruption_and_another_is():
    assert member(TRIAL, ("trial", 20 * DAY), ("trial", DAY))
    assert not member(TRIAL, ("trial", 20 * DAY), ("paid", 5), ("trial", 4))
    assert not member(TRIAL, ("trial", 20 * DAY), (None, 5), ("trial", 4))
    assert not member(TRIAL, ("trial", 20 * DAY), ("paid", 0))
    assert member(TRIAL, ("paid", 20 * DAY), ("trial", 14 * DAY))


def test_of_one_instant_only_the_last_counts():
    assert member(TRIAL, ("trial", 20 * DAY), ("paid", 5), ("trial", 5))
    assert not member(TRIAL, ("trial", 20 * DAY), ("trial", 5), ("paid", 5), ("trial", 4))


def test_opposites_are_true_of_no_value():
    assert member('plan has not been "paid" for 3 days')
    assert member("plan has not been set for 3 days")
    assert not member('plan has not been "paid" for 3 days', ("paid", DAY), (None, 0))
    assert member('plan has not been "paid" for 3 days', ("paid", 4 * DAY), (None, 3 * DAY))
    assert not member('plan has not been "paid" for 3 days', ("paid", 4 * DAY), ("free", 3 * DAY - 1))


def test_every_comparison_may_be_held():
    assert member("plan has been more than 5 for 1 day", (6, 2 * DAY), (7, HOUR))
    assert not member("plan has been at most 6 for 1 day", (6, 2 * DAY), (7, HOUR))
    assert member('plan contains "x" for 1 day', (["x"], 2 * DAY))
    assert member('plan has been one of ("a", "b") for 1 day', ("a", 2 * DAY), ("b", HOUR))
    assert member("plan has been between 1 and 9 for at least 1 day", (6, DAY))
    assert member("plan has been after 2026-01-01 for 1 day", ("2026-02-01", DAY))


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ('plan has been "trial"', "incomplete_condition"),
        ("plan has been for 3 days", "sentence_syntax"),
        ("plan is within the last 3 days for 3 days", "bad_value"),
        ('plan has been "trial" for 0 days', "bad_duration"),
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
        ({"has_been": "plan", "is": "a"}, "$"),
        ({"has_been": "plan", "is": "a", "for": 3}, "$.for"),
        ({"has_been": "plan", "for": "3d"}, "$"),
        ({"has_been": "", "is": "a", "for": "3d"}, "$.has_been"),
    ],
)
def test_broken_json_is_told(data, where):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.where == where
