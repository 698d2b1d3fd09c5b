from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.spreadsheets import harmless, restored

BEGINNINGS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]


@pytest.mark.parametrize("before", ["", " ", "  ", "\u00a0", "\u3000", "\ufeff", "\u200b", "'", " '"])
@pytest.mark.parametrize("sign", BEGINNINGS)
def test_what_may_be_a_formula_is_none_after(sign, before):
    cell = harmless(f"{before}{sign}cmd|' /C calc'!A0")
    assert cell[0] == "'"
    assert restored(cell) == f"{before}{sign}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", " ", "ana@example.org", "1+1", "a\tb", "'", "Ana = Ben"])
def test_other_texts_stay(text):
    assert harmless(text) == text


@given(st.text(alphabet=st.sampled_from([*BEGINNINGS, "'", " ", "a", "\u200b", "\x00"])))
def test_every_text_comes_back(text):
    assert restored(harmless(text)) == text
    assert harmless(text).lstrip(" ")[:1] not in BEGINNINGS
