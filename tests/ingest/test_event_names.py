"""Law: one meaning has one name in the lake, and a refusal is one whatever its event is called."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from shoal.core.time import Instant
from shoal.ingest import lake_rows
from shoal.ingest.canonical import Record, content_id, to_batch
from shoal.ingest.events import NAMES, REFUSING, canonical_name
from shoal.ingest.mapped import source_of
from shoal.ingest.mapping import Event, Keys, Mapping
from shoal.ingest.refusals import consents_of
from shoal.ingest.source import Context
from shoal.ingest.sources import klaviyo, mailchimp, segment, shoal

NOW = Instant(1_780_000_000_000)
UNSUBSCRIBED, SPAM = "Unsubscribed", "Email Marked as Spam"


def kept(*records: Record) -> list[str | None]:
    """The names as the lake gets them."""
    return to_batch([(1, record) for record in records], NOW).column("name").to_pylist()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_canonical_name_is_its_own_whatever_its_case(name):
    assert {canonical_name(each) for each in (name, name.lower(), name.upper(), f" {name}\t")} == {name}


@pytest.mark.parametrize("name", sorted(REFUSING))
def test_no_synonym_is_another_events_name(name):
    assert {canonical_name(each) for each in REFUSING[name]} == {name}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (" unsubscribed ", UNSUBSCRIBED),
        ("Unsubscribed from Email", UNSUBSCRIBED),
        ("Unsubscribed from List", UNSUBSCRIBED),
        ("Email Unsubscribed", UNSUBSCRIBED),
        ("email_unsubscribed", UNSUBSCRIBED),
        ("\ufeffUnsubscribed", UNSUBSCRIBED),
        ("Marked Email as Spam", SPAM),
        ("Email marked as spam", SPAM),
        ("Email Complained", SPAM),
        ("SpamComplaint", SPAM),
        ("Complained", SPAM),
    ],
)
def test_a_refusal_is_known_by_any_of_its_names(written, name):
    record = Record(("user:1",), written)
    assert kept(record) == [name]
    assert [each.state for each in consents_of(record)] == ["denied"]


@pytest.mark.parametrize("written", ["Resubscribed", "Unsubscribed from plan", "Not unsubscribed", "Finished Quiz"])
def test_other_names_stay(written):
    assert (kept(Record(("user:1",), f" {written} ")), consents_of(Record(("user:1",), written))) == ([written], ())


def test_ids_are_made_of_the_name_as_it_came():
    """So what was imported before the names were mended is the same event still."""
    record = Record(("user:1",), "unsubscribed ")
    assert to_batch([(1, record)], NOW).column("message_id").to_pylist() == [content_id(record)]
    assert content_id(record) != content_id(Record(("user:1",), "Unsubscribed"))


def test_a_segment_call_in_another_case_refuses():
    call = {"type": "track", "event": "unsubscribed ", "userId": "u1", "messageId": "m1"}
    (record,) = segment.map_rows([call], Context(received_at=NOW))
    assert (kept(record), record.message_id) == (["Unsubscribed"], "m1")
    assert [each.state for each in consents_of(record)] == ["denied"]


def test_klaviyos_and_mailchimps_own_names_refuse():
    metric = {"Event ID": "e1", "Timestamp": "2026-01-01", "Event": "Unsubscribed from Email", "Profile ID": "K1"}
    action = {"Email Address": "ana@example.org", "Action": "Unsubscribed", "Timestamp": "2026-01-01"}
    found = [
        *klaviyo.EVENTS.map_rows([metric], Context(received_at=NOW)),
        *mailchimp.ACTIVITY.map_rows([action], Context(received_at=NOW)),
    ]
    assert kept(*found) == [UNSUBSCRIBED, UNSUBSCRIBED]
    assert [[each.state for each in record.consent] for record in found] == [["denied"], ["denied"]]


def test_a_mapped_refusal_with_a_version_refuses():
    mapping = Mapping("crm", Keys(user="id"), at="at", events=(Event("email complained", id="id", version="n"),))
    row = {"id": "7", "at": "2026-01-01", "n": "1"}
    records = list(source_of(mapping).map_rows([row], Context(received_at=NOW)))
    assert kept(*records) == [SPAM, None]
    assert [(each.state, each.method) for each in records[1].consent] == [("denied", "spam_complaint")]
    assert records[0].message_id == "email complained/7"


def test_parquet_is_read_with_the_names_that_are_kept():
    columns = {
        "message_id": ["1", "2", "3"],
        "at": pa.array([0, 0, 0], pa.timestamp("ms")),
        "keys": [["user:1"]] * 3,
        "name": ["unsubscribed", " Finished quiz ", None],
        "traits": [None, None, '{"a":1}'],
    }
    found = shoal.map_batch(pa.RecordBatch.from_pydict(columns), 1, Context(received_at=NOW)).records
    assert found.column("name").to_pylist() == [UNSUBSCRIBED, "Finished quiz", None]


def test_whoever_leaves_sms_refuses_sms():
    record = Record(("user:1",), "Unsubscribed from SMS Marketing")
    assert kept(record) == ["SMS Unsubscribed"]
    assert [(each.channel, each.state) for each in consents_of(record)] == [("sms", "denied")]


@pytest.mark.parametrize(
    ("name", "channel"), [("Unsubscribed", "email"), ("SMS Unsubscribed", "sms"), ("Email Marked as Spam", "email")]
)
def test_the_lake_adds_the_refusal_for_its_channel(name, channel):
    columns = (
        "[{'channel': 'push', 'purpose': 'marketing', 'state': 'denied', 'method': NULL::VARCHAR,"
        " 'text_version': NULL::VARCHAR, 'changed': NULL::BIGINT}] AS said, NULL::BIGINT AS version"
    )
    query = f"SELECT {lake_rows._STATED} FROM (SELECT $1 AS name, {columns})"
    ((said,),) = duckdb.execute(query, [name]).fetchall()
    assert [(each["channel"], each["state"]) for each in said] == [("push", "denied"), (channel, "denied")]
