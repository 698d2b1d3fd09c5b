"""Several definitions at several instants in one query give what each gives by itself."""

from __future__ import annotations

import cases
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.time import Instant
from shoal.segments import parse, sql
from shoal.segments.sql import many
from shoal.store.duck import open_duck

WEEK = 7 * 86_400_000


@pytest.fixture(scope="module")
def duck():
    connection = open_duck(threads=1, memory="1GB")
    yield connection
    connection.close()


def _check(duck, people, definitions, segments, instants):
    cases.fill(duck, people)
    nodes = {f"n{place}": node for place, node in enumerate(definitions)}
    now = instants[-1]
    assert many.all_counts(duck, nodes, now, segments) == {
        name: sql.counts(duck, node, now, segments) for name, node in nodes.items()
    }
    assert many.sizes(duck, nodes, instants, segments) == {
        name: tuple(sql.count(duck, node, instant, segments) for instant in instants) for name, node in nodes.items()
    }
    found = many.memberships(duck, nodes, now, segments)
    for place, node in enumerate(nodes.values()):
        members = found.filter(found[str(place)])["subscriber"].to_pylist()
        assert sorted(members) == sql.members(duck, node, now, segments), node.english()


@settings(max_examples=15, deadline=None)
@given(
    cases.histories(6),
    st.lists(cases.definitions(), min_size=3, max_size=3),
    cases.segment_sets(),
    st.sampled_from(([0], [-WEEK, -1, 0], [0, -1_000, 86_400_000])),
)
def test_together_they_give_what_each_gives(duck, people, definitions, segments, lags):
    _check(duck, people, definitions, segments, [Instant(cases.NOW + lag) for lag in lags])


@settings(max_examples=10, deadline=None)
@given(cases.histories(6))
def test_averages_facts_and_segments_are_those_of_each_instant(duck, people):
    definitions = [
        parse("opens are above average"),
        parse('plan is set and consent to email marketing is not "denied"'),
        parse('in segment "often" and not plan is within the last 7 days'),
    ]
    segments = {"often": parse("visits at least 1 time in the last 7 days")}
    _check(duck, people, definitions, segments, [Instant(cases.NOW - lag) for lag in (WEEK, 1, 0)])


def test_a_long_list_is_asked_in_parts(duck, monkeypatch):
    monkeypatch.setattr(many, "WIDTH", 1)
    _check(duck, [], [parse("visits exactly 0 times")], {}, [Instant(cases.NOW - lag) for lag in (WEEK, 0)])


def test_no_definitions_are_no_question(duck):
    assert many.all_counts(duck, {}, cases.NOW) == many.sizes(duck, {}, [cases.NOW]) == {}
    assert many.memberships(duck, {}, cases.NOW).num_rows == 0
