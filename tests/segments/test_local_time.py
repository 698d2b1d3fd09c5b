"""Local time: calendar days, weekdays and hours by the subscriber's clocks, on days when clocks change, too."""

from __future__ import annotations

import duckdb
import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.core.zones import zone
from shoal.segments import clocks, from_data, parse
from shoal.segments.history import Event, History, TraitStatement
from shoal.segments.local import CalendarDays
from shoal.segments.nodes import Person
from shoal.segments.oracle import is_member

PARIS = "Europe/Paris"


def saw(*texts: str, home: str = PARIS, **more: object) -> History:
    """A subscriber whose workspace is in a zone, with page views at these instants."""
    events = tuple(Event(number, "Page Viewed", parse_instant(text)) for number, text in enumerate(texts))
    return History(events=events, default_zone=home, **more)  # type: ignore[arg-type]


def holds(sentence: str, person: History, now: str) -> bool:
    return is_member(parse(sentence), person, parse_instant(now))


@pytest.mark.parametrize(
    ("words", "at", "now", "expected"),
    [
        ("today", "2026-03-28T23:00Z", "2026-03-29T21:59:59Z", True),
        ("today", "2026-03-28T22:59Z", "2026-03-29T21:59:59Z", False),
        ("today", "2026-03-28T23:00Z", "2026-03-29T22:00Z", False),  # the day had 23 hours
        ("yesterday", "2026-03-28T23:00Z", "2026-03-29T22:00Z", True),
        ("today", "2026-10-24T22:00Z", "2026-10-25T22:59Z", True),  # and this one 25
        ("today", "2026-10-24T22:00Z", "2026-10-25T23:00Z", False),
        ("in the last 3 calendar days", "2026-06-07T22:00Z", "2026-06-10T21:59Z", True),
        ("in the last 3 calendar days", "2026-06-07T21:59Z", "2026-06-10T21:59Z", False),
        ("this week", "2026-06-07T22:00Z", "2026-06-10T12:00Z", True),
        ("this week", "2026-06-07T21:59Z", "2026-06-10T12:00Z", False),
        ("in the previous week", "2026-06-07T21:59Z", "2026-06-10T12:00Z", True),
        ("this month", "2026-05-31T22:00Z", "2026-06-10T12:00Z", True),
        ("in the previous month", "2026-05-31T22:00Z", "2026-06-10T12:00Z", False),
        ("in the previous month", "2025-12-01T00:00Z", "2026-01-10T12:00Z", True),
        ("this year", "2025-12-31T23:00Z", "2026-06-10T12:00Z", True),
        ("in the previous year", "2025-12-31T23:00Z", "2026-06-10T12:00Z", False),
        ("in March 2026", "2026-03-31T21:59Z", "2026-06-10T12:00Z", True),
        ("in March 2026", "2026-03-31T22:00Z", "2026-06-10T12:00Z", False),
        ("in 2026", "2025-12-31T23:00Z", "2026-06-10T12:00Z", True),
        ("on a Saturday or Sunday", "2026-06-05T22:00Z", "2026-06-10T12:00Z", True),
        ("on a Saturday or Sunday", "2026-06-07T22:00Z", "2026-06-10T12:00Z", False),
        ("between 18:00 and 23:00", "2026-06-05T16:00Z", "2026-06-10T12:00Z", True),
        ("between 18:00 and 23:00", "2026-06-05T21:00Z", "2026-06-10T12:00Z", False),
        ("between 22:00 and 6:30", "2026-06-05T04:29:59Z", "2026-06-10T12:00Z", True),
        ("between 22:00 and 6:30", "2026-06-05T04:30Z", "2026-06-10T12:00Z", False),
        ("between 2:00 and 3:00", "2026-03-29T01:00Z", "2026-06-10T12:00Z", False),  # that hour was left out
        ("between 2:00 and 3:00", "2026-10-25T00:30Z", "2026-11-10T12:00Z", True),  # and this one came twice
        ("between 2:00 and 3:00", "2026-10-25T01:30Z", "2026-11-10T12:00Z", True),
    ],
)
def test_the_edges_of_local_times(words, at, now, expected):
    assert holds(f'did "Page Viewed" {words}', saw(at), now) is expected


def test_an_event_after_now_is_not_today():
    assert not holds('did "Page Viewed" today', saw("2026-06-10T12:00:01Z"), "2026-06-10T12:00Z")


def test_the_zone_is_the_traits_as_of_now_and_else_the_workspaces():
    def lives(value, at="2026-06-01"):
        return TraitStatement("timezone", value, parse_instant(at), parse_instant(at), 9)

    evening = ("2026-06-10T01:00Z",)  # the 9th in New York
    now = "2026-06-10T12:00Z"
    today = 'did "Page Viewed" today'
    assert holds(today, saw(*evening), now)
    assert not holds(today, saw(*evening, traits=(lives("America/New_York"),)), now)
    assert holds(today, saw(*evening, traits=(lives("Atlantis"),)), now)
    assert holds(today, saw(*evening, traits=(lives(None),)), now)
    assert holds(today, saw(*evening, traits=(lives("America/New_York", "2026-06-11"),)), now)


def test_it_is_a_time_of_the_week():
    nobody = saw()
    assert holds("it is a Monday between 9:00 and 17:00", nobody, "2026-06-08T07:00Z")
    assert not holds("it is a Monday between 9:00 and 17:00", nobody, "2026-06-08T06:59:59Z")
    assert not holds("it is a Monday between 9:00 and 17:00", nobody, "2026-06-08T15:00Z")
    assert holds("it is between 22:00 and 6:00", nobody, "2026-06-08T21:00Z")


def test_days_enter_and_leave_at_local_midnight():
    node = parse('did "Page Viewed" yesterday')
    person = Person.of(saw("2026-03-28T12:00Z"), parse_instant("2026-03-29T12:00Z"), {}, None)
    assert {parse_instant("2026-03-28T23:00Z"), parse_instant("2026-03-29T22:00Z")} <= set(node.moments(person))


def test_the_days_of_every_form_go_on_without_a_gap():
    """Today and what was before meet: no day is in both, and none in neither."""
    for day in range(20_000, 20_800):
        for period in ("week", "month", "year"):
            first, last = CalendarDays(f"this {period}").within(day)
            assert first <= day <= last
            assert CalendarDays(f"previous {period}").within(day)[1] == first - 1
            assert CalendarDays(f"previous {period}").turns(first - 1)[0] == first


@pytest.mark.parametrize("name", [PARIS, "America/St_Johns", "Africa/Cairo", "Pacific/Apia"])
def test_turns_are_when_the_answer_turns(name):
    """Hour by hour over two months in which clocks change, each change of the answer is a moment of it."""
    days, home = CalendarDays("last", 2), zone(name)
    start = parse_instant("2026-03-01")
    at = Instant(start + 3_600_000)
    for number, form in enumerate((days, CalendarDays("this week"), CalendarDays("previous month"))):
        turns = sorted({one for day in form.turns(home.day(at)) for one in home.instants(day * 86_400_000)})
        for before, after in zip([start, *turns], [*turns, Instant(start + 70 * 86_400_000)], strict=True):
            inside = range(max(before, at), after, 3_600_000)
            answers = {form.within(home.day(Instant(one)))[0] <= home.day(at) <= form.within(home.day(Instant(one)))[1]
                       for one in inside}  # fmt: skip
            assert len(answers) <= 1, (number, before, after)


@pytest.mark.parametrize(
    "data",
    [
        {"did": "A", "local": {}},
        {"did": "A", "local": []},
        {"did": "A", "local": {"days": "tomorrow"}},
        {"did": "A", "local": {"days": {"last": 0}}},
        {"did": "A", "local": {"days": {"last": True}}},
        {"did": "A", "local": {"days": "2026-13"}},
        {"did": "A", "local": {"weekdays": []}},
        {"did": "A", "local": {"weekdays": ["caturday"]}},
        {"did": "A", "local": {"between": ["18:00"]}},
        {"did": "A", "local": {"between": ["18:00", "18:00"]}},
        {"did": "A", "local": {"between": ["18:00", "24:01"]}},
        {"did": "A", "local": {"dyas": "today"}},
        {"local_time": {"days": "today"}},
        {"local_time": {}},
    ],
)
def test_what_says_no_local_time_is_told(data):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.where
    assert caught.value.fix


def test_all_that_is_said_twice_is_told():
    for sentence in ('did "A" today yesterday', 'did "A" on a Monday on a Friday', "it is"):
        with pytest.raises(UserError):
            parse(sentence)


def test_the_rows_of_the_view_are_the_zones():
    connection = duckdb.connect()
    connection.register("zone_offsets", clocks.offsets(frozenset({PARIS, "UTC"})))
    for text in ("1900-01-01", "2026-03-29T00:59:59.999Z", "2026-03-29T01:00Z", "2099-07-01", "3000-01-01"):
        at = parse_instant(text)
        rows = connection.execute(
            'SELECT "offset" FROM zone_offsets WHERE zone = ? AND starts <= ? AND ends > ?', [PARIS, at, at]
        ).fetchall()
        assert rows == [(zone(PARIS).offset(at),)]
