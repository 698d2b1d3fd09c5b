"""Sentences of the design and the interface, and what a broken one is told."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.segments.sentence import english, grammar, parse
from shoal.segments.wording import WORDS

SENTENCES = {
    'did "Product Viewed" where path starts with "/pricing" at least 1 time in the last 7 days\n'
    '    and not did "Order Completed" in the last 7 days': {
        "all": [
            {
                "did": "Product Viewed",
                "where": [{"property": "path", "starts_with": "/pricing"}],
                "when": {"last": "7d"},
            },
            {"not": {"did": "Order Completed", "when": {"last": "7d"}}},
        ]
    },
    'did "Order Completed" and opens in the last 30 days are at most 0.5 times the 30 days before': {
        "all": [{"did": "Order Completed"}, {"trend": "Email Opened", "last": "30d", "at_most": 0.5}]
    },
    "orders in the last 4 weeks are more than half of the 4 weeks before": {
        "trend": "Order Completed",
        "last": "4w",
        "more_than": 0.5,
    },
    "plan is 'trial'": {"trait": "plan", "is": "trial"},
    'country is not "US"': {"trait": "country", "is_not": "US"},
    "Country IS ONE OF (\"US\", 'DE', 5, true)": {"trait": "Country", "one_of": ["US", "DE", 5, True]},
    "age > 30 or age >= 31 or age < 2 or age <= 1": {
        "any": [
            {"trait": "age", "gt": 30},
            {"trait": "age", "gte": 31},
            {"trait": "age", "lt": 2},
            {"trait": "age", "lte": 1},
        ]
    },
    'never did "Order Completed" in the last day': {
        "did": "Order Completed",
        "times": {"exactly": 0},
        "when": {"last": "1d"},
    },
    'did "Checkout *" fewer than 3 times between 60 and 30 days ago': {
        "did": "Checkout *",
        "times": {"at_most": 2},
        "when": {"between_ago": ["60d", "30d"]},
    },
    'did "X" at least once since 2026-03-01': {"did": "X", "when": {"from": "2026-03-01T00:00:00Z"}},
    'did "X" twice more than 2w ago': {"did": "X", "times": {"exactly": 2}, "when": {"before_ago": "2w"}},
    "clicks by a person at least 2 times in the last 48h": {
        "did": "Email Link Clicked",
        "by_person": True,
        "times": {"at_least": 2},
        "when": {"last": "48h"},
    },
    'did "A" where shipping.country is "DE" and where total is between 1 and 5.5 and b is set': {
        "all": [
            {
                "did": "A",
                "where": [{"property": "shipping.country", "is": "DE"}, {"property": "total", "between": [1, 5.5]}],
            },
            {"trait": "b", "is_set": True},
        ]
    },
    'last did "Order Completed" more than 60 days ago': {"last_did": "Order Completed", "when": {"before_ago": "60d"}},
    'first did "Order Completed" in the last 30 days': {"first_did": "Order Completed", "when": {"last": "30d"}},
    'opens per "Email Delivered" in the last 30 days are above average': {
        "above_average": "Email Opened",
        "per": "Email Delivered",
        "when": {"last": "30d"},
    },
    'did "Page Viewed" less often than average in the last 30 days': {
        "below_average": "Page Viewed",
        "when": {"last": "30d"},
    },
    "can receive email marketing": {"can_receive": "email", "purpose": "marketing"},
    'consent to email marketing is "granted"': {"consent": "email", "purpose": "marketing", "is": "granted"},
    "consent to sms marketing is not set": {"consent": "sms", "purpose": "marketing", "is_set": False},
    "in segment at-risk and (renewal is before 2026-05-01 or birthday is within the last 7 days)": {
        "all": [
            {"segment": "at-risk"},
            {
                "any": [
                    {"trait": "renewal", "before": "2026-05-01T00:00:00Z"},
                    {"trait": "birthday", "within_last": "7d"},
                ]
            },
        ]
    },
    'none of (plan is set, all of (did "X")) including anonymous': {
        "including_anonymous": {"none": [{"trait": "plan", "is_set": True}, {"all": [{"did": "X"}]}]}
    },
}

BROKEN = {
    "": ("incomplete_condition", "1:1", "Write a condition such as"),
    "did": ("incomplete_condition", "1:4", "an event in double quotes"),
    'did "X" and': ("incomplete_condition", "1:12", "did"),
    "plan is": ("incomplete_condition", "1:8", "a number"),
    'segment "vip"': ("sentence_syntax", "1:9", 'Write in segment "vip".'),
    'did "X" and segment "vip"': ("sentence_syntax", "1:21", 'Write in segment "vip".'),
    "did Product Viewed": ("sentence_syntax", "1:5", "Put the name in double quotes."),
    'did "X"\nin the lst 5 days': ("sentence_syntax", "2:8", "Did you mean 'last'?"),
    'did "X" # 5': ("sentence_syntax", "1:9", "at"),
    'did "X" in the last 5 days ever': ("sentence_syntax", "1:1", "Say it once."),
    'first did "X"': ("incomplete_condition", "1:1", "Say when"),
    'did "X" at least 0 times': ("bad_times", "1:9", "at least 1 time"),
    'did "X" at least 1.5 times': ("bad_times", "1:18", "whole number"),
    'did "X" between 3 days and 5 days ago': ("bad_window", "1:9", "between 5 days and 3 days ago"),
    'did "X" in the last 0 days': ("bad_duration", "1:21", "whole number"),
    'did "X" since "tomorrow"': ("bad_instant", "1:15", "ISO 8601"),
    "opens in the last 30 days are at most 0.5 times the 7 days before": ("bad_window", "1:1", "the 30 days before"),
    "opens are at most 0.5 times the 7 days before": ("incomplete_condition", "1:1", "in the last"),
    'a matches "(?i)x"': ("bad_pattern", "1:3", "classes"),
    'a starts with ""': ("incomplete_condition", "1:3", "Write one"),
    'a is "\\q"': ("bad_value", "1:6", "backslash"),
    "a is 99999999999999999999": ("bad_value", "1:6", "64 bits"),
    'consent to email marketing is "garnted"': ("bad_value", "1:1", "Did you mean 'granted'?"),
    'did "X" where a..b is 1': ("bad_path", "1:15", "shipping.country"),
    f"{'(not ' * 300}a is 1{')' * 300}": ("too_deep", None, "segment of its own"),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_says(sentence):
    node = parse(sentence)
    assert node.to_data() == SENTENCES[sentence]
    assert parse(english(node)) == node


@pytest.mark.parametrize("sentence", BROKEN)
def test_a_broken_sentence_is_told(sentence):
    code, where, fix = BROKEN[sentence]
    with pytest.raises(UserError) as caught:
        parse(sentence)
    assert caught.value.code == code
    assert where is None or caught.value.where == where
    assert fix in caught.value.fix


def test_words_of_the_grammar_are_listed():
    keywords = {terminal.pattern.value.casefold() for terminal in grammar().terminals if terminal.pattern.type == "str"}
    assert {word for word in keywords if word.isalpha()} <= WORDS
