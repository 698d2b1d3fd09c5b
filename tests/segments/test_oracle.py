"""What conditions mean, told as small stories around one instant."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.segments import parse
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.oracle import is_member, members

NOW = parse_instant("2026-03-29T12:00:00Z")
DAY = 86_400_000


def bought(*days_ago: float, lag: int = 0) -> History:
    """A subscriber with an order so many days ago."""
    return History(
        events=tuple(
            Event(n, "Order Completed", Instant(int(NOW - days * DAY) + lag)) for n, days in enumerate(days_ago)
        )
    )


@pytest.mark.parametrize(
    ("sentence", "lag", "holds"),
    [
        ("in the last 7 days", 0, False),
        ("in the last 7 days", 1, True),
        ("more than 7 days ago", 0, True),
        ("more than 7 days ago", 1, False),
        ("between 7 days and 1 day ago", 0, False),
        ("between 7 days and 1 day ago", 1, True),
        ("between 8 days and 7 days ago", 0, True),
        ("between 8 days and 7 days ago", 1, False),
        ("from 2026-03-22T12:00:00Z", 0, True),
        ("from 2026-03-22T12:00:00Z", -1, False),
        ("until 2026-03-22T12:00:00Z", 0, False),
        ("until 2026-03-22T12:00:00Z", -1, True),
    ],
)
def test_the_edges_of_a_window(sentence, lag, holds):
    assert is_member(parse(f'did "Order Completed" {sentence}'), bought(7, lag=lag), NOW) is holds


def test_now_belongs_to_a_window_and_later_does_not():
    node = parse('did "Order Completed" in the last 1 day')
    assert is_member(node, bought(0), NOW)
    assert not is_member(node, bought(0, lag=1), NOW)
    assert is_member(node, bought(0, lag=1), Instant(NOW + 1))


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("at most 1 time", {0, 1}),
        ("exactly 0 times", {0}),
        ("between 0 and 2 times", {0, 1, 2}),
        ("between 1 and 2 times", {1, 2}),
        ("at least 2 times", {2, 3}),
        ("fewer than 2 times", {0, 1}),
        ("more than 2 times", {3}),
        ("", {1, 2, 3}),
    ],
)
def test_numbers_count_people_with_none(sentence, numbers):
    node = parse(f'did "Order Completed" {sentence}')
    assert {n for n in range(4) if is_member(node, bought(*range(n)), NOW)} == numbers


def test_an_unset_trait_is_false_and_its_opposite_true():
    nobody_knows = History()
    for sentence in (
        'country is "US"',
        "age > 5",
        "age is between 0 and 9",
        "since is before 2030-01-01",
        "country is set",
    ):
        assert not is_member(parse(sentence), nobody_knows, NOW), sentence
        assert is_member(parse(f"not {sentence}"), nobody_knows, NOW), sentence
    for sentence in (
        'country is not "US"',
        'tags does not contain "a"',
        'plan is none of ("a", "b")',
        "plan is not set",
    ):
        assert is_member(parse(sentence), nobody_knows, NOW), sentence


def test_a_trait_keeps_its_history():
    def stated(value, days_ago, late=0, number=0):
        at = Instant(NOW - days_ago * DAY)
        return TraitStatement("plan", value, at, Instant(at + late), number)

    person = History(traits=(stated("paid", 5), stated("trial", 20), stated(None, 1)))
    is_paid = parse('plan is "paid"')
    assert [is_member(is_paid, person, Instant(NOW - days * DAY)) for days in (30, 20, 5, 2, 1, 0)] == [
        *(False, False, True),
        *(True, False, False),
    ]
    tied = History(
        traits=(stated("a", 1, late=5, number=1), stated("b", 1, late=9, number=0), stated("c", 1, number=7))
    )
    assert is_member(parse('plan is "c"'), tied, NOW)


def test_consent_is_the_latest_statement_of_its_channel_and_purpose():
    person = History(
        consents=(
            ConsentStatement("email", "marketing", "granted", Instant(NOW - 9), NOW, 1, "crm"),
            ConsentStatement("email", "marketing", "denied", Instant(NOW - 5), NOW, 2, "crm"),
            ConsentStatement("email", "service", "granted", Instant(NOW - 1), NOW, 3, "crm"),
        )
    )
    can = parse("can receive email marketing")
    assert is_member(can, person, Instant(NOW - 6))
    assert not is_member(can, person, NOW)
    assert is_member(parse('consent to sms marketing is not "granted"'), person, NOW)


def test_consent_without_a_date_lifts_no_refusal():
    refused = ConsentStatement("email", "marketing", "denied", Instant(NOW - 9), Instant(NOW - 8), 1, "crm")
    seen = ConsentStatement("email", "marketing", "granted", Instant(NOW - 5), Instant(NOW - 5), 2, "crm")
    dated = ConsentStatement("email", "marketing", "granted", Instant(NOW - 4), Instant(NOW - 3), 3, "shop")
    can = parse("can receive email marketing")
    assert not is_member(can, History(consents=(refused, seen)), NOW)
    assert is_member(can, History(consents=(refused, seen, dated)), NOW)
    assert not is_member(can, History(consents=(refused, seen, dated)), Instant(NOW - 5))


def test_machines_are_left_out_only_where_the_sentence_says_so():
    person = History(events=(Event(1, "Email Opened", NOW, {"machine": True}),))
    assert is_member(parse("opens at least 1 time"), person, NOW)
    assert not is_member(parse("opens by a person at least 1 time"), person, NOW)


def test_first_and_last_look_at_one_event_only():
    person = bought(90, 10)
    assert is_member(parse('first did "Order Completed" more than 30 days ago'), person, NOW)
    assert not is_member(parse('first did "Order Completed" in the last 30 days'), person, NOW)
    assert is_member(parse('last did "Order Completed" in the last 30 days'), person, NOW)
    assert not is_member(parse('last did "Order Completed" more than 30 days ago'), person, NOW)
    assert not is_member(parse('last did "Order Completed" more than 30 days ago'), History(), NOW)


def test_a_trend_is_plain_arithmetic():
    halved = parse("orders in the last 30 days are at most half of the 30 days before")
    assert is_member(halved, bought(1, 31, 32), NOW)
    assert not is_member(halved, bought(1, 2, 31, 32, 33), NOW)
    assert is_member(halved, History(), NOW)


def test_an_average_is_of_all_identified_subscribers():
    people = [
        History(1, events=tuple(Event(n, "Email Opened", NOW) for n in range(3))),
        History(2, events=(Event(4, "Email Opened", NOW), Event(5, "Email Delivered", NOW))),
        History(3),
        History(4, identified=False, events=tuple(Event(n + 9, "Email Opened", NOW) for n in range(50))),
    ]
    assert members(parse("opens are above average"), people, NOW) == [1]
    assert members(parse("opens are below average"), people, NOW) == [2, 3]
    assert members(parse('opens per "Email Delivered" are below average'), people, NOW) == [2]


def test_anonymous_visitors_are_members_only_where_the_definition_says_so():
    visitor = History(identified=False, events=(Event(1, "Page Viewed", NOW),))
    assert not is_member(parse("visits at least 1 time"), visitor, NOW)
    assert is_member(parse("visits at least 1 time including anonymous"), visitor, NOW)
    segments = {"seen": parse("visits at least 1 time")}
    assert not is_member(parse('in segment "seen" including anonymous'), visitor, NOW, segments)


def test_segments_in_a_circle_are_refused_with_the_way_round():
    segments = {name: parse(f'in segment "{other}"') for name, other in (("a", "b"), ("b", "c"), ("c", "a"))}
    with pytest.raises(UserError) as caught:
        is_member(parse("in segment a"), History(), NOW, segments)
    assert caught.value.code == "segment_cycle"
    assert "a → b → c → a" in caught.value.message


def test_an_unknown_segment_is_told_its_nearest():
    with pytest.raises(UserError) as caught:
        is_member(parse("in segment at-rsk"), History(), NOW, {"at-risk": parse("a is set")})
    assert (caught.value.code, caught.value.fix) == ("unknown_segment", "Did you mean 'at-risk'?")
