"""A live reading over a workspace keeps up with time, also where it has to ask; and with facts that concern a gap."""

from __future__ import annotations

import pytest

from shoal.core.time import Instant, parse_instant
from shoal.flow import live
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading
from shoal.segments import oracle, parse
from shoal.segments.live import Facts, Mentioned, gap_of
from shoal.segments.sql.histories import all_histories

HOUR, DAY = 3_600_000, 86_400_000
START = parse_instant("2026-01-20T10:00:00Z")
SEGMENTS = {
    name: parse(text)
    for name, text in {
        "trial": 'plan has been "trial" for at least 30 days',
        "spent": "sum of total of orders in the last 20 days is at least 10",
        "left off": 'did "Product Viewed" without "Order Completed" within 17 days',
        "dear": 'price of the latest "Product Viewed" in the last 18 days is at least 3',
        "today": 'did "Order Completed" today',
        "top": "in the top 20 % by number of orders",
        "some": "in random bucket 0 to 39 of 100",
        "either": 'in segment "today" or orders in the last 20 days at least 1 time',
    }.items()
}


@pytest.fixture
def reading(sqlite, write, shop):
    import_paths(sqlite, [write("events.jsonl", shop)])
    with open_reading(sqlite) as duck, all_histories(duck, sqlite.home.scratch) as everyone:
        yield duck, list(everyone)


def truth(people, now):
    return {name: len(oracle.members(node, people, now, SEGMENTS)) for name, node in SEGMENTS.items()}


def replayed(sizes, changes, until):
    found = dict(sizes)
    for one in changes:
        if one.at <= until:
            found[one.segment] += 1 if one.entered else -1
    return found


def test_what_is_asked_keeps_up_with_time(reading):
    duck, people = reading
    reader = live.cold(duck, SEGMENTS, START)
    assert reader.sizes() == truth(people, START)
    for days in (1, 3, 14):
        until = Instant(START + days * DAY)
        before, changes = reader.sizes(), live.follow(duck, reader, until)
        assert reader.now == until
        assert reader.sizes() == reader.evaluate() == truth(people, until) == replayed(before, changes, until)
    assert reader.sizes() != truth(people, START)


def test_what_changes_with_the_calendar_is_asked_at_that_instant(reading):
    duck, people = reading
    reader = live.cold(duck, {"today": SEGMENTS["today"]}, START)
    changes = list(live.follow(duck, reader, Instant(START + 15 * HOUR), stopping=True))
    midnight = parse_instant("2026-01-21T00:00:00Z")
    assert {(one.at, one.entered, one.asked) for one in changes} == {(midnight, False, True)}
    assert len(changes) == truth(people, START)["today"] == 10


def test_only_what_is_asked_says_so(reading):
    duck, _ = reading
    reader = live.cold(duck, {"recent": parse("orders in the last 20 days at least 1 time")}, START)
    changes = list(live.follow(duck, reader, Instant(START + 30 * DAY)))
    assert {one.asked for one in changes} == {False}
    assert reader.next_due() is None


def test_the_next_due_instant_is_the_next_stroke_of_a_period(reading):
    duck, _ = reading
    reader = live.cold(duck, {"today": SEGMENTS["today"]}, Instant(START + 1))
    assert reader.to_ask() == ()
    assert reader.next_due() == START + HOUR // 4
    reader.advance(Instant(START + 2 * HOUR))
    assert len(reader.to_ask()) == 1
    assert reader.next_due() == reader.now, "it is overdue"
    live.follow(duck, reader, reader.now)
    assert reader.next_due() == START + 2 * HOUR + HOUR // 4


FACTS_ONLY = parse('on list "Newsletter"')


def test_facts_that_concern_a_gap_make_it_due(reading):
    duck, _ = reading
    assert gap_of(FACTS_ONLY.lower().parts[0]).every is None
    reader = live.cold(duck, {"listed": FACTS_ONLY}, START)
    assert reader.next_due() is None
    reader.fold(Facts(mentioned={Mentioned("event", "Order Completed"): START}))
    assert reader.next_due() is None
    reader.fold(Facts(mentioned={Mentioned("event", "List Joined"): START - 1}))
    assert reader.next_due() == START
    live.follow(duck, reader, START)
    assert reader.next_due() is None
    reader.fold(Facts(mentioned={Mentioned("trait", "lists"): START + 5}))
    live.follow(duck, reader, START)
    assert reader.next_due() == START + 5
