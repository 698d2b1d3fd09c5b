"""Other words for did: each is read as a sentence with did."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.core.errors import UserError
from shoal.segments import english, parse

PAGE = Path(__file__).resolve().parents[2] / "docs/concepts/conditions.md"


def _said() -> list[tuple[str, str]]:
    table = PAGE.read_text(encoding="utf-8").split("| said | means |")[1].split("\n\n")[0]
    rows = [line.split("`") for line in table.splitlines() if line.startswith("| `")]
    return [(row[1], row[3]) for row in rows]


def test_the_page_lists_them():
    assert len(_said()) >= 8


@pytest.mark.parametrize(("said", "means"), _said())
def test_other_words_mean_the_same(said, means):
    assert english(parse(said)) == means


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (
            "has not visited by a person for 1 day",
            'did "Page Viewed" by a person exactly 0 times in the last 1 day',
        ),
        ('has never done "Logged In" where app is "ios"', 'did "Logged In" where app is "ios" exactly 0 times'),
        ('no "Video Watched" events for 7 days', 'did "Video Watched" exactly 0 times in the last 7 days'),
        ("has ordered at least 2 times", 'did "Order Completed" at least 2 times'),
        ("opened is true", "opened is true"),
    ],
)
def test_and_some_more(said, means):
    assert english(parse(said)) == means


@pytest.mark.parametrize(
    "said",
    ["has not opened at least 2 times for 3 days", "has opened for 3 days", "has not opened for 3 days ever", "has"],
)
def test_what_makes_no_sense_is_told(said):
    with pytest.raises(UserError) as caught:
        parse(said)
    assert caught.value.fix
