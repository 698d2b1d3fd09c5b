from __future__ import annotations

import duckdb
import pytest

from shoal.core.time import Instant
from shoal.profiles import consent, traits

STATEMENTS = """
CREATE TABLE traits AS SELECT subscriber, name, value::JSON::VARIANT AS value, make_timestamp("at" * 1000) AS "at",
       make_timestamp(received_at * 1000) AS received_at, event_id, source FROM (VALUES
    (1, 'plan', '"trial"', 10, 20, 1, 'crm'),
    (1, 'plan', '"pro"', 30, 31, 2, 'billing'),
    (1, 'plan', '"basic"', 30, 99, 1, 'crm'),
    (1, 'tags', '["a", 5]', 5, 5, 3, 'crm'),
    (1, 'city', '"Graz"', 5, 5, 4, 'crm'),
    (1, 'city', NULL, 40, 40, 5, 'crm'),
    (2, 'plan', '"free"', 50, 50, 6, 'crm')
) AS stated(subscriber, name, value, "at", received_at, event_id, source);
CREATE TABLE consents AS SELECT subscriber, channel, purpose, state, method, NULL::VARCHAR AS text_version,
       make_timestamp("at" * 1000) AS "at", make_timestamp("at" * 1000) AS received_at, event_id, 'crm' AS source,
       7 AS contact, 7 AS address, 0 AS changed
FROM (VALUES
    (1, 'email', 'marketing', 'granted', 'form', 10, 1),
    (1, 'email', 'marketing', 'denied', NULL, 20, 2),
    (1, 'sms', 'marketing', 'granted', NULL, 15, 3)
) AS stated(subscriber, channel, purpose, state, method, "at", event_id)
"""


@pytest.fixture
def duck():
    with duckdb.connect() as connection:
        connection.execute(STATEMENTS)
        yield connection


def test_the_latest_statement_counts_with_its_provenance(duck):
    found = traits.current(duck, 1)
    assert {name: each.value for name, each in found.items()} == {"plan": "pro", "tags": ["a", 5]}
    assert (found["plan"].source, found["plan"].at, found["plan"].received_at) == ("billing", 30, 31)


def test_traits_as_of_an_instant_include_it(duck):
    assert traits.current(duck, 1, at=Instant(29))["plan"].value == "trial"
    assert traits.current(duck, 1, at=Instant(30))["plan"].value == "pro"
    assert traits.current(duck, 1, at=Instant(39))["city"].value == "Graz"
    assert traits.current(duck, 1, at=Instant(4)) == {}


def test_the_history_of_a_trait_is_oldest_first(duck):
    assert [each.value for each in traits.history(duck, 1, name="plan")] == ["trial", "basic", "pro"]
    assert [each.value for each in traits.history(duck, 1, name="city")] == ["Graz", None]
    assert len(traits.history(duck, 1, at=Instant(10))) == 3


def test_consent_by_channel_and_purpose(duck):
    found = consent.current(duck, 1)
    assert {where: each.state for where, each in found.items()} == {
        ("email", "marketing"): "denied",
        ("sms", "marketing"): "granted",
    }
    assert consent.current(duck, 1, at=Instant(19))["email", "marketing"].method == "form"
    assert consent.current(duck, 2) == {}
    assert [each.state for each in consent.history(duck, 1)] == ["granted", "granted", "denied"]
