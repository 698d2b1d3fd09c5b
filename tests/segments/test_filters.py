"""Filters of events: properties within lists, and filters joined by and, or and not."""

from __future__ import annotations

import cases
import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.flow import live
from shoal.segments import oracle, parse, sql
from shoal.segments.catalog import Catalog, unknown_names
from shoal.segments.explain import explain
from shoal.segments.filters import AnyFilter, NotFilter
from shoal.segments.history import Event, History
from shoal.segments.json_form import from_data

ORDERS = (
    {"products": [{"sku": "A", "category": "shoes", "price": 10, "tags": ["x", "y"]}, {"sku": "B", "price": 2.5}]},
    {"products": [{"sku": "C", "category": "hats"}], "bundle": [{"parts": [{"sku": "A"}]}, {"parts": {"sku": "D"}}]},
    {"products": {"sku": "A", "price": 7}, "path": "/a/1"},
    {"products": ["A", 5, None, [{"sku": "A"}]], "path": "b"},
    {"path": "/a/2", "machine": True},
    {},
)
PEOPLE = [
    History(place, events=(Event(place, "Order Completed", Instant(cases.NOW - 1_000), properties),))
    for place, properties in enumerate(ORDERS, start=1)
]


def members(duck, sentence):
    node = parse(sentence)
    assert parse(node.english()) == node
    assert from_data(node.to_data()) == node
    found = oracle.members(node, PEOPLE, cases.NOW)
    cases.fill(duck, PEOPLE)
    assert sql.members(duck, node, cases.NOW) == found
    assert live.members(duck, node, cases.NOW) == found
    return found


WITHIN_LISTS = {
    'did "Order Completed" where products.category is "shoes"': [1],
    'did "Order Completed" where products.sku is "A"': [1, 3],
    'did "Order Completed" where products.sku is one of ("B", "C")': [1, 2],
    'did "Order Completed" where products.sku is not "A"': [2, 4, 5, 6],
    'did "Order Completed" where products.sku is none of ("A", "C")': [4, 5, 6],
    'did "Order Completed" where products.tags contains "y"': [1],
    'did "Order Completed" where products.tags does not contain "y"': [2, 3, 4, 5, 6],
    'did "Order Completed" where products.price is more than 5': [1, 3],
    'did "Order Completed" where products.price is set': [1, 3],
    'did "Order Completed" where products.price is not set': [2, 4, 5, 6],
    'did "Order Completed" where bundle.parts.sku is "A"': [2],
    'did "Order Completed" where bundle.parts.sku is "D"': [2],
    'products.sku of the latest "Order Completed" is "B"': [1],
    "sum of products.price of orders is 12.5": [1],
    "average of products.price of orders is 6.25": [1],
    "minimum of products.price of orders is at most 3": [1],
    "maximum of products.price of orders is at most 7": [3],
    "distinct products.sku of orders is 2": [1],
    "in the top 20 % by sum of products.price of orders": [1],
    "sum of products.price of orders is above average": [1, 3],
}


@pytest.mark.parametrize("sentence", WITHIN_LISTS)
def test_a_path_reaches_every_element_of_a_list(duck, sentence):
    assert members(duck, sentence) == WITHIN_LISTS[sentence]


JOINED = {
    'did "Order Completed" where (path matches "^/a" or path is "b")': [3, 4, 5],
    'did "Order Completed" by a person where (path matches "^/a" or path is "b") ever': [3, 4],
    'did "Order Completed" where (path is "b" or (path starts with "/a" and machine is true))': [4, 5],
    'did "Order Completed" where not (path is set)': [1, 2, 6],
    'did "Order Completed" where not (path is "b" or products.sku is "A")': [2, 5, 6],
    'did "Order Completed" where (path is "b" or path is "/a/1") and where products.sku is "A"': [3],
    'did "Order Completed" where (products.sku is "C" or not (products is set))': [2, 5, 6],
    'did "Order Completed" where (path is within the last 7 days or path is "b")': [4],
}


@pytest.mark.parametrize("sentence", JOINED)
def test_filters_are_joined_in_brackets(duck, sentence):
    assert members(duck, sentence) == JOINED[sentence]


def test_without_brackets_or_joins_conditions():
    node = parse('did "Page Viewed" where path is "a" or path is "b"')
    assert node == parse('(did "Page Viewed" where path is "a") or trait path is "b"')


def test_a_trait_that_is_not_there_but_a_property_is_shows_the_brackets():
    node = parse('did "Page Viewed" where path is "a" or path is "b"')
    (error,) = unknown_names(node, Catalog.of([("Page Viewed", ""), ("Page Viewed", "path"), ("", "plan")]))
    assert error.code == "unknown_trait"
    assert error.fix == "A property of the event goes into brackets with the other: where (… or path …)."


def test_json_joins_filters_as_it_joins_definitions():
    parts = [{"property": "a", "is": 1}, {"property": "b", "is": 2}]
    did = {"did": "X", "where": [{"any": parts}]}
    assert from_data(did).to_data() == did
    assert from_data({"did": "X", "where": [{"none": parts}]}).stream.where == (NotFilter(_either(parts)),)
    assert from_data({"did": "X", "where": [{"all": parts[:1]}]}) == from_data({"did": "X", "where": parts[:1]})


def _either(parts):
    (found,) = from_data({"did": "X", "where": [{"any": parts}]}).stream.where
    assert isinstance(found, AnyFilter)
    return found


BROKEN = {
    "mixed": ('did "X" where (a is 1 and b is 2 or c is 3)', "sentence_syntax"),
    "empty": ('did "X" where ()', "sentence_syntax"),
    "unfinished": ('did "X" where (a is 1 or', "incomplete_condition"),
    "a place in a list": ('did "X" where products.0.sku is "A"', "bad_path"),
    "too deep": ('did "X" where a.b.c.d.e.f.g is "A"', "bad_path"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_filter_is_told(name):
    sentence, code = BROKEN[name]
    with pytest.raises(UserError) as caught:
        parse(sentence)
    assert caught.value.code == code
    assert caught.value.fix


def test_mixed_filters_show_the_brackets():
    with pytest.raises(UserError, match=r"for example \(\(x is 1 and b is 2\) or c is 3\)"):
        parse('did "X" where (x is 1 and b is 2 or c is 3)')


JSON_BROKEN = {
    "no filters": ({"any": []}, "incomplete_condition", "$.where[0].any"),
    "a key beside": ({"any": [{"property": "a", "is": 1}], "is": 2}, "unknown_key", "$.where[0]"),
    "inside": ({"not": {"any": [{"is": 1}]}}, "incomplete_condition", "$.where[0].not.any[0]"),
}


@pytest.mark.parametrize("name", JSON_BROKEN)
def test_what_is_no_filter_in_json_is_told(name):
    told, code, where = JSON_BROKEN[name]
    with pytest.raises(UserError) as caught:
        from_data({"did": "X", "where": [told]})
    assert (caught.value.code, caught.value.where) == (code, where)


def test_filters_nest_up_to_a_limit():
    told = {"property": "a", "is": 1}
    for _ in range(21):
        told = {"not": told}
    with pytest.raises(UserError, match="nested more than 20"):
        from_data({"did": "X", "where": [told]})


def test_a_property_named_by_a_number_is_asked_with_a_backslash(duck):
    node = parse('did "X" where "totals.\\\\2026" is 5')
    assert node.stream.where[0].path == ("totals", "2026")
    assert parse(node.english()) == node


def test_explanations_turn_joined_filters():
    node = parse('did "Order Completed" where (path is "z" and (machine is true or products.sku is "Q"))')
    found = explain(node, PEOPLE[0], cases.NOW, {}, oracle.People(PEOPLE))
    assert not found.holds
