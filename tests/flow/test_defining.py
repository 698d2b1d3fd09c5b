"""What is told of a single word: a segment that is not there, or a sentence that has only begun."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.flow import applying
from shoal.flow.defining import define, known
from shoal.flow.starting import add_starter
from shoal.segments import english, versions
from shoal.segments.versions import Version


@pytest.mark.parametrize("word", ["did", "never", "not", "all", "trait", "DID"])
def test_a_word_that_begins_a_sentence_is_an_incomplete_condition(sqlite, word):
    with pytest.raises(UserError) as caught:
        define(word, known(sqlite))
    assert caught.value.code == "incomplete_condition"
    assert caught.value.message == f"The condition is incomplete: it ends after {word.casefold()!r}."
    assert caught.value.fix.startswith("Go on with ")


def test_any_other_word_is_a_segment_that_is_not_there(sqlite):
    with pytest.raises(UserError) as caught:
        define("at-rsk-customers", known(sqlite))
    assert (caught.value.code, caught.value.fix) == ("unknown_segment", "Did you mean 'at-risk-customers'?")


def write(opened, name, sentence):
    (opened.home.segments / "one.yaml").write_text(f"name: {name}\nwhen: {sentence}\n")


def test_no_new_segment_is_called_like_a_version(sqlite):
    write(sqlite, "buyers@1", "plan is set")
    with pytest.raises(UserError) as caught:
        applying.decide(sqlite)
    assert (caught.value.code, caught.value.where) == ("bad_name", "one.yaml: name")
    assert caught.value.fix == "Write buyers-1."
    for values, name in (({}, "repeat-buyers"), ({"category": "a"}, "category-browsers")):
        with pytest.raises(UserError) as caught:
            add_starter(sqlite, name, values, "a@b")
        assert caught.value.code == "bad_name"


def stored(name, number, definition):
    return Version(name, number, "new", "", definition, "{}", (), None, "ana", Instant(number))


def test_a_name_of_an_earlier_release_is_still_read_and_takes_no_version_away(sqlite):
    older = [
        stored("buyers", 1, '{"trait":"plan","is":"paid"}'),
        stored("buyers@1", 1, '{"trait":"plan","is":"trial"}'),
        stored("vip@now", 1, '{"trait":"plan","is":"free"}'),
    ]
    with sqlite.database.write() as connection:
        versions.add(connection, older)
    meant = {
        text: english(define(text, known(sqlite), any_name=True).node)
        for text in ("buyers@1", "buyers@1@1", "vip@now", "vip@now@1")
    }
    assert meant == {
        "buyers@1": 'plan is "paid"',
        "buyers@1@1": 'plan is "trial"',
        "vip@now": 'plan is "free"',
        "vip@now@1": 'plan is "free"',
    }
    assert [each.number for each in applying.history(sqlite, "vip@now")] == [1]


@pytest.mark.parametrize("said", ["x", "", "9", "٣", "99999999999"])
def test_a_version_that_is_not_there_is_told_with_those_that_are(sqlite, said):
    fixes = []
    for plan in ("a", "b", "c"):
        write(sqlite, "vip", f'plan is "{plan}"')
        with pytest.raises(UserError) as caught:
            define(f"vip@{said}", known(sqlite))
        assert caught.value.code == "unknown_version"
        fixes.append(caught.value.fix)
        applying.apply(sqlite, applying.decide(sqlite), actor="ana")
    assert fixes == [
        "`shoal segments` lists the segments; only what was applied has versions.",
        "It has version 1 alone.",
        "It has the versions 1 to 2.",
    ]


def test_an_address_is_no_version(sqlite):
    with pytest.raises(UserError) as caught:
        define("ana@example.org", known(sqlite))
    assert caught.value.code == "unknown_segment"
    assert english(define('email is "a@1"', known(sqlite), any_name=True).node) == 'email is "a@1"'
