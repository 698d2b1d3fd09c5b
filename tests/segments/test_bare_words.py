"""A word without quotes is no value: it would match everybody or nobody without a word."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.segments import from_data, parse

EITHER = 'if "{}" is the value, put it in quotes.'

FIXES = {
    "email is not empty": ("1:14", f"To ask whether there is a value, write email is set; {EITHER.format('empty')}"),
    "email is empty": ("1:10", f"To ask whether there is a value, write email is not set; {EITHER.format('empty')}"),
    "plan is not missing": ("1:13", f"To ask whether there is a value, write plan is set; {EITHER.format('missing')}"),
    "coupon is unset": ("1:11", f"To ask whether there is a value, write coupon is not set; {EITHER.format('unset')}"),
    "plan is not None": ("1:13", f"To ask whether there is a value, write plan is set; {EITHER.format('None')}"),
    "plan != null": ("1:9", f"To ask whether there is a value, write plan is set; {EITHER.format('null')}"),
    'trait "favourite colour" is blank': (
        "1:29",
        f'To ask whether there is a value, write trait "favourite colour" is not set; {EITHER.format("blank")}',
    ),
    'did "A" where coupon is unknown': (
        "1:25",
        f"To ask whether there is a value, write coupon is not set; {EITHER.format('unknown')}",
    ),
    "plan has not been missing for 3 days": (
        "1:19",
        f"To ask whether there is a value, write plan has been set; {EITHER.format('missing')}",
    ),
    'coupon of the latest "A" is unset': (
        "1:29",
        f"To ask whether there is a value, write is not set; {EITHER.format('unset')}",
    ),
    "country is US": ("1:12", 'Write "US" in quotes.'),
    'country is one of (\n"DE", US)': ("2:7", 'Write "US" in quotes.'),
    "path starts with pricing": ("1:18", 'Write "pricing" in quotes.'),
    'plan is "a" and tags contains empty': ("1:31", 'Write "empty" in quotes.'),
    'plan changed from trial to "paid"': ("1:19", 'Write "trial" in quotes.'),
    "consent to email marketing is granted": ("1:31", 'Write "granted" in quotes.'),
    "plan has been trial for 3 days": ("1:15", 'Write "trial" in quotes.'),
}


@pytest.mark.parametrize("sentence", FIXES)
def test_a_bare_word_is_refused(sentence):
    where, fix = FIXES[sentence]
    with pytest.raises(UserError, match="is no value without quotes") as caught:
        parse(sentence)
    assert (caught.value.code, caught.value.where, caught.value.fix) == ("bad_value", where, fix)


def test_is_none_is_no_half_of_none_of():
    with pytest.raises(UserError) as caught:
        parse("email is none")
    assert caught.value.fix == 'To ask whether there is a value, write is not set; else go on with of ("a", "b").'


@pytest.mark.parametrize("value", ['"empty"', "'empty'", "5", "-0.5", "true", "false", "TRUE"])
def test_texts_in_quotes_numbers_and_truth_are_values(value):
    assert parse(f"plan is {value}") != parse("plan is set")


def test_json_takes_every_text():
    assert from_data({"trait": "plan", "is": "empty"}) == parse('plan is "empty"')
