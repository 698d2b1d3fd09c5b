"""Every kind says what turns it, in words."""

from __future__ import annotations

import pytest

from shoal.core.time import Duration, Instant, parse_instant
from shoal.segments import parse
from shoal.segments.counterfactual.by_time import Answers
from shoal.segments.counterfactual.least import leaf_flips
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.kinds import KINDS
from shoal.segments.nodes import Person
from shoal.segments.oracle import People

NOW = parse_instant("2026-03-29T12:00:00Z")


def day(before: float) -> Instant:
    """So many days before now."""
    return Instant(int(NOW - before * Duration.parse("1d").ms))


ANA = History(
    subscriber=7,
    events=(
        Event(1, "Order Completed", day(40), {"total": 50, "category": "tents"}),
        Event(2, "Order Completed", day(5), {"total": 70, "category": "boots"}),
        Event(3, "Email Opened", day(20)),
        Event(4, "Page Viewed", day(2), {"path": "/pricing"}),
        Event(5, "List Joined", day(60), {"list_name": "Newsletter"}, "crm"),
    ),
    traits=tuple(
        TraitStatement(name, value, day(90), day(90), place)
        for place, (name, value) in enumerate(
            {"plan": "trial", "birthday": "1990-05-01", "country": "DE", "score:churn risk": 0.2}.items(), start=10
        )
    ),
    consents=(ConsentStatement("email", "marketing", "granted", day(60), day(60), 20, "crm", "form"),),
)
BEN = History(subscriber=8, events=(Event(30, "Order Completed", day(3), {"total": 200}),) * 2)
SEGMENTS = {"buyers": parse("orders in the last 30 days")}

SAID = {
    "did": {
        "opens at least 3 times in the last 30 days": '2 more "Email Opened" by 8 April 2026, 12:00 UTC',
        "orders": 'nothing: what has happened stays, and "Order Completed" is counted for ever',
        "not visits in the last 7 days": 'no more "Page Viewed" until 3 April 2026, 12:00 UTC',
        "orders until 2026-01-01": "nothing: no event from now on is counted",
    },
    "first did, last did": {
        'first did "Order Completed" in the last 30 days': "nothing: what has happened stays",
        'last did "Order Completed" more than 30 days ago': 'no more "Order Completed" until 23 April 2026, 12:00 UTC',
        'last did "Video Watched" in the last 30 days': '1 more "Video Watched"',
    },
    "latest, first": {
        'category of the latest "Order Completed" is "tents"': '1 more "Order Completed" of which category is "tents"',
        'total of the first "Order Completed" is more than 60': "nothing: what has happened stays",
    },
    "sum, average, minimum, maximum, distinct": {
        "sum of total of orders is at least 150": (
            'sum of total of orders that is at least 150 (now 120): 1 more "Order Completed" with total 30'
        ),
        "distinct category of orders is at least 4": (
            "distinct category of orders that is at least 4 (now 2): 2 more values of category"
        ),
    },
    "regularly": {
        'did "Page Viewed" in at least 3 of the last 4 weeks': (
            '1 more "Page Viewed" in each of 2 periods of 1 week from 5 April 2026, 12:00 UTC'
        ),
    },
    "sequence": {
        'did "Order Completed" then "Product Returned" within 14 days': '1 more "Product Returned" within 14 days',
        'did "Email Opened" without "Email Opened" within 60 days then "Email Opened" in the last 14 days': (
            '1 more "Email Opened" in the last 14 days, from 8 May 2026, 12:00 UTC'
        ),
    },
    "trend": {
        "opens in the last 30 days are at most 0.5 times the 30 days before": (
            'no more "Email Opened" until 8 April 2026, 12:00 UTC'
        ),
    },
    "above average, below average": {
        "opens are above average": "others do more or less, until this is not above average",
    },
    "top, bottom": {
        "in the top 50 % by number of orders": (
            "place 2 or further down by number of orders, from the top (number 1 of 2 now)"
        ),
    },
    "trait": {
        'plan is "paid"': 'plan is "paid" (now "trial")',
        'plan is one of ("trial", "free")': 'plan is none of ("trial", "free") (now "trial")',
        "lifetime_value > 100": "lifetime_value is more than 100 (now not set)",
    },
    "has been": {
        'plan has been "paid" for at least 14 days': 'plan is "paid" (now not), and stays so for 14 days',
        'plan has been "trial" for at least 100 days': "no other plan until 8 April 2026, 12:00 UTC",
    },
    "changed": {'plan changed to "paid"': '1 more change of plan to "paid"'},
    "anniversary": {
        "anniversary of birthday is in the next 7 days": "no other birthday until 25 April 2026",
        "anniversary of joined is today": "joined stated as a date whose anniversary is today",
    },
    "country group": {"in the EU": "a country outside the EU (now DE)"},
    "radius": {"within 50 km of 52.52, 13.405": "a place within 50 km of 52.52, 13.405 (now place not known)"},
    "consent": {
        'consent to email marketing is "granted"': "no consent to email marketing",
        'consent to sms marketing is "granted"': "consent to sms marketing",
        "consent to email marketing is set": "nothing: a consent that was stated always has a state",
    },
    "opted in": {'opted in to email marketing by "double_opt_in"': "consent to email marketing, by double_opt_in"},
    "ever opted in": {"ever opted in to email marketing": "nothing: what was granted once was granted"},
    "suppressed": {
        "is suppressed for email": "a hard bounce or a complaint",
        "is suppressed for sms": "a source that says it stopped mailing them",
    },
    "can receive": {
        "can receive email marketing": "no consent to email marketing",
        "can receive sms marketing": "consent to sms marketing",
    },
    "on list": {'on list "Newsletter"': 'leaving list "Newsletter"'},
    "imported from": {
        'imported from "shop"': 'an event, a trait or a consent from "shop"',
        'imported from "crm"': "nothing: what was told stays told",
    },
    "local time": {"it is a Monday": "time alone on 30 March 2026"},
    "score": {
        'score "churn risk" >= 0.7': 'score "churn risk" is at least 0.7 (now 0.2), given by its next run',
    },
    "cluster": {'in cluster "Bargain hunters"': 'put into cluster "Bargain hunters" by the next run'},
    "experiment arm": {'in arm "B" of experiment "hat"': 'given arm "B" of experiment "hat"'},
    "random bucket": {"in random bucket 0 to 49 of 100": "nothing: the bucket of a subscriber never changes"},
    "segment": {'in segment "buyers"': "time alone on 23 April 2026, 12:00 UTC"},
}
"""For each kind that has no parts: sentences, and what turns them for Ana."""

GROUPS = {"all, any, none", "not", "including anonymous"}


def test_no_kind_slips_out():
    assert {*SAID, *GROUPS} == {kind.name for kind in KINDS}


@pytest.mark.parametrize(
    ("kind", "sentence"), [(kind, sentence) for kind, sentences in SAID.items() for sentence in sentences]
)
def test_what_turns_a_condition_is_said_in_words(kind, sentence):
    person = Person.of(ANA, NOW, SEGMENTS, People([ANA, BEN]))
    (flip,) = leaf_flips(parse(sentence), Answers(person)).values()
    assert flip.words == SAID[kind][sentence]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name in GROUPS], ids=lambda kind: kind.name)
def test_a_group_has_no_way_of_its_own(kind):
    sentence = {"not": "not orders", "including anonymous": "orders including anonymous"}
    node = parse(sentence.get(kind.name, "orders and visits"))
    assert isinstance(node, kind.node)
    assert list(node.ways(Person.of(ANA, NOW, {}, None))) == []
