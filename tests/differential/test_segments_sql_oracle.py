"""The SQL reading gives the members that the oracle gives."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import cases
import pytest
from comparing import compared
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.time import Instant
from shoal.flow import live
from shoal.profiles.consent import COMPLAINT
from shoal.segments import oracle, parse, sql
from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.explain import explain
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.kinds.consent import STATES, Consent
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.trait import Trait
from shoal.segments.operators.operator import Dates
from shoal.segments.streams import Stream
from shoal.store.duck import open_duck

RUNS = 40
DEFINITIONS = 10
SUBSCRIBERS = 8

NOTHING = object()
VALUES = [
    NOTHING,
    None,
    *cases.TEXTS,
    *cases.DATES,
    *cases.WHOLE,
    *cases.BROKEN,
    True,
    False,
    [],
    [None],
    ["a", 5, True],
    [["a"]],
    [5.0, "/pricing"],
    [2**53 + 1],
    {},
    {"k": "a"},
    {"k.k": 5},
    "trial",
    "t",
    "[",
    "{'k': a}",
    "[a, 5, true]",
    "2026-03-22T01:30:00+00:00",
    "1000-01-01",
    "9999-12-31T23:59:59.999Z",
    "2026-02-29",
    "2026-03-22T01:30:00z",
    "２０２６-03-22",
]
LOOKS = (
    *("tr", "t", "f", "True", "trial", "1e", "-", "5.0", "[", "[a", "{", "n", "i"),
    *("{'k': a}", "[a, 5, true]", "[]", "{}"),
)
SETS = [("a", 5), (True, 2**53 + 1, "é🎉"), (0.5,), ("/pricing", "", "A"), ("trial", "a"), ("5", "true", "[]")]
OPERANDS = {
    **{name: [*cases.TEXTS, *LOOKS, *cases.WHOLE, *cases.BROKEN, True, False] for name in ("is", "is_not")},
    **{
        name: [("a", 5), (True, 2**53 + 1, "é🎉"), (0.5,), ("/pricing", "", "A"), ("trial", "a"), ("5", "true", "[]")]
        for name in ("one_of", "none_of")
    },
    **{name: [*cases.TEXTS[1:], 5, 2**53 + 1, 5.0, True] for name in ("contains", "not_contains")},
    **dict.fromkeys(("starts_with", "ends_with"), cases.TEXTS[1:]),
    "matches": cases.PATTERNS,
    **{name: [*cases.WHOLE, *cases.BROKEN] for name in ("gt", "gte", "lt", "lte")},
    "between": [
        Dates(cases.NOW - 7 * 86_400_000, cases.NOW),
        Dates(cases.NOW, cases.NOW),
        *((0, 5), (0.5, 5.5), (2**53, 2**53 + 1), (-(2**63), 2**63 - 1), (-1e300, 1e300)),
    ],
    "is_set": [True, False],
    **{name: [cases.NOW, cases.NOW - 7 * 86_400_000, 0, -1] for name in ("before", "after")},
    **dict.fromkeys(("within_last", "within_next", "before_ago", "after_next"), cases.LENGTHS),
}


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as found:
        yield Path(found)


@pytest.fixture(scope="module")
def duck(folder):
    """A connection as the product opens it: sealed, offline, with access to one folder."""
    connection = open_duck(folder, threads=1, memory="1GB")
    yield connection
    connection.close()


def test_generated_definitions_agree(duck, folder):
    asked = 0

    @settings(max_examples=RUNS, deadline=None)
    @given(
        cases.histories(SUBSCRIBERS),
        st.lists(cases.definitions(), min_size=DEFINITIONS, max_size=DEFINITIONS),
        cases.segment_sets(),
        st.sampled_from((0, 0, 1, -1, 86_400_000)),
        st.booleans(),
    )
    def agree(people, nodes, segments, lag, in_files):
        nonlocal asked
        now = Instant(cases.NOW + lag)
        cases.fill(duck, people, folder if in_files else None)
        for node in nodes:
            assert sql.members(duck, node, now, segments) == oracle.members(node, people, now, segments), node.english()
            compared("sql", node, len(people))
            asked += len(people)

    agree()
    assert asked >= 2_000


CONSENTS = [Consent("email", "marketing", Comparison(how, state)) for how in ("is", "is_not") for state in STATES]
CONSENTS.append(Consent("email", "marketing", Comparison("is_set", True)))
_said = st.tuples(
    *(st.sampled_from(STATES), st.integers(-4, 1), st.sampled_from((0, 0, 1))),
    *(st.sampled_from(("crm", "shop")), st.sampled_from((0, 1, 1, 2))),
    st.sampled_from((None, None, COMPLAINT)),
    st.sampled_from((0, 1, 2)),
)
HALF_MINUTE = 30_000


@settings(max_examples=RUNS, deadline=None)
@given(st.lists(st.lists(_said, max_size=6), min_size=12, max_size=12), st.integers(-4, 1))
def test_generated_consent_histories_agree(duck, told, moment):
    """Few instants, with and without a date: every limit of the rule is met, now and as of any instant."""
    people = [
        History(
            subscriber,
            consents=tuple(
                ConsentStatement(
                    *("email", "marketing", state, at, Instant(at + lag), subscriber * 10 + number, source),
                    *(method, contact, contact, changed),
                )
                for number, (state, place, lag, source, contact, method, changed) in enumerate(stated)
                for at in (Instant(cases.NOW + place * HALF_MINUTE),)
            ),
        )
        for subscriber, stated in enumerate(told)
    ]
    cases.fill(duck, people)
    now = Instant(cases.NOW + moment * HALF_MINUTE)
    for node in CONSENTS:
        assert sql.members(duck, node, now) == oracle.members(node, people, now), node.english()
        compared("sql", node, len(people))
    known = [*CONSENTS[:3], CONSENTS[-1]]
    assert all(live.members(duck, node, now, {}) == oracle.members(node, people, now) for node in known)


def _one_value_each() -> list[History]:
    """A subscriber for each value, as a trait and as a property of an event, plain and nested."""
    found = []
    for number, value in enumerate(VALUES):
        properties = {} if value is NOTHING else {"a": value, "o": {"k": value}}
        event = Event(number, "Page Viewed", Instant(cases.NOW - 1_000), properties)
        stated = () if value is NOTHING else (TraitStatement("plan", value, event.at, event.at, number),)
        found.append(History(number, True, (event,), stated))
    return found


@pytest.mark.parametrize("in_files", [False, True], ids=["memory", "parquet"])
@pytest.mark.parametrize("operator", sorted(OPERANDS))
def test_every_operator_agrees_on_every_value(duck, folder, operator, in_files):
    people = _one_value_each()
    cases.fill(duck, people, folder if in_files else None)
    for operand in OPERANDS[operator]:
        comparison = Comparison(operator, operand)
        nodes = [Trait("plan", comparison), Did(Stream("Page Viewed", (PropertyFilter(("o", "k"), comparison),)))]
        for node in nodes:
            want = oracle.members(node, people, cases.NOW)
            assert sql.members(duck, node, cases.NOW) == want, node.english()


def test_every_operator_is_compared():
    from shoal.segments.operators import OPERATORS

    assert set(OPERANDS) == set(OPERATORS)


@pytest.mark.parametrize("operator", sorted(OPERANDS))
def test_every_operator_tells_values_apart(operator):
    """Guards the test above: each operator holds for some value and not for another."""
    people = _one_value_each()
    sizes = {
        len(oracle.members(Trait("plan", Comparison(operator, operand)), people, cases.NOW))
        for operand in OPERANDS[operator]
    }
    assert any(0 < size < len(people) for size in sizes)


@settings(max_examples=25, deadline=None)
@given(cases.histories(4), st.lists(cases.definitions(deep=4), min_size=4, max_size=4), cases.segment_sets())
def test_counts_agree_with_the_oracle(duck, people, nodes, segments):
    cases.fill(duck, people)
    totals = oracle.People(people)
    for node in nodes:
        found = sql.counts(duck, node, cases.NOW, segments)
        assert (
            found.members
            == sql.count(duck, node, cases.NOW, segments)
            == len(oracle.members(node, people, cases.NOW, segments))
        )
        compared("sql", node, len(people))
        explained = [explain(node, person, cases.NOW, segments, totals) for person in people]
        assert [(one.place, one.sentence) for one in found.conditions]
        for one in found.conditions:
            own = [_at(tree, one.place) for tree in explained]
            assert one.own == sum(part.holds for part in own if part is not None), one.sentence


def _at(tree, place):
    """The explanation of a condition; None for a visitor who can't be a member."""
    if tree.place == place and tree.value != "nobody has identified this visitor":
        return tree
    if tree.value == "nobody has identified this visitor":
        return None
    return next((found for part in tree.parts if (found := _at(part, place)) is not None), None)


@settings(max_examples=25, deadline=None)
@given(cases.histories(3))
def test_a_history_reads_back_from_the_views(duck, people):
    cases.fill(duck, people)
    for person in people:
        found = sql.read_history(duck, person.subscriber)
        for stored, given_ in (
            (found.events, person.events),
            (found.traits, person.traits),
            (found.consents, person.consents),
        ):
            assert sorted(map(_comparable, stored)) == sorted(map(_comparable, given_))
    assert sql.read_history(duck, 99_999) is None


def _comparable(record):
    return json.dumps({name: getattr(record, name) for name in record.__slots__}, sort_keys=True, default=dict)


def test_list_totals_agree(duck):
    people = [
        History(1, True, tuple(Event(n, "Email Opened", Instant(cases.NOW - n)) for n in range(5))),
        History(2, True),
        History(3, False, (Event(9, "Email Opened", Instant(cases.NOW)),)),
    ]
    cases.fill(duck, people)
    node = parse("opens in the last 1s are above average")
    totals, judged = sql.ListTotals(duck), oracle.People(people)
    assert totals.size() == judged.size() == 2
    args = (node.stream, node.window, cases.NOW)
    assert totals.total(*args) == judged.total(*args) == 5
