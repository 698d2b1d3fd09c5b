"""The same message id with another body: the first call is kept, the second is a dead letter, over HTTP."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from homes import create
from shoal.core.time import Instant, now
from shoal.flow.accepting import Intake
from shoal.flow.drain import Drain
from shoal.flow.home import one_writer, open_home
from shoal.flow.importing import context_of
from shoal.flow.reading import open_reading
from shoal.flow.replaying import discard, known_letters, replay
from shoal.flow.unifying import unify
from shoal.ingest.calls import read
from shoal.profiles.tables import identity_keys

AT = "2026-08-01T10:00:00Z"


@pytest.fixture
def opened(tmp_path):
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    yield opened
    opened.database.close()


def call(number="m1", **told):
    return {"type": "track", "event": "Seen", "userId": "1", "messageId": number, "timestamp": AT, **told}


def hand_in(opened, *batches, source="web"):
    """Each batch is a request."""
    intake = Intake(opened.database)
    for batch in batches:
        at = Instant(now())
        taken = read("batch", json.dumps({"batch": batch}).encode(), context_of(opened.settings, at))
        intake.offer(source, at, taken).result()
    intake.close()


def drain(opened):
    with one_writer(opened.home), Drain(opened.home, opened.database) as drain:
        while drain.turn() is not None:
            pass
        unify(opened)


def events(opened):
    with open_reading(opened) as duck:
        return duck.execute("SELECT name, properties::JSON::VARCHAR FROM events ORDER BY ALL").fetchall()


@pytest.mark.parametrize("apart", [False, True])
def test_the_second_is_a_letter(opened, apart):
    hand_in(opened, [call(properties={"a": 1}), call("m2")])
    if apart:
        drain(opened)
    hand_in(opened, [call(properties={"a": 2}, timestamp="2026-07-01T10:00:00Z"), call("m3")])
    drain(opened)
    assert events(opened) == [("Seen", '{"a":1}'), ("Seen", None), ("Seen", None)]
    (letter,) = known_letters(opened)
    assert (letter.source, letter.letter.reason) == ("web", "id_conflict")
    assert json.loads(letter.letter.payload)["properties"] == {"a": 2}
    assert replay(opened).refused == 1  # it is still one
    assert discard(opened, [letter.id]) == 1


def test_the_same_call_with_another_clock_is_none(opened):
    one = call(properties={"a": 1}, originalTimestamp=AT, sentAt=AT)
    again = {**one, "sentAt": "2026-08-01T10:00:09Z"}
    hand_in(opened, [one], [again])
    drain(opened)
    hand_in(opened, [again], [one])
    drain(opened)
    assert (len(events(opened)), known_letters(opened)) == (1, ())


def test_a_refused_call_joins_nobody(opened):
    hand_in(opened, [{"type": "identify", "userId": "1", "messageId": "i1", "timestamp": AT, "traits": {"plan": "a"}}])
    stranger = {"type": "identify", "userId": "2", "anonymousId": "x", "messageId": "i1", "timestamp": AT}
    hand_in(opened, [{**stranger, "traits": {"plan": "b"}}])
    drain(opened)
    with open_reading(opened) as duck:
        assert duck.execute("SELECT count(*) FROM traits").fetchone() == (1,)
    with opened.database.read() as connection:
        assert connection.execute(sa.select(identity_keys.c.value)).scalars().all() == ["1"]
    assert [letter.letter.reason for letter in known_letters(opened)] == ["id_conflict"]


def test_another_source_has_ids_of_its_own(opened):
    hand_in(opened, [call(properties={"a": 1})])
    hand_in(opened, [call(properties={"a": 2})], source="app")
    drain(opened)
    assert (len(events(opened)), known_letters(opened)) == (2, ())


def test_a_drain_that_takes_before_it_keeps_writes_each_letter_once(opened):
    hand_in(opened, [call(properties={"a": 1})])
    hand_in(opened, [call(properties={"a": 2})])
    for _ in range(2):  # the first is lost before it keeps anything
        with one_writer(opened.home), Drain(opened.home, opened.database) as running:
            running.take()
    assert known_letters(opened) == ()
    drain(opened)
    assert len(known_letters(opened)) == 1
