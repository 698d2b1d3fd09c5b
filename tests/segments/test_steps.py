"""What applying would do, decided from declared segments and versions alone."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import versions
from shoal.segments.files import Goal, Segment
from shoal.segments.sentence import parse
from shoal.segments.steps import decide, made, same_meaning, word_diff


def world(**sentences):
    return {name: Segment(name, parse(sentence)) for name, sentence in sentences.items()}


def applied(*worlds):
    """The versions after applying one world after the other."""
    stored = ()
    for at, each in enumerate(worlds):
        stored += made(decide(each, stored), "ana", Instant(at))
    return stored


def changes(declared, stored):
    return {step.name: step.change for step in decide(declared, stored)}


def test_each_change_is_told_apart():
    stored = applied(world(kept="a is set", gone="a is set", other="a is set", named="a is set"))
    now = world(kept="a is set", other="b is set", fresh="a is set")
    now["named"] = Segment("named", parse("a is set"), title="A title")
    assert changes(now, stored) == {
        "kept": "unchanged",
        "gone": "deleted",
        "other": "meaning",
        "named": "label",
        "fresh": "new",
    }
    assert {step.name: step.fields for step in decide(now, stored)}["named"] == ("title",)


def test_versions_count_on_after_a_deletion():
    stored = applied(world(a="x is set"), {}, world(a="x is set"))
    assert [(each.number, each.change) for each in stored] == [(1, "new"), (2, "deleted"), (3, "new")]
    assert versions.current(stored)["a"].number == 3
    assert versions.current(stored, Instant(1)) == {}
    assert versions.current(stored, Instant(0))["a"].number == 1


def test_other_words_for_the_same_are_a_label():
    stored = applied(world(a='plan is not "paid"'))
    assert changes(world(a='not plan is "paid"'), stored) == {"a": "label"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("flag is true", "flag is 1"),
        ('did "Visit"', 'did "Visit" including anonymous'),
        ('did "Visit" in the last 7 days', 'did "Visit" in the last 8 days'),
    ],
)
def test_another_meaning_is_never_taken_for_the_same(one, other):
    assert not same_meaning(parse(one), parse(other))


def test_a_change_of_meaning_goes_on_to_those_that_refer_to_it():
    stored = applied(world(a="x is set", b='in segment "a"', c='not in segment "b"', d="y is set"))
    steps = {
        step.name: step
        for step in decide(world(a="z is set", b='in segment "a"', c='not in segment "b"', d="y is set"), stored)
    }
    assert {name: (step.change, step.through) for name, step in steps.items()} == {
        "a": ("meaning", ()),
        "b": ("meaning", ("a",)),
        "c": ("meaning", ("b",)),
        "d": ("unchanged", ()),
    }
    assert steps["c"].uses == (("b", 2),)


def test_a_label_stays_with_its_segment():
    stored = applied(world(a="x is set", b='in segment "a"'))
    now = world(b='in segment "a"')
    now["a"] = Segment("a", parse("x is set"), goal=Goal("m", "5 %", "30d"))
    assert changes(now, stored) == {"a": "label", "b": "unchanged"}


def test_a_version_keeps_what_it_refers_to():
    stored = applied(world(a="x is set", b='in segment "a"'), world(a="y is set", b='in segment "a"'))
    for number, sentence in ((1, "x is set"), (2, "y is set")):
        pinned = versions.pinned(versions.of(stored, "b", number), stored)
        assert pinned == {"a": parse(sentence)}


def test_what_another_refers_to_is_not_deleted():
    stored = applied(world(a="x is set", b='in segment "a"'))
    with pytest.raises(UserError) as caught:
        decide(world(b='in segment "a"'), stored)
    assert (caught.value.code, caught.value.where) == ("segment_in_use", "b")
    assert changes({}, stored) == {"a": "deleted", "b": "deleted"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "a is set", "{+a is set+}"),
        ("a is set", "", "[-a is set-]"),
        ("all of (a is set)", "all of (b is set)", "all of ([-a-]{+b+} is set)"),
        ('did "X Y"', 'did "X Z"', 'did [-"X Y"-]{+"X Z"+}'),
        ("same", "same", "same"),
    ],
)
def test_the_difference_is_told_word_by_word(old, new, told):
    assert word_diff(old, new) == told


def test_a_deletion_has_no_segment():
    deletion = applied(world(a="x is set"), {})[-1]
    with pytest.raises(UserError) as caught:
        deletion.segment()
    assert caught.value.code == "deleted_segment"
    with pytest.raises(UserError) as caught:
        versions.of((deletion,), "a", 9)
    assert caught.value.code == "unknown_version"
