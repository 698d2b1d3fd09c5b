"""What may be changed in a sentence, and what is proposed for it: for every kind, by the grammar alone."""

from __future__ import annotations

import pytest

from shoal.segments.catalog import Catalog
from shoal.segments.kinds import KINDS
from shoal.segments.sentence import parse
from shoal.ui.builder import openings, suggest, tree
from shoal.ui.builder.suggest import Names
from shoal.ui.builder.tokens import tokens

CATALOG = Catalog.of(
    [
        ("Product Viewed", "category"),
        ("Product Viewed", "price"),
        ("Order Completed", "total"),
        ("", "plan"),
        ("", "country"),
        ("", "favourite colour"),
    ],
    ["at-risk"],
)
NAMES = Names(CATALOG, lambda event, about: ("trial", "paid") if about == "plan" else ())
GROUPING = ("all, any, none", "not", "including anonymous")
SENTENCES = [sentence for _, sentence in openings.filled(CATALOG)]


def token(sentence: str, kind: str):
    return next(one for one in tokens(sentence) if one.kind == kind)


def proposed(sentence: str, kind: str, typed: str = "") -> dict[str, str]:
    return {one.label: one.sentence for one in suggest.suggest(sentence, token(sentence, kind), typed, NAMES)}


def test_every_kind_of_condition_has_an_opening_of_its_kind():
    assert set(openings.OPENINGS) == {kind.name for kind in KINDS} - set(GROUPING)
    nodes = {kind.name: kind.node for kind in KINDS}
    for (name, each), sentences in zip(openings.OPENINGS.items(), _by_kind(), strict=True):
        for sentence in sentences:
            node = parse(sentence.removeprefix("not "))
            keys = next(kind.keys for kind in KINDS if kind.name == name)
            assert isinstance(node, nodes[name]) or set(keys) & set(node.to_data()), (name, sentence, each)


def _by_kind() -> list[list[str]]:
    rest = iter(SENTENCES)
    return [[next(rest) for _ in each] for each in openings.OPENINGS.values()]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_opening_has_words_to_change_and_every_proposal_can_be_read(sentence):
    english = parse(sentence.removeprefix("not ")).english()
    found = tokens(english)
    assert found
    for one in found:
        for choice in suggest.suggest(english, one, "", NAMES):
            assert parse(choice.sentence).english() == choice.sentence


def test_events_traits_segments_and_values_are_those_of_the_data():
    assert list(proposed('did "Product Viewed"', "event")) == ["Product Viewed", "Order Completed"]
    assert list(proposed('did "Product Viewed"', "event", "order")) == ["Order Completed"]
    assert proposed('plan is "trial"', "trait")["favourite colour"] == 'trait "favourite colour" is "trial"'
    assert list(proposed('plan is "trial"', "value")) == ["trial", "paid", "Leave it out"][:2]
    assert proposed('plan is "trial"', "value", "gold")["gold"] == 'plan is "gold"'
    assert list(proposed('in segment "at-risk"', "segment")) == ["at-risk"]


def test_how_often_and_when_follow_what_is_typed():
    sentence = 'did "Order Completed" at least 2 times in the last 30 days'
    often = proposed(sentence, "times", "4")
    assert often["at least 4 times"] == 'did "Order Completed" at least 4 times in the last 30 days'
    assert "exactly 4 times" in often
    when = proposed(sentence, "window", "45")
    assert when["in the last 45 days"] == 'did "Order Completed" at least 2 times in the last 45 days'
    assert {"in the last 45 hours", "more than 45 weeks ago"} <= set(when)
    assert proposed(sentence, "window")["Leave it out"] == 'did "Order Completed" at least 2 times'
    assert proposed(sentence, "window")["this month"] == 'did "Order Completed" this month at least 2 times'


def test_another_comparison_keeps_what_is_compared_with_where_it_fits():
    found = proposed('plan is "trial"', "test")
    assert found["is not"] == 'plan is not "trial"'
    assert found["starts with"] == 'plan starts with "trial"'
    assert found["is one of"] == 'plan is one of ("trial")'
    assert found["is set"] == "plan is set"
    assert found["is more than"] == "plan is more than 1"
    assert found["is more than … ago"] == "plan is more than 7 days ago"
    assert proposed("plan is set", "test")["is"] == 'plan is "trial"'


def test_a_clause_is_added_where_it_can_stand_and_taken_out_again():
    sentence = 'did "Product Viewed" in the last 7 days'
    added = {one.label: one.sentence for one in suggest.clauses(sentence, NAMES)}
    assert added["… times"] == 'did "Product Viewed" at least 2 times in the last 7 days'
    assert added["where …"] == 'did "Product Viewed" where category is set in the last 7 days'
    assert "in a time" not in added
    two = {one.label: one.sentence for one in suggest.clauses(added["where …"], NAMES)}["and where …"]
    first = tokens(two)[1]
    assert first.clause is not None
    assert suggest.without(two, first.clause) == added["where …"]


def test_a_tree_says_what_the_definition_said():
    sentence = (
        'did "Product Viewed" at least 3 times and not did "Order Completed" '
        'and (plan is "trial" or not (country is "US" and plan is set)) and none of (plan is "a", plan is "b")'
    )
    node = parse(sentence)
    made = tree.built(tree.of(node))
    assert made.node == node
    assert sorted(made.places.values())[:3] == ["", "all[0]", "all[1]"]
    anonymous = parse('did "Page Viewed" including anonymous')
    assert tree.built(tree.of(anonymous)).node == anonymous


def test_an_unfinished_tree_is_an_error_and_never_everybody():
    made = tree.built(tree.empty())
    assert made.node is None
    assert [error.code for error in made.errors.values()] == ["incomplete_condition"]
    half = tree.added(tree.of(parse("plan is set")), 0, tree.Group(-1))
    half = tree.added(half, half.root.id, tree.Group(-1))
    assert tree.built(half).node is None
    assert list(tree.built(half).errors) == [-1]


def test_parts_are_moved_wrapped_turned_and_removed():
    start = tree.of(parse('plan is "a" and plan is "b" and plan is "c"'))
    first, second, _ = start.root.parts
    assert said(tree.moved(start, first.id, 1)) == 'plan is "b" and plan is "a" and plan is "c"'
    assert said(tree.moved(start, first.id, -1)) == said(start)
    assert said(tree.turned(start, second.id)) == 'plan is "a" and not plan is "b" and plan is "c"'
    assert said(tree.joined(start, start.root.id, "none")) == 'none of (plan is "a", plan is "b", plan is "c")'
    assert said(tree.removed(start, second.id)) == 'plan is "a" and plan is "c"'
    wrapped = tree.wrapped(start, second.id)
    group = wrapped.root.parts[1]
    both = tree.added(wrapped, group.id, tree.row('country is "US"'))
    assert said(both) == 'plan is "a" and (plan is "b" or country is "US") and plan is "c"'
    assert said(tree.moved(both, second.id, -1)) == 'plan is "a" and plan is "b" and country is "US" and plan is "c"'


def said(which: tree.Tree) -> str:
    node = tree.built(which).node
    assert node is not None
    return node.english()
