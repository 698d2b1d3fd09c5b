"""What other engines get wrong about time, negation, merges and late events: one test each, here in all three readings.

The facts about each project are those of its code, its issues or its documentation at the date at which it was read.
"""

from __future__ import annotations

from dataclasses import replace

import cases
import numpy as np
import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.flow import live as flow_live
from shoal.segments import oracle, sql
from shoal.segments.history import Event, History, TraitStatement
from shoal.segments.json_form import from_data
from shoal.segments.live import Live, Persons
from shoal.segments.live.histories import facts_of
from shoal.segments.nodes import Node
from shoal.segments.sentence import parse

NOW = cases.NOW
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
OPEN, BUY = "Email Opened", "Order Completed"


def person(subscriber, *events, **properties):
    """Somebody with pairs of an event and how long ago it was, in milliseconds."""
    return History(
        subscriber,
        events=tuple(
            Event(subscriber * 100 + place, name, Instant(int(NOW - ago)), properties)
            for place, (name, ago) in enumerate(events)
        ),
    )


def opened(subscriber, *ago):
    return person(subscriber, *((OPEN, each) for each in ago))


@pytest.fixture
def members(duck):
    """Members at an instant, on which the oracle, `sql`, and `live` built from views and from histories agree."""

    def found(sentence: str, people: list[History], now: Instant = NOW) -> list[int]:
        node = parse(sentence)
        want = oracle.members(node, people, now)
        cases.fill(duck, people)
        assert sql.members(duck, node, now) == want
        assert flow_live.members(duck, node, now) == want
        assert built(node, people, now).ids("it").tolist() == want
        return want

    return found


def built(node: Node, people: list[History], now: Instant) -> Live:
    """A live reading that stands at an instant."""
    live = Live(now)
    needs = live.define({"it": node})
    live.persons(persons(people))
    live.load(facts(live, people, needs))
    live.settle(silent=True)
    return live


def persons(people, present=True):
    ids = np.array([one.subscriber for one in people], np.int64)
    known = np.array([one.identified for one in people], np.bool_)
    return Persons(ids, np.full(len(ids), present), known)


def facts(live, people, needs=None):
    places = live.people.places(np.array([one.subscriber for one in people], np.int64))
    return facts_of(
        people, needs or live.needs, {one.subscriber: int(where) for one, where in zip(people, places, strict=True)}
    )


def course(sentence, people, until):
    """What happens by time alone from NOW on: how much later, whether somebody enters, and who."""
    changes = built(parse(sentence), people, NOW).advance(Instant(NOW + until))
    return [(one.at - NOW, one.entered, one.subscriber) for one in changes]


def exact(members, sentence, people, at, entered):
    """Time alone changes subscriber 1 exactly then: not a millisecond earlier, in no reading."""
    assert (1 in members(sentence, people, Instant(NOW + at - 1))) is not entered
    assert (1 in members(sentence, people, Instant(NOW + at))) is entered
    assert course(sentence, people, at + DAY)[0] == (at, entered, 1)


# Windows


def test_dittofeed_a_seven_day_window_ends_after_seven_days(members):
    """Dittofeed: stamps are floored to a tenth of the window, so a window of 7 days ends up to 16.8 hours early."""
    exact(members, "has opened in the last 7 days", [opened(1, 6 * DAY + 8 * HOUR)], 16 * HOUR, entered=False)


def test_dittofeed_no_open_in_60_days_begins_after_60_days(members):
    """Dittofeed: windows of 10 days and more have stamps floored to a day, so "no open in 60 days" begins early."""
    exact(members, "has not opened for 60 days", [opened(1, 59 * DAY + 2 * HOUR)], 22 * HOUR, entered=True)


def test_posthog_batch_a_window_does_not_begin_at_midnight(members):
    """PostHog's batch cohorts: windows start at the bound of a day, and a day is the smallest unit."""
    people = [opened(1, 23 * HOUR), opened(2, 25 * HOUR), opened(3, 20 * MINUTE)]
    assert members("has opened in the last 1 day", people) == [1, 3]
    assert members("has opened in the last 30 minutes", people) == [3]


def test_posthog_real_time_a_back_dated_event_counts_on_its_own_day(members):
    """PostHog's real-time cohorts: whole days, and an event lies on the day on which it arrived, not on its own."""
    late = opened(1, 8 * DAY)
    node = parse("has opened in the last 7 days")
    live = built(node, [History(1)], NOW)
    live.fold(facts(live, [late]))
    assert live.ids("it").tolist() == members("has opened in the last 7 days", [late]) == []
    assert members("has opened between 9 days and 7 days ago", [late]) == [1]


def test_braze_three_days_are_72_hours(members):
    """Braze: days are calendar days in UTC; its own example of 3 days spans 73 hours."""
    exact(members, "has opened in the last 3 days", [opened(1, 71 * HOUR)], HOUR, entered=False)
    assert members("has opened in the last 3 days", [opened(1, 72 * HOUR), opened(2, 72 * HOUR - 1)]) == [2]


def test_unomi_the_edge_of_a_window_is_one_and_the_same(members):
    """Apache Unomi: events are tested for more than N whole days, profiles for the instant N days ago: off by one."""
    people = [opened(1, 7 * DAY), opened(2, 7 * DAY - 1), opened(3, 8 * DAY - 1)]
    assert members("has opened in the last 7 days", people) == [2]
    assert members("has not opened for 7 days", people) == [1, 3]


def test_twilio_windows_are_finer_than_an_hour(members):
    """Twilio Segment: windows are precise to the hour."""
    exact(members, "has opened in the last 90 minutes", [opened(1, 89 * MINUTE + 59_500)], 500, entered=False)


# Time alone


@pytest.mark.parametrize(
    ("who", "staleness"),
    [
        ("Dittofeed polls every 2 minutes", 2 * MINUTE),
        ("PostHog's batch cohorts are 15 minutes old at least", 15 * MINUTE),
        ("PostHog's real-time cohorts run every 7 to 45 minutes", 45 * MINUTE),
        ("Mautic waits for the site's cron, 15 minutes in its documentation", 15 * MINUTE),
        ("Laudspeaker counts messages every 10 minutes", 10 * MINUTE),
        ("Twilio Segment looks every 8 hours where a window needs it", 8 * HOUR),
        ("Klaviyo looks once every 24 hours", DAY),
        ("Parcelvoy refreshes a list with relative dates after 24 hours", DAY),
        ("Apache Unomi recalculates at 05:00 UTC, once a day", DAY),
        ("Adobe leaves windows of more than 24 hours to the batch", DAY),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_members_leave_at_the_instant_and_not_at_the_next_run(members, who, staleness):
    """Each of these notices what time alone changes at its next run only; here it is told with its exact instant."""
    people = [opened(1, 30 * DAY - staleness // 2)]
    exact(members, "has opened in the last 30 days", people, staleness // 2, entered=False)
    exact(members, "has not opened for 30 days", people, staleness // 2, entered=True)


def test_listmonk_members_leave_by_themselves(members):
    """listmonk: members are added to a list by a query, once, and never leave by themselves."""
    people = [opened(1, DAY), opened(2, 6 * DAY)]
    live = built(parse("has opened in the last 7 days"), people, NOW)
    assert live.ids("it").tolist() == [1, 2]
    live.advance(Instant(NOW + DAY))
    assert live.ids("it").tolist() == members("has opened in the last 7 days", people, Instant(NOW + DAY)) == [1]


def test_parcelvoy_events_can_be_counted(members):
    """Parcelvoy: its rules ask whether somebody did an event, and can't count."""
    people = [opened(1, DAY, 2 * DAY, 3 * DAY), opened(2, DAY, 2 * DAY)]
    assert members("opens at least 3 times in the last 7 days", people) == [1]


# Negation


def test_posthog_never_may_stand_alone(members):
    """PostHog: a cohort of negative criteria only is refused. Klaviyo: a segment of negative conditions only lags."""
    people = [opened(1, DAY), History(2), opened(3, 40 * DAY)]
    assert members("has never opened", people) == [2]
    assert members(f'has not opened for 30 days and never did "{BUY}"', people) == [2, 3]
    exact(members, "has not opened for 30 days", people[:1], 29 * DAY, entered=True)


def test_posthog_a_count_of_zero_is_a_count(members):
    """PostHog: performed 0 times raises an error. Mautic: a read count of 0 gave wrong answers (#5041)."""
    people = [opened(1, DAY), History(2), opened(3, 8 * DAY)]
    assert members("opens exactly 0 times in the last 7 days", people) == [2, 3]
    assert members("opens between 0 and 1 times", people) == [1, 2, 3]


def test_posthog_at_most_once_includes_people_without_any(members):
    """PostHog: "at most 1" leaves out people without such an event, without saying so."""
    people = [opened(1, DAY), History(2), opened(3, DAY, 2 * DAY)]
    assert members("opens at most 1 time in the last 7 days", people) == [1, 2]


def test_openpanel_never_did_is_there(members):
    """OpenPanel: "never did" came with 2026-09 (#472)."""
    assert members(f'never did "{BUY}"', [person(1, (BUY, DAY)), History(2)]) == [2]


def test_mautic_an_old_event_does_not_hide_a_new_one(members):
    """Mautic (#16166): "not read in 180 days" had people who read 3 weeks ago: any old row was enough."""
    people = [opened(1, 200 * DAY, 21 * DAY), opened(2, 200 * DAY)]
    assert members("has not opened for 180 days", people) == [2]
    assert members(f'last did "{OPEN}" more than 180 days ago', people) == [2]


def test_unomi_at_most_changes_with_time_alone(members):
    """Apache Unomi: counts are stored and renewed daily, so at most and never are wrong for up to a day."""
    exact(members, "opens at most 1 time in the last 7 days", [opened(1, 6 * DAY, DAY)], DAY, entered=True)


# Merges, late events, repeats


def test_posthog_a_merge_leaves_no_stale_member(members):
    """PostHog (#70109, #14051): after a merge the person who is no more stays a member, and counts are not joined."""
    one, other = opened(1, DAY), opened(2, 2 * DAY)
    both = replace(one, events=(*one.events, *other.events))
    sentence = "opens at least 2 times in the last 7 days"
    live = built(parse(sentence), [one, other], NOW)
    assert live.ids("it").tolist() == members(sentence, [one, other]) == []
    ids = [persons([both]), persons([other], present=False)]
    told = Persons(*(np.concatenate([getattr(each, n) for each in ids]) for n in ("ids", "present", "identified")))
    live.fold(facts(live, [replace(other, subscriber=1)]), taken_back=facts(live, [other]), persons=told)
    assert live.ids("it").tolist() == members(sentence, [both]) == [1]
    single = built(parse("has opened in the last 7 days"), [one, other], NOW)
    single.fold(facts(single, [replace(other, subscriber=1)]), taken_back=facts(single, [other]), persons=told)
    assert single.ids("it").tolist() == members("has opened in the last 7 days", [both]) == [1]


@pytest.mark.parametrize("lag", [-1, 0, 1])
def test_a_late_event_counts_where_its_stamp_lies(members, lag):
    """Late events are handled by accident: Dittofeed selects by arrival, Unomi counted back-dated ones (#160)."""
    late = opened(1, 7 * DAY + lag)
    live = built(parse("has opened in the last 7 days"), [History(1)], NOW)
    live.fold(facts(live, [late]))
    assert live.ids("it").tolist() == members("has opened in the last 7 days", [late]) == ([1] if lag < 0 else [])


def test_a_late_event_can_take_somebody_out(members):
    """The opposite of the same: absence that was told is taken back by an event that comes late."""
    live = built(parse("has not opened for 7 days"), [History(1)], NOW)
    assert live.ids("it").tolist() == [1]
    (change,) = live.fold(facts(live, [opened(1, 3 * DAY)]))
    assert (change.entered, change.subscriber) == (False, 1)
    assert members("has not opened for 7 days", [opened(1, 3 * DAY)]) == []


def test_unomi_counts_are_exact_however_many(members):
    """Apache Unomi (#370) counted events twice; Dittofeed's counts of many are approximate (uniq of ClickHouse)."""
    people = [opened(1, *(each * MINUTE for each in range(1, 2_001))), opened(2, *(each for each in range(1, 2_000)))]
    people[0] = replace(people[0], events=tuple(replace(e, event_id=9_000 + n) for n, e in enumerate(people[0].events)))
    people[1] = replace(
        people[1], events=tuple(replace(e, event_id=20_000 + n) for n, e in enumerate(people[1].events))
    )
    assert members("opens exactly 2000 times", people) == [1]


# Words and units


def test_posthog_a_minute_is_no_month(members):
    """PostHog: a window keeps the first letter of its unit, so a minute and a month are both "m", a month."""
    people = [opened(1, 4 * MINUTE), opened(2, 6 * MINUTE)]
    assert members("has opened in the last 5 minutes", people) == [1]
    assert from_data({"did": OPEN, "when": {"last": "5m"}}) == parse("has opened in the last 5 minutes")
    for wrong in ("5 months", "5mo"):
        with pytest.raises(UserError):
            from_data({"did": OPEN, "when": {"last": wrong}})


@pytest.mark.parametrize(
    "empty",
    [
        *({}, {"all": []}, {"any": []}, {"none": []}, {"did": ""}, {"did": OPEN, "where": [{}]}),
        *({"did": OPEN, "where": [{"property": "path"}]}, {"trait": "plan"}, {"trait": "plan", "one_of": []}),
        *({"trait": "plan", "none_of": []}, {"trait": "plan", "contains": ""}, {"not": {}}),
    ],
    ids=str,
)
def test_posthog_an_empty_filter_is_nobody(empty):
    """PostHog's own tests: an empty filter is true of everyone, and so is an empty list of values."""
    with pytest.raises(UserError) as caught:
        from_data(empty)
    assert caught.value.fix


def test_mautic_a_missing_value_is_not_lost_in_an_exclusion(members):
    """Mautic (#12906): excluding a value lost people without any. Klaviyo began to drop them without saying so."""
    told = TraitStatement("country", "US", Instant(NOW - DAY), NOW, 1)
    people = [History(1, traits=(told,)), History(2)]
    assert members('country is not "US"', people) == [2]


def test_mautic_and_dittofeed_groups_nest_and_not_is_a_word(members):
    """Mautic: no brackets, or begins a new group. Dittofeed: there is no not."""
    people = [person(1, (OPEN, DAY)), person(2, (BUY, DAY)), person(3, (OPEN, DAY), (BUY, DAY)), History(4)]
    assert members(f'not (has opened in the last 7 days and (did "{BUY}" or has never opened))', people) == [1, 2, 4]
