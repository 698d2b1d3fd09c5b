"""Queries: bound values only, one scan for each stream, and the numbers that explain a count."""

from __future__ import annotations

import cases
import pytest

from shoal.core.time import Instant
from shoal.segments import from_data, oracle, parse, sql
from shoal.segments.history import Event, History, TraitStatement
from shoal.store.duck import open_duck

NOW = cases.NOW
HOSTILE = "x' OR 1=1; DROP TABLE events_rows; -- \" $p0 ? {} %s \\ '' é\n"


@pytest.fixture(scope="module")
def duck():
    connection = open_duck(threads=1, memory="1GB")
    people = [
        History(
            n, n != 9, tuple(Event(n * 10 + k, "Page Viewed", Instant(NOW - k * 1_000), {"a": k}) for k in range(n))
        )
        for n in range(10)
    ]
    cases.fill(connection, people)
    yield connection
    connection.close()


def test_no_text_of_a_user_becomes_sql(duck):
    node = from_data(
        {
            "all": [
                {"did": HOSTILE, "where": [{"property": HOSTILE.replace(".", "\\."), "is": HOSTILE}]},
                {"did": f"{HOSTILE}*", "where": [{"property": "a", "contains": HOSTILE}]},
                {"trait": HOSTILE, "one_of": [HOSTILE]},
                {"trait": "a", "ends_with": HOSTILE},
                {"consent": HOSTILE, "purpose": HOSTILE, "is_set": True},
                {"segment": HOSTILE},
            ]
        }
    )
    segments = {HOSTILE: parse('did "Page Viewed"')}
    query = sql.members_query(node, NOW, segments)
    assert "DROP" not in query.sql
    assert sql.members(duck, node, NOW, segments) == []
    assert sql.count(duck, parse('did "Page Viewed"'), NOW) == 8


def test_one_scan_for_each_stream():
    node = parse(
        "visits at least 1 time in the last 7 days and visits at most 9 times in the last 30 days and "
        'not did "Page Viewed" more than 60 days ago and plan is "a" and plan is not "b" '
        'and did "Page Viewed" where a is 1'
    )
    query = sql.members_query(node, NOW).sql
    assert query.count("FROM events WHERE") == 2
    assert query.count("FROM traits WHERE") == 1


def test_counts_are_a_waterfall(duck):
    node = parse("visits at least 2 times and (visits at most 5 times or plan is set) and not visits exactly 3 times")
    found = sql.counts(duck, node, NOW)
    assert (found.members, found.eligible) == (3, 9)
    rows = {one.place: (one.own, one.kept) for one in found.conditions}
    assert rows == {
        "all[0]": (7, 7),
        "all[1]": (6, 4),
        "all[1].any[0]": (6, None),
        "all[1].any[1]": (0, None),
        "all[2]": (8, 3),
        "all[2].not": (1, None),
    }


def test_counts_of_one_condition(duck):
    found = sql.counts(duck, parse("visits at least 2 times including anonymous"), NOW)
    assert (found.members, found.eligible) == (8, 10)
    assert [(one.place, one.own, one.kept) for one in found.conditions] == [("including_anonymous", 8, None)]


def test_as_of_sees_only_what_was_stamped_by_then(duck):
    node = parse("visits at least 8 times")
    assert sql.members(duck, node, NOW) == [8]
    assert sql.members(duck, node, Instant(NOW - 1)) == []


def test_nesting_is_as_deep_as_allowed(duck):
    data = {"did": "Page Viewed", "times": {"at_least": 2}}
    for level in range(99):
        data = {"not": data} if level % 3 else {"any": [data]}
    assert sql.members(duck, from_data(data), NOW) == [n for n in range(9) if n >= 2]


def test_a_segment_is_computed_once(duck):
    segments = {"s0": parse("visits at least 1 time")}
    for number in range(1, 30):
        inner = f'in segment "s{number - 1}"'
        segments[f"s{number}"] = parse(f"{inner} and not (not {inner} or plan is set)")
    node = parse('in segment "s29"')
    query = sql.members_query(node, NOW, segments)
    assert len(query.sql) < 20_000
    assert sql.members(duck, node, NOW, segments) == list(range(1, 9))


def test_an_empty_list_has_no_members():
    connection = open_duck(threads=1)
    cases.fill(connection, [])
    for sentence in ("visits exactly 0 times", "opens are above average", "not plan is set"):
        assert sql.members(connection, parse(sentence), NOW) == []
        assert sql.counts(connection, parse(sentence), NOW).eligible == 0
    assert oracle.members(parse("visits exactly 0 times"), [], NOW) == []


def test_one_and_true_are_two_comparisons(duck):
    values = {1: 1, 2: True, 3: 1.0, 4: 0, 5: False}
    people = [
        History(number, True, (), (TraitStatement("plan", value, NOW, NOW, number),))
        for number, value in values.items()
    ]
    with open_duck(threads=1, memory="1GB") as own:
        cases.fill(own, people)
        for sentence in ("plan is 1 or plan is true", "plan is one of (1) and not plan is one of (true)"):
            node = parse(sentence)
            assert sql.members(own, node, NOW) == oracle.members(node, people, NOW)
