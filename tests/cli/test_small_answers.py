"""Small answers: the version, none to review, and errors that name what is wanted."""

from __future__ import annotations

import json
from importlib import metadata

import pytest


def test_the_version(shoal):
    told = shoal("--version")
    assert (told.status, told.out) == (0, f"shoal {metadata.version('shoal')}\n")


def test_no_duplicates_are_said_to_be_none(shoal, shop):
    told = shoal("duplicates")
    assert (told.status, told.out) == (0, "There are no probable duplicates to review.\n")


@pytest.mark.parametrize("sentence", ["can receive email", "opted in to email", "ever opted in to sms"])
def test_a_purpose_is_wanted(shoal, shop, sentence):
    told = shoal("count", sentence)
    assert told.status == 2
    assert "The purpose is missing." in told.err
    assert "email marketing" in told.err


def test_a_property_with_a_dot_in_its_name(shoal, shop):
    row = {"type": "track", "userId": "u1", "event": "Rated", "timestamp": "2026-01-09", "properties": {"a.b": 1}}
    (shop / "rated.jsonl").write_text(json.dumps({"messageId": "r1", **row}) + "\n")
    assert shoal("import", "rated.jsonl").status == 0
    told = shoal("count", 'did "Rated" where "a.b" is 1')
    assert told.status == 2
    assert r'in quotes: "a\\.b".' in told.err
    assert shoal("count", r'did "Rated" where "a\\.b" is 1', as_json=True).document["count"] == 1
