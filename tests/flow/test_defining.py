"""What is told of a single word: a segment that is not there, or a sentence that has only begun."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.flow.defining import define, known


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
