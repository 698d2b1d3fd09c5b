"""Segment files are read strictly, and the starter library is complete."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.segments import english, load_segments, read_segment, starters, to_yaml
from shoal.segments.files import Goal
from shoal.segments.strict_yaml import read_yaml, write_yaml

BROKEN = {
    "name: a": ("incomplete_segment", "a.yaml: when"),
    "when: a is set": ("incomplete_segment", "a.yaml: name"),
    "- a": ("incomplete_segment", "a.yaml"),
    "": ("incomplete_segment", "a.yaml"),
    "name: a\nwhen: did": ("incomplete_condition", "a.yaml: when 1:4"),
    "name: a\nwhen: {did: }": ("incomplete_condition", "a.yaml: when $.did"),
    "name: a\nwhen: {all: [{trait: plan, is: [1]}]}": ("bad_value", "a.yaml: when $.all[0].is"),
    "name: a\nwhen: a is set\nowners: x": ("unknown_key", "a.yaml: owners"),
    "name: a\nwhen: a is set\ngoal: more": ("incomplete_segment", "a.yaml: goal"),
    "name: a\nwhen: a is set\ngoal: {metric: m, target: t, by: ''}": ("incomplete_segment", "a.yaml: goal.by"),
    "name: a\nwhen: a is set\nsize: {at_least: 5, at_most: 1}": ("bad_value", "a.yaml"),
    "name: a\nwhen: a is set\nreview_by: soon": ("bad_instant", "a.yaml"),
    "name: a\nwhen: a is set\ntags: x": ("bad_value", "a.yaml: tags"),
    "name: ' a'\nwhen: a is set": ("bad_name", "a.yaml"),
    "name: a@1\nwhen: a is set": ("bad_name", "a.yaml: name"),
    "name: '@a'\nwhen: a is set": ("bad_name", "a.yaml: name"),
    "name: a/b\nwhen: a is set": ("bad_name", "a.yaml: name"),
    "name: a\\b\nwhen: a is set": ("bad_name", "a.yaml: name"),
    "name: ..\nwhen: a is set": ("bad_name", "a.yaml: name"),
    "name: '.'\nwhen: a is set": ("bad_name", "a.yaml: name"),
    "name: a\nname: b": ("bad_yaml", "a.yaml:2:1"),
    "name: [a": ("bad_yaml", "a.yaml:1:9"),
    "a: &x [1]\nb: *x": ("bad_yaml", "a.yaml:2:6"),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_told(text):
    with pytest.raises(UserError) as caught:
        read_segment(text, "a.yaml")
    assert (caught.value.code, caught.value.where) == BROKEN[text]
    assert caught.value.fix


def test_yaml_has_no_surprises():
    text = "country: NO\nday: 2026-01-01\ntime: 12:30\nnumber: 010\nflag: true\nnone: null\nfloat: 1e3"
    assert read_yaml(text, "a") == {
        "country": "NO",
        "day": "2026-01-01",
        "time": "12:30",
        "number": "010",
        "flag": True,
        "none": None,
        "float": 1000.0,
    }


def test_a_definition_may_be_a_tree_or_a_sentence():
    tree = """
name: a
when:
  all:
    - did: Order Completed
      when: {from: 2026-01-01}
    - {trait: country, is: NO}
"""
    sentence = 'name: a\nwhen: did "Order Completed" from 2026-01-01 and country is "NO"'
    assert read_segment(tree, "a.yaml") == read_segment(sentence, "a.yaml")


def test_a_folder_of_segments(tmp_path):
    (tmp_path / "b.yml").write_text("name: b\nwhen: in segment a")
    (tmp_path / "a.yaml").write_text("name: a\nwhen: plan is set")
    (tmp_path / "notes.txt").write_text("not a segment")
    assert list(load_segments(tmp_path)) == ["a", "b"]
    (tmp_path / "c.yaml").write_text("name: a\nwhen: plan is set")
    _refused(tmp_path, "duplicate_segment", "c.yaml")
    (tmp_path / "c.yaml").write_text("name: c\nwhen: in segment x")
    _refused(tmp_path, "unknown_segment", "c.yaml")
    (tmp_path / "c.yaml").write_text("name: c\nwhen: in segment c")
    _refused(tmp_path, "segment_cycle", "c.yaml")
    (tmp_path / "c.yaml").write_bytes(b"name: \xff")
    _refused(tmp_path, "bad_yaml", "c.yaml")
    with pytest.raises(UserError, match="no such folder"):
        load_segments(tmp_path / "missing")


def _refused(folder, code, where):
    with pytest.raises(UserError) as caught:
        load_segments(folder)
    assert (caught.value.code, caught.value.where) == (code, where)


@pytest.mark.parametrize("segment", starters().values(), ids=lambda segment: segment.name)
def test_a_starter_is_complete(segment):
    assert segment.title
    assert segment.goal
    assert segment.content
    assert segment.size
    assert segment.tags
    assert read_segment(to_yaml(segment), "a.yaml") == segment


def test_the_starters_of_the_guide_compute_their_words():
    found = starters()
    assert len(found) >= 8
    assert 'per "Email Delivered" in the last 30 days are above average' in english(found["engaged-not-purchased"].when)
    assert "at most 0.5 times the 30 days before" in english(found["at-risk-customers"].when)
    assert found["high-intent-non-converters"].size.at_most == 500


@pytest.mark.parametrize("by", ["soon", "30 apples", "2026-13-01", ""])
def test_a_goal_needs_a_deadline(by: str) -> None:
    with pytest.raises(UserError) as error:
        Goal("open rate", "25 %", by)
    assert error.value.code == "bad_deadline"


@pytest.mark.parametrize("text", ["0E0", "1e5", "-0", "12", "1.50", "true", "null", "~", "", "2026-01-01", "no"])
def test_texts_that_look_like_values_stay_texts(text: str) -> None:
    assert read_yaml(write_yaml({"title": text}), "a.yaml") == {"title": text}
