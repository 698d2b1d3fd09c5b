"""Traits that are objects: a dotted name reaches into them, unless a trait has that name itself."""

from __future__ import annotations

import cases
import pytest
from comparing import compared
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import english, from_data, oracle, parse, sql, to_data
from shoal.segments.catalog import Catalog, check_names, missing_names
from shoal.segments.explain import explain
from shoal.segments.history import History, TraitStatement
from shoal.segments.kinds.has_been import HasBeen
from shoal.segments.kinds.predicted import Score
from shoal.segments.kinds.trait import Trait
from shoal.segments.lint.finding import Asked
from shoal.segments.lint.texts import asked_texts
from shoal.segments.lint.unset import unset_conditions
from shoal.segments.live import Live, Persons
from shoal.segments.live.histories import facts_of

NOW = cases.NOW
DAY = 86_400_000


def person(number: int, *told: tuple[str, object, int]) -> History:
    """Traits stated so long ago."""
    stated = tuple(
        TraitStatement(name, value, Instant(NOW - ago), Instant(NOW - ago), number * 100 + place)
        for place, (name, value, ago) in enumerate(told)
    )
    return History(number, traits=stated)


PEOPLE = [
    person(0, ("address", {"city": "Berlin", "geo": {"zip": 10115}}, DAY)),
    person(1, ("address", {"city": "Paris"}, DAY), ("address.city", "Berlin", 2 * DAY)),
    person(2, ("address", {"city": "Berlin"}, DAY), ("address.city", "Paris", 2 * DAY)),
    person(3, ("address", {"city": "Berlin"}, DAY), ("address.city", "Paris", DAY), ("address.city", None, 1)),
    person(4, ("address", {"city": "Berlin"}, DAY), ("address", "Berlin", 1)),
    person(5, ("address", [{"city": "Berlin"}], DAY)),
    person(6, ("address.geo", {"zip": 10115}, DAY), ("address", {"geo": {"zip": 5}}, 1)),
    person(7),
    person(8, ("address", {"city": None}, 1)),
]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ('address.city is "Berlin"', [0, 1, 3]),
        ('address.city is not "Berlin"', [2, 4, 5, 6, 7, 8]),
        ('address.city is one of ("Paris", "Rome")', [2]),
        ("address.city is set", [0, 1, 2, 3]),
        ("address.city is not set", [4, 5, 6, 7, 8]),
        ("address.geo.zip is 10115", [0, 6]),
        ("address.geo.zip is more than 6 and address.city is set", [0]),
        ("address is set", [0, 1, 2, 3, 4, 5, 6, 8]),
    ],
)
def test_a_path_is_reached(duck, sentence, expected):
    assert cases.members(duck, sentence, PEOPLE) == expected
    assert live_members(sentence, PEOPLE) == expected
    node = parse(sentence)
    assert parse(english(node)) == from_data(to_data(node)) == node


def live_members(sentence: str, people: list[History], now: Instant = NOW) -> list[int]:
    import numpy as np

    live = Live(now)
    needs = live.define({"asked": parse(sentence)})
    ids = np.array([one.subscriber for one in people], np.int64)
    live.persons(Persons(ids, np.ones(len(ids), np.bool_), np.ones(len(ids), np.bool_)))
    live.load(facts_of(people, needs, {one.subscriber: place for place, one in enumerate(people)}))
    live.settle(silent=True)
    return live.ids("asked").tolist()


def test_a_dot_in_a_key_is_escaped(duck):
    people = [person(0, ("address", {"geo.zip": 5}, 1)), person(1, ("address", {"geo": {"zip": 5}}, 1))]
    node = Trait("address.geo\\.zip", parse("a is 5").comparison)
    assert parse(english(node)) == node
    assert cases.members(duck, english(node), people) == [0]


def test_dates_in_objects_move_with_time(duck):
    people = [person(0, ("plan", {"ends": "2026-04-01"}, 1)), person(1, ("plan", {"ends": "2027-01-01"}, 1))]
    sentence = "plan.ends is within the next 7 days"
    assert cases.members(duck, sentence, people) == live_members(sentence, people) == [0]
    assert explain(parse(sentence), people[1], NOW).changes_at is not None


TOLD = st.tuples(
    st.sampled_from(("a", "a.b", "a.b.c", "a.b\\.c", "x")),
    st.recursive(
        st.one_of(cases.plain_values, st.just([1])),
        lambda inner: st.dictionaries(st.sampled_from(("b", "c", "b.c")), inner, max_size=2),
        max_leaves=3,
    ),
    st.sampled_from((-1, 0, DAY)),
)
NAMES = st.sampled_from(("a.b", "a.b.c", "a.b\\.c", "a", "a..b", "a.", ".a", "a.b.c.d"))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(TOLD, max_size=4), min_size=4, max_size=4),
    st.lists(st.builds(Trait, NAMES, cases.comparisons), min_size=5, max_size=5),
)
def test_generated_paths_agree(duck, told, nodes):
    people = [person(number, *each) for number, each in enumerate(told)]
    cases.fill(duck, people)
    for node in nodes:
        expected = oracle.members(node, people, NOW)
        assert sql.members(duck, node, NOW) == expected, english(node)
        compared("sql", node, len(people))
        assert live_members(english(node), people) == expected, english(node)
        compared("live", node, len(people))


def test_names_of_scores_are_no_paths():
    assert Score("churn.v2", parse("a > 1").comparison).lower().name == "score:churn.v2"


def test_a_name_is_known_where_a_trait_may_hold_it():
    known = Catalog.of([("", "address")])
    node = parse('address.city is "Berlin"')
    check_names(node, known)
    assert missing_names(node, known) == ()
    assert missing_names(node, Catalog.of([("", "adress")])) == ("address.city",)
    with pytest.raises(UserError, match=r"no trait 'adress\.city'"):
        check_names(parse('adress.city is "Berlin"'), known)
    with pytest.raises(UserError, match="no trait"):
        check_names(HasBeen("address.city", node.comparison, parse("a is 1 for 1 day").length), known)


def test_the_linter_takes_the_name_as_one():
    node = parse('shipping.country is not "US"')
    assert [asked for _, asked in asked_texts(node)] == [Asked("", ("shipping.country",), "US")]
    assert [one.what for one in unset_conditions(node)] == ["shipping.country"]
    assert not list(asked_texts(parse('address.city is "Berlin"')))


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("words", ['is "Berlin"', 'is not "Berlin"', "is set", "is not set"])
def test_what_turns_it_turns_it(number, words):
    node, one = parse(f"address.city {words}"), PEOPLE[number]
    asked = oracle.Person.of(one, NOW, {}, None)
    for way in node.ways(asked):
        later = oracle.Person.of(way.facts.added_to(one), NOW, {}, None)
        assert node.holds(later) != node.holds(asked)
