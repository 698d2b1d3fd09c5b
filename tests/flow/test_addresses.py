"""Which address of a member is named: one that may be mailed, where there is one, and whether it may."""

from __future__ import annotations

import pytest

from shoal.core.time import parse_instant
from shoal.flow.asking import members
from shoal.flow.importing import import_paths
from shoal.flow.people import profile
from shoal.ingest.mapping import mapping_from

NOW = parse_instant("2026-03-01")
EVERYBODY = 'did "Page Viewed"'


@pytest.fixture
def two(sqlite, write, call):
    """A person with two addresses, of which the first was seen first."""
    rows = [
        call(1, "u1", "2026-01-01", "Page Viewed"),
        call(2, "u1", "2026-01-01", email="first@example.org"),
        call(3, "u1", "2026-01-02", email="second@example.org"),
    ]
    import_paths(sqlite, [write("events.jsonl", rows)])
    return sqlite


@pytest.fixture
def say(two, write):
    def state(*told: str):
        """Such as "first no 2026-01-05"; "person" names no address."""
        for number, each in enumerate(told):
            who, word, when = each.split()
            address = "" if who == "person" else f"{who}@example.org"
            mapping = {
                "source": f"form{number}",
                "keys": {"user": "id", "email": "mail"},
                "at": "when",
                "consent": [{"column": "news"}],
            }
            rows = ["id,mail,news,when", f"u1,{address},{word},{when}"]
            import_paths(two, [write(f"form{number}.csv", rows)], source=mapping_from(mapping))
        (row,) = members(two, EVERYBODY, NOW).to_pylist()
        reached = members(two, "can receive email marketing", NOW).num_rows
        return str(row["email"]).removesuffix("@example.org"), row["email_consent"], reached

    return state


def test_the_address_that_may_be_mailed_goes_first(say):
    assert say("first no 2026-01-05", "second yes 2026-01-04") == ("second", "granted", 1)


def test_an_address_of_which_nothing_is_known_goes_before_one_that_refused(say):
    assert say("first no 2026-01-05") == ("second", "denied", 0)


def test_of_two_that_may_be_mailed_the_first_seen(say):
    assert say("second yes 2026-01-05", "first yes 2026-01-06") == ("first", "granted", 1)


def test_a_yes_of_the_person_is_about_both(say):
    assert say("person yes 2026-01-05") == ("first", "granted", 1)


def test_a_yes_before_an_address_refused(say):
    assert say("person yes 2026-01-05", "second no 2026-01-06")[1:] == ("denied", 0)


def test_nobody_who_refused_is_shown_as_reachable(say):
    assert say("first no 2026-01-05", "second no 2026-01-05") == ("first", "denied", 0)


def test_nothing_known_is_told(say):
    assert say() == ("first", "unknown", 0)


def test_a_later_yes_of_one_address_leaves_the_no_of_the_other(say):
    assert say("first no 2026-01-05", "second yes 2026-01-06") == ("second", "granted", 1)


def test_as_of_an_earlier_instant_who_may_be_mailed_is_judged_by_what_is_known_now(say, two):
    assert say("first yes 2026-01-05", "first no 2026-02-05", "second yes 2026-02-06")[0] == "second"
    (row,) = members(two, "can receive email marketing", parse_instant("2026-02-01")).to_pylist()
    assert (row["email"], row["email_consent"]) == ("second@example.org", "granted")


@pytest.mark.parametrize(
    ("event", "properties"), [("Email Marked as Spam", {}), ("Email Bounced", {"bounce_type": "Hard"})]
)
def test_a_complaint_or_a_hard_bounce_is_told(two, say, write, call, event, properties):
    assert say("second yes 2026-01-05")[1] == "granted"
    import_paths(two, [write("mail.jsonl", [call(9, "u1", "2026-01-20", event, **properties)])])
    (row,) = members(two, EVERYBODY, NOW).to_pylist()
    assert row["email_consent"] == "suppressed"


def test_the_profile_tells_what_each_address_said(two, say):
    say("first no 2026-01-05", "second yes 2026-01-06")
    found = profile(two, "u1", NOW)
    about = ("email", "marketing")
    assert found.consents[about].state == "granted"
    told = {address: one.state for address, one in found.addresses[about].items()}
    assert told == {"first@example.org": "denied", "second@example.org": "granted"}
