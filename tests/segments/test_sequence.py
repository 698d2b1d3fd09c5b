"""did … then …: order, gaps, what may come between and after, and when time alone decides."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.segments import from_data, oracle, parse, sql
from shoal.segments.explain import explain
from shoal.segments.history import Event, History
from shoal.store.duck import open_duck

NOW = parse_instant("2026-03-29T12:00:00Z")
HOUR, DAY = 3_600_000, 86_400_000


def person(*events: tuple[str, int]) -> History:
    """Somebody with these events, each so many milliseconds before now."""
    return History(events=tuple(Event(number, name, Instant(NOW - ago)) for number, (name, ago) in enumerate(events)))


def member(sentence: str, *events: tuple[str, int], after: int = 0) -> bool:
    return oracle.is_member(parse(sentence), person(*events), Instant(NOW + after))


DOWNLOADED = 'did "Whitepaper Downloaded" then "Product Viewed" within 7 days'
NO_TRIAL = 'did "Page Viewed" without "Trial Started" within 48 hours'


def test_the_gap_is_included_to_the_millisecond():
    start = ("Whitepaper Downloaded", 7 * DAY)
    assert member(DOWNLOADED, start, ("Product Viewed", 0))
    assert not member(DOWNLOADED, ("Whitepaper Downloaded", 7 * DAY + 1), ("Product Viewed", 0))
    assert not member(DOWNLOADED, start)
    assert not member(DOWNLOADED, ("Product Viewed", 7 * DAY), ("Whitepaper Downloaded", 0))


def test_one_instant_has_no_order():
    assert not member(DOWNLOADED, ("Whitepaper Downloaded", 5), ("Product Viewed", 5))
    assert member(DOWNLOADED, ("Whitepaper Downloaded", 6), ("Product Viewed", 5))


def test_one_event_serves_one_step():
    assert not member('did "A" then "A"', ("A", 5))
    assert member('did "A" then "A"', ("A", 5), ("A", 4))
    assert not member('did "A" then "A"', ("A", 5), ("A", 5))
    assert member('did "A" then "*" then "A*"', ("A", 5), ("A", 4), ("AB", 3))


def test_any_choice_counts():
    """The first A has too wide a gap and the last is barred: the one between is right."""
    sentence = 'did "A" then "B" within 5s without "X" in between then "C" within 5s'
    events = (("A", 20_000), ("A", 9_000), ("B", 7_000), ("A", 6_000), ("X", 5_000), ("B", 4_000), ("C", 3_000))
    assert member(sentence, *events)
    assert not member(sentence, *(event for event in events if event != ("B", 7_000)))
    assert not member(sentence, *events, ("X", 8_000))


def test_what_is_barred_is_looked_for_strictly_between():
    sentence = 'did "A" then "B" without "X" or "Y" in between'
    assert member(sentence, ("A", 9), ("X", 9), ("B", 5), ("Y", 5), ("X", 10), ("Y", 4))
    assert not member(sentence, ("A", 9), ("X", 8), ("B", 5))
    assert not member(sentence, ("A", 9), ("Y", 6), ("B", 5))


def test_an_absence_becomes_true_by_time_alone():
    assert not member(NO_TRIAL, ("Page Viewed", 48 * HOUR - 1))
    assert member(NO_TRIAL, ("Page Viewed", 48 * HOUR - 1), after=1)
    assert not member(NO_TRIAL, ("Page Viewed", 48 * HOUR), ("Trial Started", 0))
    assert member(NO_TRIAL, ("Page Viewed", 48 * HOUR + 1), ("Trial Started", 0))
    assert member(NO_TRIAL, ("Page Viewed", 48 * HOUR), ("Trial Started", 48 * HOUR))
    found = explain(parse(NO_TRIAL), person(("Page Viewed", HOUR)), NOW)
    assert (found.holds, found.value, found.changes_at) == (False, "0: 0 of 1 steps", NOW + 47 * HOUR)


def test_an_absence_afterwards_lasts_until_now():
    sentence = 'did "Product Added" in the last 3 days without "Order Completed" afterwards'
    assert member(sentence, ("Product Added", 0))
    assert member(sentence, ("Order Completed", 2 * DAY), ("Product Added", DAY))
    assert not member(sentence, ("Product Added", 2 * DAY), ("Order Completed", DAY))
    assert member(sentence, ("Product Added", 2 * DAY), ("Order Completed", DAY), ("Product Added", HOUR))
    assert not member(sentence, ("Product Added", 3 * DAY))


def test_resurrected_after_dormancy():
    sentence = 'did "Email Opened" without "Email Opened" within 60 days then "Email Opened" in the last 14 days'
    assert member(sentence, ("Email Opened", 80 * DAY), ("Email Opened", 3 * DAY))
    assert not member(sentence, ("Email Opened", 80 * DAY), ("Email Opened", 30 * DAY), ("Email Opened", 3 * DAY))
    assert not member(sentence, ("Email Opened", 3 * DAY))


def test_a_window_holds_for_its_own_step():
    late = 'did "A" then "B" in the last 1 day'
    early = 'did "A" in the last 1 day then "B"'
    events = (("A", 2 * DAY), ("B", HOUR))
    assert member(late, *events)
    assert not member(early, *events)
    assert not member(late, ("A", 2 * DAY), ("B", DAY))
    assert member(early, ("A", DAY - 1), ("B", 0))


def test_it_is_completed_once_for_each_last_event():
    events = (("A", 9), ("A", 8), ("B", 7), ("B", 7), ("B", 6))
    assert member('did "A" then "B" exactly 3 times', *events)
    assert member('did "A" then "B" at most 2 times', ("A", 1))
    assert member('did "A" then "B" exactly 0 times')
    assert not member('did "A" then "B" exactly 0 times', *events)


def test_why():
    found = explain(parse('did "A" then "B" then "C"'), person(("A", 9), ("B", 8), ("A", 7)), NOW)
    assert (found.value, found.needed) == ("0: 2 of 3 steps", "at least 1 time")
    assert [event.event_id for event in found.events] == [0, 1]


def test_a_heavy_user_costs_a_sort():
    """10,000 page views of one person, every one a step and each barred by others: answered in seconds."""
    sentence = (
        'did "Page Viewed" then "Page Viewed" within 1 hour without "Order Completed" in between then "Page Viewed"'
    )
    with open_duck(threads=1, memory="1GB") as duck:
        duck.execute("CREATE TABLE subscribers AS SELECT 1::BIGINT AS subscriber, true AS identified")
        duck.execute(
            """CREATE TABLE events AS SELECT 1::BIGINT AS subscriber, i AS event_id, name, NULL AS properties,
               make_timestamp_ms($now - i * 1000) AS "at"
               FROM range(200000) AS t(i), (VALUES ('Page Viewed'), ('Order Completed')) AS n(name)
               WHERE name = 'Page Viewed' OR i % 7 = 0""",
            {"now": NOW},
        )
        assert sql.count(duck, parse(f"{sentence} at least 100000 times"), NOW) == 1


def test_a_long_chain():
    node = parse(" then ".join(['did "A"', *('"A" within 2s' for _ in range(39))]))
    history = person(*(("A", number * 1_000) for number in range(40)))
    with open_duck(threads=1, memory="1GB") as duck:
        duck.execute("CREATE TABLE subscribers AS SELECT 0::BIGINT AS subscriber, true AS identified")
        rows = [(event.event_id, event.at) for event in history.events]
        columns = 'subscriber BIGINT, event_id BIGINT, name VARCHAR, "at" TIMESTAMP, properties JSON'
        duck.execute(f"CREATE TABLE events ({columns})")
        duck.executemany("INSERT INTO events VALUES (0, ?, 'A', make_timestamp_ms(?), NULL)", rows)
        assert sql.members(duck, node, NOW) == [0]
        assert sql.members(duck, node, Instant(NOW - 1)) == []
    assert oracle.is_member(node, history, NOW)


BROKEN = {
    'did "A" then': ("incomplete_condition", "the name of an event in double quotes"),
    'did "A" without "B"': ("incomplete_condition", "afterwards"),
    'did "A" without "B" in between': ("bad_value", "after the second event"),
    'did "A" then "B" within 3 days within 4 days': ("sentence_syntax", "Say it once"),
    'did "A" twice then "B"': ("sentence_syntax", "at the end"),
    'did "A" then "B" in the last 3 days ever': ("sentence_syntax", "Say it once"),
}


@pytest.mark.parametrize("sentence", BROKEN)
def test_a_broken_sentence_is_told(sentence):
    code, fix = BROKEN[sentence]
    with pytest.raises(UserError) as caught:
        parse(sentence)
    assert caught.value.code == code
    assert fix in (caught.value.fix or "")


BROKEN_JSON = [
    ({"sequence": []}, "incomplete_condition", "$.sequence"),
    ({"sequence": [{"did": "A"}]}, "incomplete_condition", "$"),
    ({"sequence": [{"event": "A"}]}, "incomplete_condition", "$.sequence"),
    ({"sequence": [{"did": "A"}, {"did": "B"}], "when": {"last": "3d"}}, "unknown_key", "$.when"),
    ({"sequence": [{"did": "A", "within": "3d"}, {"did": "B"}]}, "bad_value", "$"),
    ({"sequence": [{"did": "A"}, {"did": "B", "within": "soon"}]}, "bad_duration", "$.sequence[1].within"),
    ({"sequence": [{"did": "A", "not_within": "3d"}, {"did": "B"}]}, "incomplete_condition", "$.sequence[0]"),
    ({"sequence": [{"did": "A"}, {"did": "B", "without": []}]}, "incomplete_condition", "$.sequence[1].without"),
    ({"sequence": [{"did": "A"}, {"did": "B", "times": {"at_least": 2}}]}, "unknown_key", "$.sequence[1]"),
]


@pytest.mark.parametrize(("data", "code", "where"), BROKEN_JSON)
def test_broken_json_is_told(data, code, where):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert (caught.value.code, caught.value.where) == (code, where)
