"""Patterns mean the same in Python and in DuckDB, or are refused."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.segments.patterns import compiled

REFUSED = (
    *(
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?i)a",
        r"(a)\1",
        "(?P<n>a)",
        "(a+)+",
        "(a*)*",
        "(a|b*)*",
        "a**",
        "a++",
        "*a",
        "^*",
    ),
    *(
        "a{",
        "a{2",
        "a{,2}",
        "a{3,2}",
        "a{999}",
        "(a{2}){3}",
        "a{100}b{101}",
        "[a",
        "[]",
        "[[:alpha:]]",
        "a]",
        "a}",
        "(a",
        "a)",
    ),
    *(r"\Z", r"\pL", r"\x41", "\\", r"[\S]", r"[\b]", "[z-a]", "a" * 501, "(?:a+)*"),
)


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_is_not_shared_is_refused(pattern):
    with pytest.raises(UserError) as caught:
        compiled(pattern)
    assert caught.value.code == "bad_pattern"
    assert caught.value.fix


@pytest.mark.parametrize("pattern", ["(a+)+$", "(?:a*b)*", "(a{2}){3}"])
def test_nested_repetition_is_refused_by_its_name(pattern):
    with pytest.raises(UserError) as caught:
        compiled(pattern)
    assert "Nested repetition" in str(caught.value.fix)
    assert "*, +" not in str(caught.value.fix)


PIECES = (
    *("a", "b", "é", "1", " ", "/", ".", "^", "$", "|", "a*", "b+?", "a?", "a{1,2}", "(ab)?", "(?:a|b)"),
    *("(/[a-z]+)?", "[^a]", "[a-c1]", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B", r"\.", r"\n"),
    *(r"[\d\-]", r"[\s_]", r"[^\w]", "x{0}", "-"),
)
pieces = st.sampled_from(PIECES)
texts = st.text(st.sampled_from("ab1é/ \n\v_-.c\t"), max_size=8)


@settings(max_examples=250, deadline=None)
@given(st.lists(pieces, min_size=1, max_size=5).map("".join), st.lists(texts, min_size=5, max_size=15))
def test_both_find_the_same(pattern, asked):
    try:
        found = compiled(pattern)
    except UserError:
        return
    rows = duckdb.execute(
        "SELECT regexp_matches(t, $p) FROM (SELECT unnest($t::VARCHAR[]) AS t)", {"p": pattern, "t": asked}
    )
    assert [row[0] for row in rows.fetchall()] == [found.search(text) is not None for text in asked]


def test_the_largest_pattern_compiles_in_duckdb():
    pattern = r"[^\n]{100}.{100}" + "a" * 400
    assert compiled(pattern)
    assert duckdb.execute("SELECT regexp_matches(t, $p) FROM (SELECT 'x' AS t)", {"p": pattern}).fetchall() == [
        (False,)
    ]
