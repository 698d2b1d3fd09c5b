"""The catalogue of kinds is pinned: a kind that is added has a section, tests and readings, or this fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.segments import english, from_data, parse, to_data
from shoal.segments.kinds import KINDS
from shoal.segments.operators import OPERATORS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/concepts/conditions.md").read_text(encoding="utf-8")

NAMES = (
    "did",
    "first did, last did",
    "latest, first",
    "sum, average, minimum, maximum, distinct",
    "regularly",
    "sequence",
    "trend",
    "above average, below average",
    "top, bottom",
    "trait",
    "has been",
    "changed",
    "anniversary",
    "country group",
    "radius",
    "can receive",
    "consent",
    "opted in",
    "ever opted in",
    "suppressed",
    "on list",
    "imported from",
    "local time",
    "score",
    "cluster",
    "experiment arm",
    "random bucket",
    "segment",
    "all, any, none",
    "not",
    "including anonymous",
)


def test_no_kind_slips_out():
    assert tuple(kind.name for kind in KINDS) == NAMES


def test_no_operator_slips_out():
    assert tuple(OPERATORS) == (
        *("is", "is_not", "one_of", "none_of"),
        *("contains", "not_contains", "starts_with", "ends_with", "matches"),
        *("gt", "gte", "lt", "lte", "between"),
        *("is_set", "before", "after", "within_last", "within_next", "before_ago", "after_next"),
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_has_a_section(name):
    assert f"\n## {name}\n" in PAGE


def test_every_section_is_a_kind_or_shared():
    headings = [line.removeprefix("## ") for line in PAGE.splitlines() if line.startswith("## ")]
    assert set(headings) - set(NAMES) == {
        *("Windows", "Local time and calendar days", "Comparisons", "As of an instant", "Time, truth and nulls"),
        *("Filters together", "Properties within lists"),
    }


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_is_explained(operator):
    assert f"| `{operator}` |" in PAGE


def _examples(language: str) -> list[str]:
    blocks = PAGE.split(f"```{language}\n")[1:]
    return [line for block in blocks for line in block.split("```")[0].strip().splitlines()]


@pytest.mark.parametrize("sentence", _examples("text"))
def test_sentences_of_the_page_parse(sentence):
    node = parse(sentence)
    assert parse(english(node)) == node


@pytest.mark.parametrize("written", _examples("json"))
def test_json_of_the_page_reads(written):
    import json

    data = json.loads(written)
    assert from_data(to_data(from_data(data))) == from_data(data)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_page_shows_json_of_a_kind(kind):
    section = PAGE.split(f"\n## {kind.name}\n")[1].split("\n## ")[0]
    assert all(f'"{key}"' in section for key in kind.keys)
