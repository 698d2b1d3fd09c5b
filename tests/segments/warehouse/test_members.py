"""Every kind gives the oracle's members in the warehouses that run here."""

from __future__ import annotations

import json
from collections.abc import Sequence

import cases
import pytest
import warehouses
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.core.time import Instant, format_instant, now
from shoal.segments import oracle
from shoal.segments.history import Event, History, TraitStatement
from shoal.segments.kinds import KINDS
from shoal.segments.nodes import walk
from shoal.segments.sentence import english, parse
from shoal.segments.values import Json
from shoal.segments.warehouse import gaps
from shoal.segments.warehouse.query import warehouse_sql

RUNS = {"duckdb": 4, "postgres": 6, "clickhouse": 4, "spark": 1}
"""Histories; in each, every kind is asked. Spark takes more than a second for a query."""


def test_every_kind_agrees(warehouse):
    name, engine = warehouse
    seen = set()

    @seed(20260329)
    @settings(max_examples=RUNS[name], database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(cases.histories(12), st.tuples(*cases.leaves.values()), cases.definitions(), cases.segment_sets())
    def agree(people, nodes, whole, segments):
        engine.fill(people)
        for node in (*nodes, whole, *segments.values()):
            query = _expressed(node, name, segments, people[0].default_zone)
            if query is None:
                continue
            assert engine.members(query) == oracle.members(node, people, cases.NOW, segments), english(node)
            seen.update(type(part) for _, part in walk(node))

    agree()
    assert seen >= set(cases.leaves)


def _expressed(node, name, segments, zone):
    """The query; None for the declared gap of numbers made of a property within others."""
    try:
        return warehouse_sql(node, name, cases.NOW, segments, zone=zone)
    except UserError as error:
        if gaps.NESTED not in error.message:
            raise
        return None


EXAMPLES = (
    'not did "Order Completed"',
    'all of (plan is set) and any of (plan is "trial", none of (plan is "x"))',
    'in segment "buyers" and not in segment "trials"',
    'did "Page Viewed" including anonymous',
    'plan is "it\'s \\"$1\\" \\\\ ${spark.app.name} {{ x }} -- /* é🎉"',
    'did "Page Viewed" where path matches "\\\\bteam\\\\b.[^a-c]$"',
    'did "Page Viewed" where "it\'s \\"q\\" $1" starts with "a\\n\\tb"',
    "since is before 1900-03-01 and since is after 1899-12-31T23:59:59.999Z",
    "anniversary of since is today",
)


def _people() -> list[History]:
    at = Instant(cases.NOW - 1_000)
    values = (
        'it\'s "$1" \\ ${spark.app.name} {{ x }} -- /* é🎉',
        *("trial", "x", None, 5, True, ["trial"], "1900-02-28", "1900-02-29"),
    )
    found = []
    for number, value in enumerate(values):
        events = (
            Event(3 * number, "Page Viewed", at, {"path": "/a team/d\n"[: 5 + number], 'it\'s "q" $1': "a\n\tbc"}),
            *([Event(3 * number + 1, "Order Completed", at)] if number % 2 else []),
        )
        traits = (
            TraitStatement("plan", value, at, at, 100 + number),
            TraitStatement(
                "since",
                ("1900-02-28", "1896-03-29", "2000-03-29T00:30:00+01:00", "2026-03-29")[number % 4],
                at,
                at,
                200 + number,
            ),
        )
        found.append(History(number, identified=number != 4, events=events, traits=traits))
    return found


SEGMENTS = {"buyers": parse('did "Order Completed"'), "trials": parse('plan is "trial"')}


@pytest.fixture(scope="module")
def filled(warehouse):
    warehouse[1].fill(_people())
    return warehouse


@pytest.mark.parametrize("sentence", EXAMPLES)
def test_examples_agree(filled, sentence):
    name, engine = filled
    node = parse(sentence)
    query = warehouse_sql(node, name, cases.NOW, SEGMENTS)
    assert engine.members(query) == oracle.members(node, _people(), cases.NOW, SEGMENTS)


def _stated(values: Sequence[Json]) -> list[History]:
    return [
        History(number, traits=(TraitStatement("plan", value, cases.NOW, cases.NOW, number),))
        for number, value in enumerate(values)
    ]


VALUES = (*cases.TEXTS, *cases.DATES, *cases.WHOLE, *cases.BROKEN, True, False, None, ["a", 5, True], [5.0], {"k": "a"})
DATES = (
    "2026-03-22T01:30",
    "2026-03-22 01:30:00.5Z",
    "2024-02-29",
    "2023-02-29",
    "1000-01-01",
    "2026-03-22T01:30:00.05-11:30",
)
ASKED = (
    *(f"plan matches {json.dumps(one)}" for one in cases.PATTERNS),
    *(f"plan {sign} {number}" for sign in ("=", "<", ">=") for number in (5, 0.5, 2**53 + 1, 2**62 + 1, 1e300)),
    *(f"plan {test} 2026-03-22T01:30:00.50{last}Z" for test in ("is before", "is after") for last in (0, 1)),
    "plan is after 2026-03-22T13:00:00.049Z",
    "plan is before 1000-01-02",
    "plan is within the last 7 days",
    "plan is within the next 7 days",
    "plan is more than 7 days ago",
    "plan is more than 7 days from now",
    "plan is between 2026-03-22 and 2026-03-22T01:30:00.500Z",
    'plan.k is "a"',
    "plan.k is not set",
    'plan contains "a"',
    "plan contains 5",
    'plan ends with "b "',
    'plan is one of ("5", true, 0, "A")',
    "plan is set",
    "plan is not set",
)


def test_operators_agree(warehouse):
    name, engine = warehouse
    people = _stated([*VALUES, *DATES])
    engine.fill(people)
    for sentence in ASKED:
        node = parse(sentence)
        found = engine.members(warehouse_sql(node, name, cases.NOW))
        assert found == oracle.members(node, people, cases.NOW), sentence


def test_numbers_that_no_double_holds(postgresql_url):
    engine = warehouses.Postgres(postgresql_url)
    engine.fill([History(number, events=(Event(number, "A", cases.NOW),)) for number in range(3)])
    for number, value in enumerate(("1e400", "1e-400", "3")):
        engine.connection.execute(
            "UPDATE events SET properties = %s WHERE subscriber = %s", (f'{{"a": {value}}}', number)
        )
    found = [
        engine.members(warehouse_sql(parse(f'did "A" where "a" {test}'), "postgres", cases.NOW))
        for test in ("is more than 2.5", "is at most 0.5", "is set")
    ]
    assert found == [[2], [1], [0, 1, 2]]


BY_THE_CLOCK = (
    'did "Order Completed" in the last 30 days',
    'did "Order Completed" between 60 days and 30 days ago and not did "Order Completed" in the last 30 days',
    'did "Order Completed" more than 30 days ago',
    'did "Order Completed" since 2026-01-01',
    'did "Order Completed" until 2026-10-01 or did "Order Completed" between 60 days and 10 days ago',
    'did "Order Completed" from 2020-01-01 until 2999-01-01',
    "opens in the last 30 days are more than 0.5 times the 30 days before",
    'plan has been "trial" for at least 30 days',
    "since is within the last 30 days",
    "since is within the next 2 days",
    "since is more than 30 days ago",
    "since is more than 7 days from now",
    'did "Order Completed" in at least 1 of the last 2 weeks',
    'did "Order Completed" without "Page Viewed" within 20 days',
    "it is a Monday or Tuesday or Wednesday or Thursday or Friday or Saturday or Sunday",
)


def _recent() -> list[History]:
    day, today = 86_400_000, now()
    days = (-8, -1, 1, 10, 20, 29, 31, 45, 59, 61, 400)
    return [
        History(
            number,
            events=(
                Event(number, "Order Completed", Instant(today - ago * day)),
                Event(50 + number, "Email Opened", Instant(today - ago * day)),
                Event(100 + number, "Page Viewed", Instant(today - (ago - 5) * day)),
            ),
            traits=(
                TraitStatement("plan", "trial", Instant(today - ago * day), today, 150 + number),
                TraitStatement(
                    "since", format_instant(Instant(today - ago * day)), Instant(today - 500 * day), today, 200 + number
                ),
            ),
        )
        for number, ago in enumerate(days)
    ]


@pytest.mark.parametrize("sentence", BY_THE_CLOCK)
def test_the_clock_of_the_warehouse_is_now(warehouse, sentence):
    name, engine = warehouse
    people, node = _recent(), parse(sentence)
    engine.fill(people)
    assert engine.members(warehouse_sql(node, name)) == oracle.members(node, people, now())


def test_all_kinds_without_parts_are_generated():
    assert {kind.node for kind in KINDS if kind.name not in _WITH_PARTS} <= set(cases.leaves)


_WITH_PARTS = ("segment", "all, any, none", "not", "including anonymous")
