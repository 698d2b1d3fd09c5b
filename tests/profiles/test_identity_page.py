"""The page on identity names what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.ingest.keys import KINDS
from shoal.profiles.matching import ENOUGH_FACES, MOST_IN_A_BLOCK
from shoal.profiles.rules import SHARED_REASONS, Rules

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "concepts" / "identity.md").read_text()


@pytest.mark.parametrize("word", [*KINDS, *SHARED_REASONS])
def test_every_kind_and_reason_is_explained(word):
    assert f"`{word}`" in PAGE


def test_the_limits_are_those_of_the_rules():
    rules = Rules()
    assert f"more than {rules.emails_per_user} addresses" in PAGE
    assert f"more than {rules.neighbours:,} other keys" in PAGE
    assert f"more than {rules.phones_per_key} numbers" in PAGE
    assert f"more than {MOST_IN_A_BLOCK} people" in PAGE
    assert f"from {ENOUGH_FACES} people on" in PAGE
