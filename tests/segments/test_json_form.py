"""JSON is read strictly: what is unfinished or misspelt is refused with its place."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.segments import from_data

BROKEN = {
    "nothing": (None, "incomplete_condition", "$"),
    "empty": ({}, "incomplete_condition", "$"),
    "everyone by mistake": ({"all": []}, "incomplete_condition", "$.all"),
    "unfinished did": ({"all": [{"did": {}}]}, "incomplete_condition", "$.all[0].did"),
    "empty did": ({"did": ""}, "incomplete_condition", "$.did"),
    "an empty part": ({"any": [{"did": "X"}, {}]}, "incomplete_condition", "$.any[1]"),
    "misspelt kind": ({"dit": "X"}, "incomplete_condition", "$"),
    "two kinds": ({"did": "X", "trait": "plan", "is": "a"}, "unknown_key", "$"),
    "unknown key": ({"did": "X", "time": {"at_least": 2}}, "unknown_key", "$"),
    "no operator": ({"trait": "plan"}, "incomplete_condition", "$"),
    "unknown operator": ({"trait": "plan", "iz": "a"}, "incomplete_condition", "$"),
    "two operators": ({"trait": "plan", "is": "a", "gt": 5}, "unknown_key", "$"),
    "surplus key": ({"trait": "plan", "is": "a", "when": {"last": "1d"}}, "unknown_key", "$"),
    "number as text": ({"trait": "age", "gt": "5"}, "bad_value", "$.gt"),
    "null": ({"trait": "plan", "is": None}, "bad_value", "$.is"),
    "not a number": ({"trait": "age", "gt": float("nan")}, "bad_value", "$.gt"),
    "huge": ({"trait": "age", "gt": 2**63}, "bad_value", "$.gt"),
    "beyond a double": ({"trait": "age", "gt": 10**400}, "bad_value", "$.gt"),
    "beyond a double, of times": ({"did": "X", "times": {"at_most": 10**5000}}, "bad_times", "$.times.at_most"),
    "empty list": ({"trait": "plan", "one_of": []}, "incomplete_condition", "$.one_of"),
    "range reversed": ({"trait": "age", "between": [5, 1]}, "bad_value", "$.between"),
    "empty text": ({"trait": "plan", "contains": ""}, "incomplete_condition", "$.contains"),
    "no date": ({"trait": "since", "before": "soon"}, "bad_instant", "$.before"),
    "number as date": ({"trait": "since", "before": 5}, "bad_instant", "$.before"),
    "no duration": ({"trait": "since", "within_last": 30}, "bad_duration", "$.within_last"),
    "zero duration": ({"trait": "since", "within_last": "0d"}, "bad_duration", "$.within_last"),
    "surrogate": ({"trait": "plan", "is": "\ud800"}, "bad_value", "$.is"),
    "zero character": ({"did": "a\0b"}, "bad_value", "$"),
    "look-around": ({"trait": "plan", "matches": "a(?=b)"}, "bad_pattern", "$.matches"),
    "filter without property": ({"did": "X", "where": [{"is": 5}]}, "incomplete_condition", "$.where[0]"),
    "filter without operator": ({"did": "X", "where": [{"property": "a"}]}, "incomplete_condition", "$.where[0]"),
    "filter with surplus": (
        {"did": "X", "where": [{"property": "a", "is": 5, "x": 1}]},
        "unknown_key",
        "$.where[0]",
    ),
    "filters not a list": ({"did": "X", "where": {"property": "a", "is": 5}}, "incomplete_condition", "$.where"),
    "empty filters": ({"did": "X", "where": []}, "incomplete_condition", "$.where"),
    "broken path": ({"did": "X", "where": [{"property": "a..b", "is": 5}]}, "bad_path", "$.where[0].property"),
    "person not a truth": ({"did": "X", "by_person": "yes"}, "bad_value", "$.by_person"),
    "empty window": ({"did": "X", "when": {}}, "incomplete_condition", "$.when"),
    "mixed window": ({"did": "X", "when": {"last": "1d", "from": "2026-01-01"}}, "bad_window", "$.when"),
    "misspelt window": ({"did": "X", "when": {"lst": "1d"}}, "unknown_key", "$.when"),
    "window reversed": ({"did": "X", "when": {"between_ago": ["1d", "2d"]}}, "bad_window", "$.when"),
    "dates reversed": ({"did": "X", "when": {"from": "2026-02-01", "until": "2026-01-01"}}, "bad_window", "$.when"),
    "at least 0": ({"did": "X", "times": {"at_least": 0}}, "bad_times", "$.times.at_least"),
    "half a time": ({"did": "X", "times": {"at_least": 1.5}}, "bad_times", "$.times.at_least"),
    "true times": ({"did": "X", "times": {"exactly": True}}, "bad_times", "$.times.exactly"),
    "times reversed": ({"did": "X", "times": {"between": [5, 1]}}, "bad_times", "$.times.between"),
    "half a range": ({"did": "X", "times": {"between": [5]}}, "bad_times", "$.times.between"),
    "misspelt times": ({"did": "X", "times": {"at_lest": 5}}, "unknown_key", "$.times"),
    "empty times": ({"did": "X", "times": {}}, "incomplete_condition", "$.times"),
    "first without when": ({"first_did": "X"}, "incomplete_condition", "$.when"),
    "trend without factor": ({"trend": "X", "last": "30d"}, "incomplete_condition", "$"),
    "trend with two": ({"trend": "X", "last": "30d", "at_most": 1, "at_least": 1}, "incomplete_condition", "$"),
    "trend factor negative": ({"trend": "X", "last": "30d", "at_most": -1}, "bad_value", "$"),
    "consent state": ({"consent": "email", "is": "granted?"}, "bad_value", "$"),
    "consent operator": ({"consent": "email", "contains": "granted"}, "bad_value", "$"),
    "no segment": ({"segment": ""}, "incomplete_condition", "$.segment"),
    "anonymous inside": ({"not": {"including_anonymous": {"did": "X"}}}, "bad_value", "$.not"),
    "not of a list": ({"not": [{"did": "X"}]}, "incomplete_condition", "$.not"),
    "all of one": ({"all": {"did": "X"}}, "bad_value", "$.all"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_unfinished_condition_reaches_nobody(name):
    data, code, where = BROKEN[name]
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert (caught.value.code, caught.value.where) == (code, where)
    assert caught.value.message
    assert caught.value.fix


def test_a_misspelt_key_is_told_the_right_one():
    with pytest.raises(UserError) as caught:
        from_data({"did": "X", "tmes": {"at_least": 2}})
    assert caught.value.fix == "Did you mean 'times'?"


def test_nesting_has_an_end():
    data = {"did": "X"}
    for _ in range(101):
        data = {"not": data}
    with pytest.raises(UserError, match="nested") as caught:
        from_data(data)
    assert caught.value.code == "too_deep"


@pytest.mark.parametrize(
    ("data", "taken"),
    [
        ({"trait": "plan", "is": 1, "x": 2}, "trait"),
        ({"has_been": "plan", "for": "14d", "is": 1, "x": 2}, "has_been, for"),
        ({"consent": "email", "is": "granted", "x": 2}, "consent, purpose"),
        ({"score": "churn", "gt": 1, "x": 2}, "score"),
        ({"did": "a", "where": [{"property": "p", "is": 1, "x": 2}]}, "property"),
    ],
)
def test_an_unknown_key_beside_a_comparison_is_named_with_those_that_there_are(data, taken):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.code == "unknown_key"
    assert "'x'" in caught.value.message
    assert caught.value.fix.startswith(f"Write {taken} and one of is, is_not, one_of,")
    with pytest.raises(UserError) as caught:
        from_data({"trait": "plan", "x": 2})
    assert "'x'" in caught.value.message
