"""Laws of the forms of a definition: what is written is read back as the same tree."""

from __future__ import annotations

import json
from dataclasses import replace

import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.segments import (
    ContentBrief,
    Goal,
    Segment,
    SizeTarget,
    english,
    from_data,
    parse,
    read_segment,
    to_data,
    to_yaml,
)
from shoal.segments.nodes import walk
from shoal.segments.values import join_path, split_path

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
lines = names.filter(lambda text: text.strip() != "")


@settings(max_examples=400)
@given(cases.definitions(deep=12))
def test_sentences_read_back(node):
    assert parse(english(node)) == node


@settings(max_examples=300)
@given(cases.definitions(deep=12))
def test_json_reads_back(node):
    assert from_data(json.loads(json.dumps(to_data(node)))) == node


@settings(max_examples=300)
@given(names, names, names)
def test_any_name_and_text_reads_back(event, trait, value):
    written = {
        "all": [
            {"did": event, "where": [{"property": join_path((trait, value)), "is": value}]},
            {"trait": trait, "contains": value},
            {"segment": trait},
            {"consent": event, "purpose": value, "is_set": True},
        ]
    }
    node = from_data(written)
    assert parse(english(node)) == node
    assert from_data(to_data(node)) == node


@given(st.lists(names, min_size=1, max_size=4))
def test_paths_read_back(parts):
    assert split_path(join_path(tuple(parts))) == tuple(parts)


@settings(max_examples=150)
@given(
    cases.definitions(deep=4),
    st.lists(lines, min_size=8, max_size=8),
    st.lists(st.text("abc -", min_size=1).filter(str.strip), max_size=3),
    st.booleans(),
)
def test_files_read_back(node, texts, tags, full):
    segment = Segment(name="a segment", when=node, tags=tuple(tags))
    if full:
        segment = replace(
            segment,
            title=texts[0],
            goal=Goal(texts[1], texts[2], "30d"),
            size=SizeTarget(50, 500),
            content=ContentBrief(*texts[3:8]),
            owner="Ana",
            review_by="2026-05-01",
        )
    assert read_segment(to_yaml(segment), "a.yaml") == segment


@given(cases.definitions(deep=12))
def test_every_part_has_its_own_place(node):
    places = [place for place, _ in walk(node)]
    assert len(places) == len(set(places))


WORDS = 'did "A" and or not ( ) in the last 30 days at least most 2 times opens are where path is set x between 5 ago'
words = st.lists(st.sampled_from(WORDS.split(" ")), max_size=12).map(" ".join)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), words, words))
def test_whatever_is_typed_is_read_or_told(text):
    told = None
    try:
        node = parse(text)
    except UserError as error:
        told = error
    if told is None:
        assert parse(english(node)) == node
    else:
        assert all((told.code, told.where, told.fix))
