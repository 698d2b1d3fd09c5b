"""Calls that come under the id of another: which are refused, and what is left."""

from __future__ import annotations

import json

import duckdb
import pytest

from shoal.core.time import Instant
from shoal.ingest import conflicts
from shoal.ingest.conflicts import set_apart

COLUMNS = """event_id BIGINT, message_id VARCHAR, "at" TIMESTAMP, name VARCHAR, keys VARCHAR[], source VARCHAR,
    received_at TIMESTAMP, origin VARCHAR, line BIGINT, version BIGINT, properties VARCHAR, traits VARCHAR,
    consent VARCHAR"""


@pytest.fixture
def duck():
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE batch ({COLUMNS})")
        connection.execute(f"CREATE TABLE fresh AS SELECT *, {conflicts.DIGEST} AS digest FROM batch")
        connection.execute(f"CREATE TABLE known AS SELECT *, {conflicts.DIGEST} AS digest FROM batch")
        connection.execute("CREATE TABLE seen (id BIGINT, text VARCHAR, first_at BIGINT)")
        yield connection


def put(duck, table, number, **told):
    row = {
        "event_id": number,
        "message_id": f"m{number}",
        "at": "2026-08-01 10:00:00",
        "name": "Seen",
        "keys": ["user:1"],
        "source": "web",
        "received_at": "2026-08-01 10:00:01",
        "origin": "api:web",
        "line": 1,
        "version": None,
        "properties": '{"a":1}',
        "traits": None,
        "consent": None,
    } | told
    duck.execute("DELETE FROM batch")
    duck.execute(f"INSERT INTO batch VALUES ({', '.join('?' * len(row))})", list(row.values()))
    duck.execute(f"INSERT INTO {table} SELECT *, {conflicts.DIGEST} FROM batch")


def left(duck):
    return duck.execute("SELECT event_id, properties FROM fresh ORDER BY ALL").fetchall()


def refused(duck):
    return [json.loads(each.letter.payload) for each in set_apart(duck, repeated=True, known=True)]


SAME = [
    {},
    {"at": "2026-08-01 09:00:00"},  # a clock that is corrected otherwise
    {"received_at": "2026-08-01 11:00:00", "line": 7},
]
OTHER = [
    {"properties": '{"a":2}'},
    {"properties": None},
    {"name": "Bought"},
    {"name": None, "traits": '{"a":1}', "properties": None},
    {"keys": ["user:2"]},
    {"keys": ["user:1", "anonymous:x"]},
    {"consent": "[]"},
]


@pytest.mark.parametrize("table", ["known", "fresh"])
@pytest.mark.parametrize("told", SAME, ids=str)
def test_the_same_call_sent_again_is_no_conflict(duck, table, told):
    put(duck, table, 1)
    put(duck, "fresh", 1, **told)
    assert refused(duck) == []


@pytest.mark.parametrize("table", ["known", "fresh"])
@pytest.mark.parametrize("told", OTHER, ids=str)
def test_another_call_under_its_id_is_one(duck, table, told):
    put(duck, table, 1)
    put(duck, "fresh", 1, **{"received_at": "2026-08-01 10:00:02", **told})
    put(duck, "fresh", 2)
    (letter,) = refused(duck)
    assert letter["messageId"] == "m1"
    assert left(duck) == [(1, '{"a":1}')] * (table == "fresh") + [(2, '{"a":1}')]
    assert refused(duck) == []


def test_the_first_to_arrive_is_kept_whatever_times_they_tell(duck):
    put(duck, "fresh", 1, properties='{"a":2}', received_at="2026-08-01 10:00:02", at="2026-07-01 10:00:00")
    put(duck, "fresh", 1)
    put(duck, "fresh", 1, properties='{"a":3}', line=2)
    put(duck, "fresh", 1, properties='{"a":3}', line=3)
    assert [letter["properties"] for letter in refused(duck)] == [{"a": 3}, {"a": 3}, {"a": 2}]
    assert left(duck) == [(1, '{"a":1}')]


@pytest.mark.parametrize("told", [{"version": 5}, {"origin": "webhook:web"}, {"origin": "import:1"}], ids=str)
def test_orders_webhooks_and_files_are_never_conflicts(duck, told):
    for table in ("known", "fresh"):
        put(duck, table, 1, **told)
        put(duck, "fresh", 1, **told, properties='{"a":2}', line=2)
    assert refused(duck) == []


def test_what_the_lake_holds_from_before_is_not_judged(duck):
    put(duck, "known", 1)
    duck.execute("UPDATE known SET digest = NULL")
    put(duck, "fresh", 1, properties='{"a":2}')
    assert refused(duck) == []


def test_only_what_is_asked_is_looked_at(duck):
    put(duck, "known", 1)
    duck.execute("DROP TABLE known")
    put(duck, "fresh", 1)
    put(duck, "fresh", 1, properties='{"a":2}', line=2)
    assert set_apart(duck, repeated=False, known=False) == []
    assert len(set_apart(duck, repeated=True, known=False)) == 1


def test_whom_only_a_refused_call_names_is_nobody(duck):
    duck.execute("INSERT INTO seen VALUES (11, 'user:1', 5), (11, 'user:1', 6), (12, 'user:2', 5)")
    put(duck, "fresh", 1)
    put(duck, "fresh", 1, keys=["user:2"], line=2)
    assert len(refused(duck)) == 1
    assert duck.execute("FROM seen").fetchall() == [(11, "user:1", 1_785_578_400_000)]


def test_letters(duck):
    put(duck, "known", 1)
    told = {"traits": '{"plan":"pro"}', "name": None, "properties": None, "keys": ["user:1", "email:a@example.org"]}
    put(duck, "fresh", 1, **told)
    (conflict,) = set_apart(duck, repeated=False, known=True)
    assert (conflict.source, conflict.received_at) == ("web", Instant(1_785_578_401_000))
    assert (conflict.letter.reason, conflict.letter.webhook) == ("id_conflict", None)
    assert json.loads(conflict.letter.payload) == {
        "messageId": "m1",
        "name": None,
        "at": "2026-08-01T10:00:00Z",
        "keys": ["user:1", "email:a@example.org"],
        "traits": {"plan": "pro"},
    }
