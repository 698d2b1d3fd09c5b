"""Law: what may be a refusal in an export refuses mail, or refuses its row; it is never left out in silence."""

from __future__ import annotations

import pytest

from shoal.core.time import Instant
from shoal.ingest.canonical import Consent, Record
from shoal.ingest.source import Context
from shoal.ingest.sources import SOURCES
from shoal.ingest.sources.cells import read
from shoal.ingest.sources.consents import checked

DENIED, GRANTED = "denied", "granted"
DAY, LATER = "2025-06-01", "2025-07-01"


@pytest.fixture
def said(mapped, at):
    """What a row of a source says: the states of a channel with their times, or the reason of its refusal."""

    def run(name: str, row: dict[str, object], channel: str = "email") -> list[object]:
        (source,) = (each for each in SOURCES if each.name == name)
        address = {"hubspot_warehouse_contact": "property_email", "mailchimp_warehouse_member": "email_address"}
        column = address.get(name, "Email Address" if name == "mailchimp_members" else "Email")
        found = mapped(source, [{column: "ana@example.org", "id": "1", **row}])
        days = {at(day): day for day in (DAY, LATER)}
        return [
            each
            if isinstance(each, str)
            else next((stated.state, days.get(each.at)) for stated in each.consent if stated.channel == channel)
            for each in found
            if isinstance(each, str) or any(stated.channel == channel for stated in each.consent)
        ]

    return run


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"Status": "", "Date Unsubscribed": DAY}, [(DENIED, DAY)]),
        ({"Status": "Unsubscribed from list", "Date Unsubscribed": DAY}, [(DENIED, DAY)]),
        ({"Status": "Unsubscribed from list"}, [(DENIED, None)]),
        ({"Status": "Active", "Date Subscribed": DAY, "Date Unsubscribed": LATER}, [(DENIED, LATER), (GRANTED, DAY)]),
        ({"Status": "Active", "Date Subscribed": LATER, "Date Unsubscribed": DAY}, [(DENIED, DAY), (GRANTED, LATER)]),
        ({"Status": "", "Date Subscribed": LATER, "Date Unsubscribed": DAY}, [(DENIED, DAY), (GRANTED, LATER)]),
        ({"Status": "", "Date Subscribed": DAY, "Date Unsubscribed": LATER}, [(DENIED, LATER)]),
        ({"Status": "Unsubscribed", "Date Subscribed": LATER, "Date Unsubscribed": DAY}, [(DENIED, DAY)]),
        ({"Status": "Active", "Date Unsubscribed": "0000-00-00 00:00:00"}, [(GRANTED, None)]),
        ({"Status": "1"}, [(GRANTED, None)]),
        ({"Status": "Snoozed"}, ["unknown_consent_word"]),
        ({"Status": ""}, []),
    ],
)
def test_activecampaign_keeps_the_day_of_unsubscribing(said, row, expected):
    assert said("activecampaign_contacts", row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"Opted out of email: Marketing Information": "Yes"}, [(DENIED, None)]),
        ({"Opted out of email: One to One": "Yes", "Unsubscribed from all email": "true"}, [(DENIED, None)]),
        ({"Opted out of email: One to One": "No", "Unsubscribed from all email": "false"}, []),
        ({"Unsubscribed from all email": "Opted out"}, [(DENIED, None)]),
        ({"Unsubscribed from all email": "Ja"}, [(DENIED, None)]),
        ({"Unsubscribed from all email": DAY}, [(DENIED, DAY)]),
        ({"Unsubscribed from all email": "Subscribed"}, []),
        ({"Unsubscribed from all email": "2"}, ["unknown_consent_word"]),
        ({"Unsubscribed from all email": "perhaps"}, ["unknown_consent_word"]),
        ({"Unsubscribed from all email": ["x"]}, ["unknown_consent_word"]),
    ],
)
def test_hubspots_opt_outs(said, row, expected):
    assert said("hubspot_contacts", row) == expected


def test_an_opt_out_is_no_trait(mapped):
    (source,) = (each for each in SOURCES if each.name == "hubspot_contacts")
    found = mapped(source, [{"Email": "ana@example.org", "Opted out of email: Marketing Information": "Yes"}])
    assert found == [Record(("email:ana@example.org",), consent=(Consent("email", DENIED),))]


@pytest.mark.parametrize("column", ["property_hs_email_optout", "property_hs_email_optout_7799"])
@pytest.mark.parametrize(("value", "expected"), [(True, [(DENIED, None)]), ("false", []), ("Ja", [(DENIED, None)])])
def test_hubspots_table_of_contacts(said, column, value, expected):
    assert said("hubspot_warehouse_contact", {column: value}) == expected


@pytest.mark.parametrize(("value", "expected"), [("true", [(DENIED, DAY)]), ("opted out", [(DENIED, DAY)]), ("", [])])
def test_hubspots_history_of_opt_outs(said, value, expected):
    row = {"contact_id": "1", "name": "hs_email_optout_7799", "timestamp": DAY, "value": value}
    assert said("hubspot_warehouse_contact_property_history", row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"email status": "Opted out (GDPR)", "email opt-in date": DAY}, [(DENIED, None), (GRANTED, DAY)]),
        ({"email status": "Forgotten", "email opt-in date": DAY}, [(DENIED, None), (GRANTED, DAY)]),
        (
            {"email status": "Unsubscribed", "email opt-in date": LATER, "email opt-out date": DAY},
            [(DENIED, None), (GRANTED, LATER), (DENIED, DAY)],
        ),
        ({"email status": "Muted", "email opt-in date": DAY}, ["unknown_consent_word"]),
    ],
)
def test_omnisends_status(said, row, expected):
    assert said("omnisend_contacts", row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"unsubscribed": "unsubscribed"}, [(DENIED, None)]),
        ({"unsubscribed": "1748736000"}, [(DENIED, DAY)]),
        ({"unsubscribed": 1748736000}, [(DENIED, DAY)]),
        ({"unsubscribed": "false"}, []),
        ({"unsubscribed": "paused"}, ["unknown_consent_word"]),
        ({"unsubscribed": "", "cio_subscription_preferences": '{"topics": {"topic_1": false}}'}, [(DENIED, None)]),
        ({"unsubscribed": "", "cio_subscription_preferences": '{"topics": {"topic_1": true}}'}, []),
    ],
)
def test_customerio_people(said, row, expected):
    assert said("customerio_people", row) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("UNSUBSCRIBED (Manual)", [(DENIED, DAY)]),
        ("Subscribed (2 of 3)", ["unknown_consent_word"]),
        ("NEVER_SUBSCRIBED", []),
        ("", []),
    ],
)
def test_klaviyos_consent(said, word, expected):
    row = {"Email Marketing Consent": word, "Email Marketing Consent Timestamp": DAY}
    assert said("klaviyo_profiles", row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"custom_accepts_marketing": "unsubscribed"}, [(DENIED, None)]),
        ({"custom_accepts_marketing": "perhaps"}, ["unknown_consent_word"]),
        ({"custom_accepts_marketing": "true", "custom_suppress": "suppressed"}, [(DENIED, None)]),
    ],
)
def test_klaviyos_table_of_people(said, row, expected):
    assert said("klaviyo_warehouse_person", row) == expected


def test_shopifys_customers(said):
    row = {"Accepts Email Marketing": "unsubscribed from marketing", "Accepts SMS Marketing": "no"}
    assert said("shopify_customers", row) == said("shopify_customers", row, "sms") == [(DENIED, None)]


@pytest.mark.parametrize(("word", "state"), [("yes", GRANTED), ("no", None), ("Unsubscribed", DENIED), ("", None)])
def test_a_box_at_the_checkout(word, state):
    found = checked(read({"Accepts Marketing": word}, Context(received_at=0)), "accepts marketing")
    assert [each.state for each in found] == ([state] if state else [])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"OPTIN_TIME": DAY, "UNSUB_TIME": ""}, [(DENIED, None), (GRANTED, DAY)]),
        ({"OPTIN_TIME": DAY, "CLEAN_TIME": ""}, [(DENIED, None), (GRANTED, DAY)]),
        ({"OPTIN_TIME": DAY, "UNSUB_TIME": LATER}, [(GRANTED, DAY), (DENIED, LATER)]),
        ({"OPTIN_TIME": LATER, "UNSUB_TIME": DAY}, [(DENIED, None), (GRANTED, LATER), (DENIED, DAY)]),
        ({"OPTIN_TIME": "", "UNSUB_TIME": "", "CLEAN_TIME": DAY}, [(DENIED, DAY)]),
        ({"OPTIN_TIME": DAY, "CONFIRM_TIME": DAY}, [(GRANTED, DAY)]),
    ],
)
def test_whoever_is_in_mailchimps_file_of_those_who_left_may_not_be_mailed(said, row, expected):
    assert said("mailchimp_members", row) == expected


@pytest.mark.parametrize(
    ("status", "expected"), [("archived", [(DENIED, None)]), ("transactional", []), ("odd", ["unknown_consent_word"])]
)
def test_mailchimps_table_of_members(said, status, expected):
    assert said("mailchimp_warehouse_member", {"status": status}) == expected


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("mailchimp_members", "Do Not Email"),
        ("klaviyo_profiles", "Unsubscribed"),
        ("klaviyo_warehouse_person", "custom_opted_out"),
        ("activecampaign_contacts", "Unsubscribed from newsletter"),
    ],
)
@pytest.mark.parametrize(
    ("value", "expected"),
    [("yes", [(DENIED, None)]), (DAY, [(DENIED, DAY)]), ("no", []), ("", []), ("perhaps", ["unknown_consent_word"])],
)
def test_columns_of_your_own_that_refuse(said, name, column, value, expected):
    assert said(name, {column: value}) == expected


@pytest.mark.parametrize("column", ["Unsubscribe reason", "Bounce count", "Block", "Opt-out page"])
def test_columns_that_tell_something_else_stay_traits(said, column):
    assert said("klaviyo_profiles", {column: "perhaps"}) == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"portal_subscription_status": "UNSUBSCRIBED"}, "Unsubscribed"),
        ({"subscriptions": '[{"id": 7799, "status": "UNSUBSCRIBED"}]'}, "Unsubscribed"),
        ({"subscriptions": '[{"id": 7799, "status": "SUBSCRIBED"}]'}, "Email Status Changed"),
        ({"bounced": "true"}, "Email Bounced"),
    ],
)
def test_hubspots_change_of_status(change, name):
    (source,) = (each for each in SOURCES if each.name == "hubspot_warehouse_email_event")
    row = {"id": "7", "type": "STATUSCHANGE", "recipient": "ana@example.org", "created": DAY}
    context = Context(received_at=Instant(2**41), siblings={"email_event_status_change": {"7": change}})
    assert [each.name for each in source.map_rows([row], context)] == [name]
