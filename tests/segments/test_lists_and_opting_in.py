"""Lists, imports, how consent came about, and who is suppressed."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.segments import from_data, parse
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.oracle import is_member

NOW = parse_instant("2026-06-10")


def told(*events: tuple[str, int, dict[str, object]], lists: object = None) -> History:
    traits = () if lists is None else (TraitStatement("lists", lists, Instant(NOW - 9), NOW, 99),)  # type: ignore[arg-type]
    return History(
        events=tuple(Event(n, name, Instant(NOW - ago), told) for n, (name, ago, told) in enumerate(events)),  # type: ignore[arg-type]
        traits=traits,
    )


NEWS = {"list_name": "News"}


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (told(("List Joined", 5, NEWS)), True),
        (told(("List Joined", 5, {"list_id": "News"})), True),
        (told(("List Joined", 5, {"list_name": "Other"})), False),
        (told(("List Joined", 5, NEWS), ("List Left", 3, NEWS)), False),
        (told(("List Joined", 5, NEWS), ("List Left", 3, {"list_name": "Other"})), True),
        (told(("List Left", 5, NEWS), ("List Joined", 3, NEWS)), True),
        (told(("List Left", 5, NEWS), ("List Joined", 5, NEWS)), False),
        (told(lists=["News"]), True),
        (told(lists="News"), True),
        (told(lists="Newsletter"), False),
        (told(("List Left", 5, NEWS), lists=["News"]), False),
        (told(), False),
    ],
)
def test_who_is_on_a_list(person, expected):
    assert is_member(parse('on list "News"'), person, NOW) is expected


def test_a_list_as_of_an_earlier_instant():
    person = told(("List Joined", 5, NEWS), ("List Left", 3, NEWS))
    assert [is_member(parse('on list "News"'), person, Instant(NOW - ago)) for ago in (6, 5, 4, 3)] == [
        *(False, True, True, False)
    ]


def test_whom_a_source_told_of():
    event = History(events=(Event(1, "A", Instant(NOW - 5), {}, "shop"),))
    trait = History(traits=(TraitStatement("a", None, Instant(NOW - 5), NOW, 1, "shop"),))
    node = parse("imported from shop")
    assert is_member(node, event, NOW)
    assert is_member(node, trait, NOW)
    assert not is_member(node, event, Instant(NOW - 6))
    assert not is_member(parse("imported from crm"), event, NOW)


def said(*statements: tuple[str, int, str | None]) -> History:
    """States so many milliseconds ago, with a date, by a method."""
    return History(
        consents=tuple(
            ConsentStatement("email", "marketing", state, Instant(NOW - ago), NOW, number, "crm", method)
            for number, (state, ago, method) in enumerate(statements)
        )
    )


@pytest.mark.parametrize(
    ("person", "double", "ever"),
    [
        (said(("granted", 9, "double_opt_in")), True, True),
        (said(("granted", 9, "double_opt_in"), ("granted", 5, None)), True, True),
        (said(("granted", 9, "double_opt_in"), ("granted", 5, "form")), False, True),
        (said(("granted", 9, "double_opt_in"), ("denied", 7, None), ("granted", 5, None)), False, True),
        (said(("granted", 9, "double_opt_in"), ("denied", 7, None)), False, True),
        (said(("pending", 9, "double_opt_in")), False, False),
        (said(("denied", 9, None)), False, False),
        (said(), False, False),
    ],
)
def test_how_consent_came_about(person, double, ever):
    assert is_member(parse('opted in to email marketing by "double_opt_in"'), person, NOW) is double
    assert is_member(parse("ever opted in to email marketing"), person, NOW) is ever
    assert is_member(parse("never opted in to email marketing"), person, NOW) is not ever


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (told(("Email Bounced", 5, {"bounce_type": "Hard"})), True),
        (told(("Email Bounced", 5, {"bounce_type": "hard bounce"})), True),
        (told(("Email Bounced", 5, {"bounce_type": "HARD-BOUNCE"})), True),
        (told(("Email Bounced", 5, {"bounce_type": "HardBounce"})), True),
        (told(("Email Bounced", 5, {"bounce_type": "soft bounce"})), False),
        (told(("Email Bounced", 5, {"bounce_type": "Soft"})), False),
        (told(("Email Bounced", 5, {})), False),
        (told(("Email Marked as Spam", 5, {})), True),
        (said(("denied", 9, "cleaned")), True),
        (said(("denied", 9, None)), False),
        (said(("denied", 9, "suppressed"), ("granted", 5, None)), False),
    ],
)
def test_who_is_suppressed(person, expected):
    assert is_member(parse("is suppressed for email"), person, NOW) is expected


def test_a_bounced_mail_says_nothing_of_another_channel():
    assert not is_member(parse("is suppressed for sms"), told(("Email Marked as Spam", 5, {})), NOW)


@pytest.mark.parametrize(
    "data", [{"on_list": ""}, {"imported_from": 5}, {"opted_in": "email"}, {"ever_opted_in": "", "by": "a"}]
)
def test_what_is_incomplete_is_told(data):
    with pytest.raises(UserError):
        from_data(data)
