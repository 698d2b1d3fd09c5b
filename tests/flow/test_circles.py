"""Segment files that lead to a circle, or to nothing, stop only the questions that reach them."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.flow import asking, people
from shoal.flow.analysing import analyse
from shoal.flow.applying import decide
from shoal.flow.importing import import_paths
from shoal.flow.linting import lint_what

NOW = parse_instant("2026-02-01")
FILES = {
    "one": "in segment two",
    "two": "in segment one",
    "near": "in segment one",
    "lost": "in segment gone",
    "fine": 'plan is "trial"',
}


@pytest.fixture
def filled(sqlite, write, shop):
    import_paths(sqlite, [write("events.jsonl", shop)])
    for name, sentence in FILES.items():
        (sqlite.home.segments / f"{name}.yaml").write_text(f"name: {name}\nwhen: {sentence}\n")
    return sqlite


def test_questions_that_do_not_reach_the_circle_are_answered(filled):
    bought = asking.count(filled, 'did "Order Completed"', NOW).counts.members
    assert bought == 10
    assert asking.count(filled, "fine", NOW).counts.members == asking.members(filled, "in segment fine", NOW).num_rows
    assert {"one", "two", "near", "lost"}.isdisjoint(people.profile(filled, "u7", NOW).segments)
    assert "fine" in people.profile(filled, "u7", NOW).segments
    assert {each.name for each in analyse(filled, NOW).segments} >= {"fine"}


@pytest.mark.parametrize("reading", ["sql", "live", "oracle"])
@pytest.mark.parametrize("sentence", ["one", "near", "in segment two", 'plan is "trial" and not in segment near'])
def test_questions_that_reach_it_name_it(filled, sentence, reading):
    with pytest.raises(UserError) as caught:
        asking.members(filled, sentence, NOW, reading)
    assert caught.value.code == "segment_cycle"
    assert "one → two → one" in caught.value.message or "two → one → two" in caught.value.message


def test_a_question_that_leads_to_nothing_says_where(filled):
    with pytest.raises(UserError) as caught:
        asking.count(filled, "lost", NOW)
    assert (caught.value.code, "'gone'" in caught.value.message) == ("unknown_segment", True)


def test_a_plan_and_a_lint_of_the_folder_name_the_circle(filled):
    (filled.home.segments / "lost.yaml").unlink()
    for ask in (decide, lint_what):
        with pytest.raises(UserError) as caught:
            ask(filled)
        assert (caught.value.code, caught.value.where) == ("segment_cycle", "near.yaml")
        assert "one → two → one" in caught.value.message


def test_a_lint_of_a_sentence_is_answered(filled):
    assert [each.check for each in lint_what(filled, 'country is "DE"', NOW)] != []
