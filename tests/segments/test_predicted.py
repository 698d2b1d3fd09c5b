"""Scores and clusters by name: traits that models state."""

from __future__ import annotations

import cases
import pytest
from cases import members

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import from_data, parse
from shoal.segments.explain import explain
from shoal.segments.history import History, TraitStatement

NOW = cases.NOW
DAY = 86_400_000


def told(subscriber, name, *values):
    """What was said of somebody, the last of it a day ago."""
    first = NOW - len(values) * DAY
    stated = [
        TraitStatement(name, one, Instant(first + n * DAY), NOW, subscriber * 100 + n) for n, one in enumerate(values)
    ]
    return History(subscriber, traits=tuple(stated))


RISKS = [
    told(1, "score:churn risk", 0.2, 0.9),
    told(2, "score:churn risk", 0.9, 0.2),
    told(3, "score:churn risk", 0.9, None),
    told(4, "score:other", 0.9),
    told(5, "score:churn risk", "0.9"),
    told(6, "churn risk", 0.9),
]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ('score "churn risk" is more than 0.7', [1]),
        ('score "churn risk" is at most 0.7', [2]),
        ('score "churn risk" is between 0 and 1', [1, 2]),
        ('score "churn risk" is 0.9', [1]),
        ('score "churn risk" is not set', [3, 4, 6]),
        ('not score "churn risk" is more than 0.7', [2, 3, 4, 5, 6]),
        ("score other > 0.5", [4]),
        ('in the top 10 % by score "churn risk"', [1]),
    ],
)
def test_the_latest_score_counts(duck, sentence, found):
    assert members(duck, sentence, RISKS) == found


def test_a_score_as_of_the_past(duck):
    assert members(duck, 'score "churn risk" is more than 0.7', RISKS, Instant(NOW - DAY - 1)) == [2, 3]


def test_a_cluster_is_left_when_that_is_said(duck):
    name = "cluster:Bargain hunters"
    people = [
        *[told(1, name, True), told(2, name, True, None), told(3, name, False, True), told(4, name, True, False)],
        *[told(5, name, "true"), told(6, "cluster:Other", True)],
    ]
    assert members(duck, 'in cluster "Bargain hunters"', people) == [1, 3]
    assert members(duck, 'not in cluster "Bargain hunters"', people) == [2, 4, 5, 6]
    found = explain(parse('in cluster "Bargain hunters"'), people[2], NOW)
    assert (found.value, found.since) == ("in the cluster", NOW - DAY)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"score": "churn risk"}, "incomplete_condition"),
        ({"score": "", "gt": 1}, "incomplete_condition"),
        ({"score": "a", "is": "high"}, "bad_value"),
        ({"score": "a", "is": True}, "bad_value"),
        ({"score": "a", "is_not": 1}, "bad_value"),
        ({"score": "a", "contains": "b"}, "bad_value"),
        ({"score": "a", "gt": 1, "when": {"last": "1d"}}, "unknown_key"),
        ({"cluster": ""}, "incomplete_condition"),
        ({"cluster": "a", "is": 1}, "unknown_key"),
    ],
)
def test_a_broken_one_is_told(data, code):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.code == code
    assert caught.value.fix


ARMS = [
    told(1, "arm:subject-test", "B"),
    told(2, "arm:subject-test", "A", "B"),
    told(3, "arm:subject-test", "B", None),
    told(4, "arm:subject-test", "A"),
    told(5, "arm:other", "B"),
]


def test_the_latest_arm_counts(duck):
    assert members(duck, 'is in arm "B" of experiment "subject-test"', ARMS) == [1, 2]
    assert members(duck, 'not in arm "B" of experiment "subject-test"', ARMS) == [3, 4, 5]
    assert members(duck, 'in arm "A" of experiment "subject-test"', ARMS, Instant(NOW - DAY - 1)) == [2]


def test_an_arm_needs_its_experiment():
    for told_so in ({"arm": "B"}, {"arm": "", "experiment": "x"}, {"arm": "B", "experiment": "x", "is": 1}):
        with pytest.raises(UserError):
            from_data(told_so)
    node = parse("in arm B of experiment hat-test")
    assert node.english() == 'in arm "B" of experiment "hat-test"'
    found = explain(node, ARMS[0], NOW)
    assert (found.value, found.needed) == ("in no arm", "in arm B")
