"""Whose consent an export states: of an address, by a source, on a day or on none."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoal.core.ids import key_id
from shoal.core.time import now
from shoal.flow.asking import members
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading
from shoal.ingest.canonical import SCHEMA
from shoal.ingest.mapping import mapping_from

KLAVIYO = "Email,External ID,Email Marketing Consent,Email Suppressions,Last Updated"


def reached(opened):
    return members(opened, "can receive email marketing", now()).num_rows


def test_a_yes_for_one_address_reaches_the_person_there_and_nowhere_else(sqlite, write):
    for name, row in (("a", "a@example.org,77,UNSUBSCRIBED,,"), ("b", "b@example.org,77,SUBSCRIBED,,")):
        import_paths(sqlite, [write(f"{name}.csv", [KLAVIYO, row])])
    with open_reading(sqlite) as duck:
        said = duck.execute("SELECT state, contact, subscriber FROM consents ORDER BY state").fetchall()
    one = key_id("user:77")
    assert said == [
        ("denied", key_id("email:a@example.org"), one),
        ("granted", key_id("email:b@example.org"), one),
    ]
    (row,) = members(sqlite, "can receive email marketing", now()).to_pylist()
    assert (row["email"], row["email_consent"]) == ("b@example.org", "granted")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_is_said_of_an_address_counts_for_whoever_has_it(sqlite, write, order):
    """An address of two accounts is neither's, so it is a subscriber of its own; who refused under an account did."""
    rows = (
        "77,UNSUBSCRIBED,,2026-02-01 10:00:00",
        "78,UNSUBSCRIBED,,2026-02-02 10:00:00",
        ",SUBSCRIBED,,2026-01-01 10:00:00",
    )
    for number in order:
        import_paths(sqlite, [write(f"{number}.csv", [KLAVIYO, f"info@example.org,{rows[number]}"])])
    with open_reading(sqlite) as duck:
        held = duck.execute("SELECT count(DISTINCT subscriber), count(*) FILTER (kind = 'email') FROM keys").fetchone()
    assert held == (3, 1)
    assert reached(sqlite) == 0


def test_what_a_contact_last_changed_dates_no_consent(sqlite, write):
    gone = ["Email Address,OPTIN_TIME,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID"]
    import_paths(sqlite, [write("gone.csv", [*gone, "a@example.org,,2026-11-01 10:00:00,Autumn,C1"])])
    import_paths(sqlite, [write("klaviyo.csv", [KLAVIYO, "a@example.org,77,SUBSCRIBED,,2026-11-10 10:00:00"])])
    assert reached(sqlite) == 0


def test_a_contact_without_an_address_is_known_by_its_strongest_key(sqlite, write):
    mapping = {
        "source": "till",
        "keys": {"user": "id", "phone": "phone"},
        "consent": [{"column": "mail"}, {"column": "texts", "channel": "sms"}],
    }
    import_paths(
        sqlite, [write("till.csv", ["id,phone,mail,texts", "7,+14155552671,yes,no"])], source=mapping_from(mapping)
    )
    with open_reading(sqlite) as duck:
        said = duck.execute("SELECT channel, contact FROM consents ORDER BY channel").fetchall()
    assert said == [("email", key_id("user:7")), ("sms", key_id("phone:+14155552671"))]


@pytest.mark.parametrize("event", ["Unsubscribed", "Email Marked as Spam"])
def test_an_event_that_refuses_is_a_refusal_whoever_sends_it(sqlite, write, call, event):
    mapping = {"source": "till", "keys": {"email": "mail"}, "consent": [{"column": "news"}], "at": "when"}
    till = write("till.csv", ["mail,news,when", "a@example.org,yes,2026-01-01"])
    import_paths(sqlite, [till], source=mapping_from(mapping))
    assert reached(sqlite) == 1
    import_paths(sqlite, [write("e.jsonl", [call(1, "u1", "2026-02-01", event, email="a@example.org")])])
    known = [{"type": "identify", "messageId": "m2", "userId": "u1", "traits": {"email": "a@example.org"}}]
    import_paths(sqlite, [write("f.jsonl", known)])
    assert reached(sqlite) == 0


def test_canonical_records_and_mapped_events_refuse_too(sqlite, tmp_path, write):
    """The refusal is stated once, with what the record itself says of it, and not where it names another purpose."""
    spam, gone = "Email Marked as Spam", "Unsubscribed"
    news = '[{"channel":"email","state":"denied","purpose":"news"}]'
    yes = '[{"channel":"sms","state":"granted"}]'
    rows = [("m1", spam, None), ("m2", gone, news), ("m3", gone, yes), ("m4", "Subscribed", None), ("m5", None, yes)]
    records = [
        {"message_id": number, "at": dt.datetime(2026, 1, 1), "keys": ["user:1"], "name": name, "consent": consent}  # noqa: DTZ001
        for number, name, consent in rows
    ]
    file = tmp_path / "records.parquet"
    types = pa.schema([each.with_nullable(True) for each in SCHEMA if each.name in records[0]])
    pq.write_table(pa.Table.from_pylist(records, schema=types), file)
    import_paths(sqlite, [file])
    events = {"source": "log", "keys": {"user": "id"}, "at": "when", "events": [{"name_from": "what"}]}
    log = write("log.csv", ["id,what,when", f"2,{gone},2026-01-01", "2,Subscribed,2026-01-02"])
    import_paths(sqlite, [log], source=mapping_from(events))
    with open_reading(sqlite) as duck:
        said = duck.execute("SELECT source, channel, purpose, state, method FROM consents ORDER BY ALL").fetchall()
    assert said == [
        ("log", "email", "marketing", "denied", None),
        ("shoal", "email", "marketing", "denied", "spam_complaint"),
        ("shoal", "email", "marketing", "denied", None),
        ("shoal", "email", "news", "denied", None),
        ("shoal", "sms", "marketing", "granted", None),
        ("shoal", "sms", "marketing", "granted", None),
    ]


NEW = "a@example.org,77,UNSUBSCRIBED,,2026-10-01 10:00:00"
OLD = "a@example.org,77,SUBSCRIBED,,2026-01-01 10:00:00"


@pytest.mark.parametrize("rows", [(NEW, OLD), (OLD, NEW)])
def test_an_older_export_lifts_no_newer_refusal_whichever_is_imported_first(sqlite, write, rows):
    for number, row in enumerate(rows):
        import_paths(sqlite, [write(f"{number}.csv", [KLAVIYO, row])])
    assert reached(sqlite) == 0


@pytest.mark.parametrize("backwards", [False, True])
def test_a_newer_export_takes_its_own_refusal_back(sqlite, write, backwards):
    rows = [NEW, NEW.replace("UNSUBSCRIBED", "SUBSCRIBED").replace("-10-", "-11-")]
    for number, row in enumerate(reversed(rows) if backwards else rows):
        import_paths(sqlite, [write(f"{number}.csv", [KLAVIYO, row])])
    assert reached(sqlite) == 1


def test_exports_that_dont_say_when_a_row_changed_lift_no_refusal(sqlite, write):
    header = "Email,Accepts Email Marketing,Total Spent,Total Orders"
    for word in ("no", "yes"):
        import_paths(sqlite, [write(f"{word}.csv", [header, f"a@example.org,{word},0,0"])])
    assert reached(sqlite) == 0


EXPORTS = {
    "klaviyo": (KLAVIYO, "a@example.org,77,{state},,{changed}", "SUBSCRIBED", "UNSUBSCRIBED"),
    "omnisend": (
        "Email,Email status,SMS status,Updated At",
        "a@example.org,{state},,{changed}",
        *("subscribed", "unsubscribed"),
    ),
    "activecampaign": (
        "Email,Date Created,IP Address,Status,Date Updated",
        "a@example.org,2025-01-01,,{state},{changed}",
        *("active", "unsubscribed"),
    ),
}


@pytest.mark.parametrize("platform", EXPORTS)
def test_every_export_with_a_time_of_its_rows_tells_which_is_newer(sqlite, write, platform):
    header, row, yes, no = EXPORTS[platform]
    told = [(no, "2026-03-01 10:00:00"), (yes, "2026-02-01 10:00:00")]
    for number, (state, changed) in enumerate(told):
        import_paths(sqlite, [write(f"{number}.csv", [header, row.format(state=state, changed=changed)])])
    assert reached(sqlite) == 0
    newest = row.format(state=yes, changed="2026-04-01 10:00:00")
    import_paths(sqlite, [write("newest.csv", [header, newest])])
    assert reached(sqlite) == 1


def test_a_row_that_changes_in_the_future_says_nothing_of_its_age(sqlite, write):
    for number, row in enumerate((NEW, OLD.replace("2026-01-01", "2999-01-01"))):
        import_paths(sqlite, [write(f"{number}.csv", [KLAVIYO, row])])
    assert reached(sqlite) == 0
