"""What somebody is told whose sentence or JSON can't be read: what is wrong, in words, and what to write."""

from __future__ import annotations

import json

import pytest

from shoal.core.errors import UserError
from shoal.segments import from_data, parse

VALUE = "a text in double quotes, a number, true or false"
CONDITION = 'a condition such as did "Order Completed" or plan is "trial"'
IS_SET = "To ask whether there is a value, use is_set with true or false."
LARGE = "Write a number of at most 64 bits."

SENTENCES = {
    "did": (
        "The condition is incomplete: it ends after 'did'.",
        'Go on with the name of an event in double quotes, such as "Order Completed".',
    ),
    "": ("The condition is empty.", f"Write {CONDITION}."),
    'did "X" and': ("The condition is incomplete: it ends after 'and'.", f"Go on with {CONDITION}, or with (."),
    "not": ("The condition is incomplete: it ends after 'not'.", f"Go on with {CONDITION}, or with (."),
    '(email is "ana@example.org"': ("The condition is incomplete.", "Go on with )."),
    "plan is": (
        "The condition is incomplete: it ends after 'is'.",
        f"Go on with {VALUE}, or with after, at least, at most, before, between, less than, more than, none of, not, "
        "one of, set or within.",
    ),
    "plan is not": ("The condition is incomplete: it ends after 'not'.", f"Go on with {VALUE}, or with set."),
    'did "X" at': ("The condition is incomplete: it ends after 'at'.", "Go on with least or most."),
    "can receive": ("The condition is incomplete: it ends after 'receive'.", "Go on with a name."),
    "plan is 1e400": ("1e400 is too large a number.", LARGE),
    "plan < -1e400": ("-1e400 is too large a number.", LARGE),
    "age is 99999999999999999999": ("99999999999999999999 is too large a number.", LARGE),
    f"age is {'9' * 5_000}": (f"{'9' * 40}… is too large a number.", LARGE),
    'did "X" at least 1e400 times': ("1e400 is too large a number.", LARGE),
    "plan is null": (
        "null is no value without quotes.",
        'To ask whether there is a value, write plan is not set; if "null" is the value, put it in quotes.',
    ),
    '{"did": "X"}': (
        "This is JSON, not a sentence.",
        f"Put it into a file and write @file.json, or write {CONDITION}.",
    ),
    "plan is ! 5": ("'!' does not fit here.", f"Write {VALUE}."),
    'plan is "a': ("The text is not closed.", "Add a quote at its end."),
}

JSON = {
    '{"trait": "plan", "is": null}': ("null is no value to compare with.", IS_SET),
    '{"trait": "plan", "is_not": null}': ("null is no value to compare with.", IS_SET),
    '{"consent": "email", "is": null}': ("null is no value to compare with.", IS_SET),
    '{"trait": "plan", "one_of": ["a", null]}': ("null is no value to compare with.", IS_SET),
    '{"trait": "plan", "is": ["a"]}': (
        "A list is not one value.",
        "Write a text, a number, true or false; for several values use one_of.",
    ),
    '{"trait": "plan", "is": {"a": 1}}': ("An object is not one value.", "Write a text, a number, true or false."),
    '{"trait": "age", "is": 1e400}': ("The number is too large.", LARGE),
    '{"trait": "age", "gt": -1e400}': ("The number is too large.", LARGE),
    '{"trait": "age", "gt": NaN}': ("NaN is not a number.", "Write a number such as 5 or 0.5, without quotes."),
    '{"trait": "age", "gt": null}': ("null is not a number.", "Write a number such as 5 or 0.5, without quotes."),
    '{"trait": "age", "gt": "5"}': ('"5" is not a number.', "Write a number such as 5 or 0.5, without quotes."),
    '{"trait": "age", "between": [1, null]}': (
        "null is not a number.",
        "Write a number such as 5 or 0.5, without quotes.",
    ),
    '{"trait": "a", "one_of": null}': ("null is not a list.", 'Write a list: ["a", "b"].'),
    '{"trait": "a", "starts_with": true}': ("true is not a text.", 'Write it in double quotes: "…".'),
    '{"trait": "a", "is_set": null}': ("null is neither true nor false.", "Write true or false."),
    '{"trait": "a", "before": null}': (
        "null is not a date or time.",
        "Write ISO 8601: 2026-03-01 or 2026-03-01T09:30:00Z.",
    ),
    '{"trait": "a", "within_last": []}': ("A list is not a length of time.", 'Write for example "48h" or "7d".'),
    '{"did": "X", "times": {"at_least": 1e400}}': (
        "A number too large is not a number of times.",
        "Write a whole number, 0 or more.",
    ),
    '{"did": "X", "times": {"at_least": null}}': (
        "null is not a number of times.",
        "Write a whole number, 0 or more.",
    ),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_broken_sentence(sentence):
    with pytest.raises(UserError) as caught:
        parse(sentence)
    assert (caught.value.message, caught.value.fix) == SENTENCES[sentence]


@pytest.mark.parametrize("text", JSON)
def test_broken_json(text):
    with pytest.raises(UserError) as caught:
        from_data(json.loads(text))
    assert (caught.value.message, caught.value.fix) == JSON[text]


@pytest.mark.parametrize("broken", [*SENTENCES, *JSON])
def test_no_word_of_python_is_shown(broken):
    with pytest.raises(UserError) as caught:
        parse(broken) if broken in SENTENCES else from_data(json.loads(broken))
    told = f"{caught.value.message} {caught.value.fix}"
    assert not {"None", "True", "False", "inf", "nan"} & set(told.replace(".", " ").split())


def test_null_in_quotes_is_a_text():
    assert parse('plan is "null"').to_data() == {"trait": "plan", "is": "null"}
