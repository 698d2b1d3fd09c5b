"""The live reading of a running server: memberships equal those of a fresh reading, and the feed leads to them."""

from __future__ import annotations

import json
import os
import random
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from homes import create
from shoal.core.ids import key_id
from shoal.core.time import Instant, now
from shoal.flow import compaction
from shoal.flow import drain as drain_
from shoal.flow import following as following_
from shoal.flow.applying import apply, decide
from shoal.flow.defining import known
from shoal.flow.drain import LIVE, Drain
from shoal.flow.following import Following
from shoal.flow.home import one_writer, open_home
from shoal.flow.importing import context_of
from shoal.flow.reading import open_reading
from shoal.ingest.calls import read
from shoal.segments import feed
from shoal.segments.sql import queries
from shoal.store import journal

SEGMENTS = {
    "viewers": 'did "Product Viewed" at least 2 times in the last 7 days',
    "quiet": 'did "Order Completed" and not did "Product Viewed" in the last 30 days',
    "trial": 'plan is "trial"',
    "granted": 'consent to email marketing is "granted"',
    "keen": 'did "Product Viewed" more often than average in the last 14 days',
    "both": 'in segment "viewers" and in segment "trial"',
}


DAY = 86_400_000
EVENTS = ("Product Viewed", "Order Completed", "Page Viewed")


def call(kind, at=None, **said):
    return {"type": kind, **said, **({"timestamp": at} if at else {})}


def arrives(opened, calls, source="web"):
    """As an acknowledged request."""
    arrival = now()
    taken = read("batch", json.dumps({"batch": calls}).encode(), context_of(opened.settings, arrival))
    assert not taken.letters
    with opened.database.write() as connection:
        journal.append(connection, origin=f"api:{source}", source=source, received_at=arrival, batch=taken.records)


def define(opened, segments):
    for name, sentence in segments.items():
        (opened.home.segments / f"{name}.yaml").write_text(json.dumps({"name": name, "when": sentence}))
    apply(opened, decide(opened), actor="test")


@pytest.fixture
def opened(tmp_path):
    """A workspace that knows the names which its segments are about, and whose feed has begun."""
    create(tmp_path / "home")
    found = open_home(tmp_path / "home")
    arrives(found, [call("track", event=name, userId="u0", messageId=name) for name in EVENTS])
    arrives(found, [call("identify", userId="u0", messageId="t", traits={"plan": "paid"})])
    with following(found) as one:
        settle(one)
        one.close()
    define(found, SEGMENTS)
    yield found
    found.database.close()


@contextmanager
def following(opened, most_rows=20_000):
    with one_writer(opened.home), Drain(opened.home, opened.database, replace(LIVE, most_rows=most_rows)) as drain:
        yield Following(opened, drain)


def settle(one):
    while one.turn():
        pass
    one._look()


def told(opened):
    """Who is in each segment, by the feed alone."""
    found = {}
    with opened.database.read() as connection:
        for change in feed.read(connection, most=1_000_000)[0]:
            members = found.setdefault(change.segment, set())
            assert (change.subscriber in members) != change.entered, f"told twice: {change}"
            (members.add if change.entered else members.discard)(change.subscriber)
    return found


def check(opened, one):
    """The live reading, the feed, and a reading of the files agree."""
    settle(one)
    one.keep()
    by_feed = told(opened)
    nodes = known(opened).sound
    with open_reading(opened) as duck:
        for name in SEGMENTS:
            members = set(one.current.members(name, most=1_000_000))
            assert members == set(queries.members(duck, nodes[name], now(), nodes)), name
            assert members == by_feed.get(name, set()), name


def some_calls(draw, number):
    """Events, traits, consents, visitors who become known, people who turn out to be one; some late, some again."""
    for _ in range(number):
        who = draw.choice([{"userId": f"u{draw.randrange(6)}"}, {"anonymousId": f"a{draw.randrange(6)}"}])
        at = f"2026-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}T00:00:00Z" if draw.random() < 0.2 else None
        kind = draw.random()
        id = f"m{draw.randrange(10_000)}"
        if kind < 0.6:
            yield call(
                "track", at, event=draw.choice(EVENTS), messageId=id, properties={"price": draw.randrange(90)}, **who
            )
        elif kind < 0.75:
            yield call("identify", at, messageId=id, traits={"plan": draw.choice(("trial", "paid"))}, **who)
        elif kind < 0.85:
            yield call("identify", messageId=id, userId=f"u{draw.randrange(6)}", anonymousId=f"a{draw.randrange(6)}")
        elif kind < 0.95:
            traits = {"email": f"p{draw.randrange(4)}@example.org", "plan": "trial"}
            yield call("identify", at, messageId=id, traits=traits, **who)
        else:
            yield call("alias", messageId=id, userId=f"u{draw.randrange(6)}", previousId=f"a{draw.randrange(6)}")


def changes_of(opened, segment, user=None):
    """Whether each was into the segment; of all, or of one user who was never merged."""
    with opened.database.read() as connection:
        found = feed.read(connection, most=1_000_000, segments=[segment])[0]
    return [each.entered for each in found if user is None or each.subscriber == key_id(f"user:{user}")]


def test_somebody_new_was_in_no_segment_before_what_they_did(opened):
    """Not for an instant in one of those who never did it."""
    define(
        opened,
        {
            "never": 'not did "Product Viewed" in the last 30 days including anonymous',
            "others": 'plan is not "trial" including anonymous',
        },
    )
    with following(opened) as one:
        settle(one)
        before = {name: len(changes_of(opened, name)) for name in ("never", "others")}
        arrives(opened, [call("track", event="Product Viewed", userId="new1", messageId="n1")])
        settle(one)
        arrives(opened, [call("identify", userId="new2", messageId="n2", traits={"plan": "trial"})])
        settle(one)
        arrives(opened, [call("track", event="Page Viewed", anonymousId="new3", messageId="n3")])
        settle(one)
        assert len(changes_of(opened, "never")) == before["never"] + 2  # of the second and the third
        assert len(changes_of(opened, "others")) == before["others"] + 2  # of the first and the third


def test_what_was_acknowledged_before_a_window_ends_renews_it(opened, monkeypatch):
    """Though the engine gets to it later."""
    define(opened, {"now": 'did "Product Viewed" in the last 300 seconds'})
    with following(opened) as one:
        settle(one)
        first = datetime.fromtimestamp((now() - 240_000) / 1_000, UTC).isoformat()
        arrives(opened, [call("track", first, event="Product Viewed", userId="u9", messageId="r1")])
        settle(one)
        arrives(opened, [call("track", event="Product Viewed", userId="u9", messageId="r2")])
        monkeypatch.setattr(drain_, "now", lambda: Instant(now() + 120_000))
        settle(one)
        assert changes_of(opened, "now", "u9") == [True]
        monkeypatch.setattr(drain_, "now", lambda: Instant(now() + 400_000))
        monkeypatch.setattr(following_, "now_", lambda: Instant(now() + 400_000))
        settle(one)
        assert changes_of(opened, "now", "u9") == [True, False]


@pytest.mark.parametrize("seed", range(20 if os.environ.get("SHOAL_SOAK") else 2))
def test_whatever_arrives_whatever_happens_to_the_server(opened, seed, monkeypatch):
    """Turns of any size, files written or not, killed or stopped, imports in between, segments defined anew."""
    monkeypatch.setattr(compaction, "MANY", 3)
    draw = random.Random(seed)
    for round in range(4):
        with following(opened, most_rows=draw.choice((1, 7, 20_000))) as one:
            check(opened, one)
            for _ in range(draw.randint(1, 4)):
                arrives(opened, list(some_calls(draw, draw.randint(1, 30))))
                one.turn()
                draw.choice((one.keep, one._begin_keep, lambda: None))()
            if draw.random() < 0.5:
                check(opened, one)
            if draw.random() < 0.3:
                one.close()
        arrives(opened, list(some_calls(draw, 10)))
        if draw.random() < 0.5:
            with one_writer(opened.home), Drain(opened.home, opened.database) as drain:
                while drain.turn():
                    pass
        if round == 2:
            define(opened, {"viewers": 'did "Product Viewed" in the last 90 days', "new": 'did "Page Viewed"'})
    with following(opened) as one:
        check(opened, one)
        one.close()
    with following(opened) as one:
        check(opened, one)


def test_what_lapsed_while_no_server_ran_has_its_own_instant(opened, monkeypatch):
    """Though the events are in no file yet, and have to be taken from the journal again."""
    with following(opened) as one:
        monkeypatch.setattr(one, "keep", lambda: None)
        monkeypatch.setattr(one, "_begin_keep", lambda: None)
        arrives(opened, [call("track", event="Product Viewed", userId="u7", messageId=f"x{n}") for n in range(2)])
        settle(one)
        at = max(told.at for told in changes(opened) if told.segment == "viewers")
    later = Instant(at + 8 * DAY)
    for module, name in ((following_, "now_"), (drain_, "now")):
        monkeypatch.setattr(module, name, lambda: later)
    with following(opened) as one:
        settle(one)
    left = [told for told in changes(opened) if told.segment == "viewers" and not told.entered]
    assert [(told.reason, told.at < later - DAY + 1_000) for told in left] == [("time", True)]


def test_segments_that_end_are_left_in_their_last_version(opened):
    with following(opened) as one:
        arrives(opened, [call("identify", userId="u7", messageId="x", traits={"plan": "trial"})])
        settle(one)
        for name in ("trial", "both"):
            (opened.home.segments / f"{name}.yaml").unlink()
        apply(opened, decide(opened), actor="test")
        settle(one)
    ended = [told for told in changes(opened) if told.segment == "trial"]
    assert [(told.entered, told.version, told.reason) for told in ended] == [
        (True, 1, "event"),
        (False, 1, "definition"),
    ]


def test_journal_and_feed_forget_and_a_start_still_knows_what_was_told(opened, monkeypatch):
    with following(opened) as one:
        arrives(opened, [call("identify", userId="u7", messageId="x", traits={"plan": "trial"})])
        settle(one)
        one.keep()
        with monkeypatch.context() as later:
            later.setattr(following_, "now_", lambda: Instant(now() + 40 * DAY))
            one._trim()
        with opened.database.read() as connection:
            assert journal.waiting(connection, after=0) == 0
    before = len(changes(opened))
    with following(opened) as one:
        settle(one)
    assert len(changes(opened)) == before


def changes(opened):
    with opened.database.read() as connection:
        return feed.read(connection, most=1_000_000)[0]
