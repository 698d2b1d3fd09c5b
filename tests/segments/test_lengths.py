"""Lengths of time that are no whole number of the unit they are said in."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.segments import english, from_data, parse

SAID = {
    'did "A" in the last 0.5 hours': 'did "A" at least 1 time in the last 30 minutes',
    'did "A" in the last 1.5 days': 'did "A" at least 1 time in the last 36 hours',
    'did "A" between 2 and 0.5 days ago': 'did "A" at least 1 time between 2 days and 12 hours ago',
    'did "A" then "B" within 0.25 hours': 'did "A" then "B" within 15 minutes',
    "plan has been 5 for 2.5 weeks": "plan has been 5 for at least 420 hours",
    "since is within the last 0.5 days": "since is within the last 12 hours",
    "opens in each of the last 3 periods of 0.5 days": "opens in each of the last 3 periods of 12 hours",
}

REFUSED = {
    'did "A" in the last 0.3 seconds': "'0.3 seconds' is not a whole number of seconds.",
    "opens in at least 1 of the last 1.5 weeks": "1.5 weeks is not a whole number of periods.",
    "birthday is in the next 0.5 weeks": "An anniversary is counted in days.",
}


@pytest.mark.parametrize("sentence", SAID)
def test_a_fraction_is_read_as_a_whole_number_of_a_smaller_unit(sentence):
    node = parse(sentence)
    assert node == parse(SAID[sentence])
    assert parse(english(node)) == node


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_has_no_whole_number_is_refused(sentence):
    with pytest.raises(UserError) as caught:
        parse(sentence)
    assert caught.value.message == REFUSED[sentence]
    assert caught.value.fix


def test_json_takes_fractions_too():
    assert from_data({"did": "A", "when": {"last": "0.5h"}}) == parse('did "A" in the last 30 minutes')
