"""The simulation does what its table of rates says."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from itertools import pairwise

import numpy as np
import pytest

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.shop import Shop, rates, simulate
from shoal.shop.catalogue import calendar
from shoal.shop.mail import (
    APPLE_PROXY,
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DELIVERED,
    MACHINES,
    OPENED,
    UNSUBSCRIBED,
)
from shoal.shop.orders import NEVER
from shoal.shop.people import DUPLICATE_KINDS, KIOSK_DEVICE, NEAR_MISSES
from shoal.shop.people import people as draw_people
from shoal.shop.rates import DAY, HOUR, MINUTE, PERSONAS, SECOND, TREATMENTS
from shoal.shop.visits import MOVED, ORDERED
from shoal.shop.web import gap

PARTS = ("mail", "web", "orders", "touches", "tickets", "answers")
NAMES = [persona.name for persona in PERSONAS]


def arrays(value: object, path: str = "") -> dict[str, object]:
    """Every array and number of a shop by its path."""
    if is_dataclass(value):
        return {
            key: found
            for field in fields(value)
            for key, found in arrays(getattr(value, field.name), f"{path}.{field.name}").items()
        }
    if isinstance(value, tuple):
        return {f"{path}[{place}]": item for place, item in enumerate(value)}
    return {path: value}


def same(one: Shop, two: Shop) -> dict[str, bool]:
    first, second = arrays(one), arrays(two)
    return {path: np.array_equal(first[path], second[path]) for path in first}


def near(hits: int, trials: int, rate: float) -> bool:
    """Whether so many hits are within three standard errors of the rate."""
    return abs(hits - trials * rate) <= 3 * np.sqrt(trials * rate * (1 - rate)) + 1e-9


def test_the_same_seed_gives_the_same_shop() -> None:
    assert all(same(simulate(500, 60), simulate(500, 60)).values())


def test_another_seed_or_part_gives_another_shop() -> None:
    one = simulate(500, 60)
    for other in (simulate(500, 60, seed=8), simulate(500, 60, part=1)):
        differs = {path for path, equal in same(one, other).items() if not equal}
        assert {".people.persona", ".mail.at", ".web.at", ".orders.at", ".touches.at"} <= differs


@pytest.mark.parametrize("subscribers", [1, 2, 7])
@pytest.mark.parametrize("days", [14, 59])
def test_small_shops_stand(subscribers: int, days: int) -> None:
    assert len(simulate(subscribers, days).people) == subscribers


@pytest.mark.parametrize(("subscribers", "days"), [(0, 180), (10, 13), (10, 1_001)])
def test_impossible_sizes_are_refused(subscribers: int, days: int) -> None:
    with pytest.raises(UserError) as caught:
        simulate(subscribers, days)
    assert caught.value.code == "bad_shop_size"


def test_everything_happens_inside_the_window(shop: Shop) -> None:
    for part in PARTS:
        at = getattr(shop, part).at
        assert shop.calendar.start < at.min()
        assert at.max() <= shop.calendar.until
        assert (np.diff(at) >= 0).all(), f"{part} is not in the order of time"


def test_the_window_ends_where_it_is_told() -> None:
    until = parse_instant("2025-03-01T12:00:00Z")
    small = simulate(200, 30, until=until)
    assert small.mail.at.max() <= until < small.mail.at.max() + 5 * DAY


def test_forty_to_fifty_five_events_a_person(shop: Shop) -> None:
    assert 40 <= shop.events / len(shop.people) <= 55


def test_twice_the_days_give_about_twice_the_events() -> None:
    assert simulate(2_000, 180).events == pytest.approx(2 * simulate(2_000, 90).events, rel=0.25)


def test_shares_of_people() -> None:
    """On ten shops' worth of people, so that a small bias shows."""
    count = 200_000
    people = draw_people(count, 180, np.random.default_rng(1))
    assert near(people.is_bot.sum(), count, rates.BOT_SHARE)
    assert near(people.is_apple.sum(), count, rates.APPLE_SHARE)
    assert near(people.is_gmail.sum(), count, rates.GMAIL_SHARE)
    assert near(people.sms_consent.sum(), count, rates.SMS_CONSENT)
    assert near(people.in_crm.sum(), count, rates.CRM_SHARE)
    for code, persona in enumerate(PERSONAS):
        assert near((people.persona == code).sum(), count, persona.share), persona.name
    for code, kind in enumerate(DUPLICATE_KINDS[1:], 1):
        assert near((people.duplicate == code).sum(), count, rates.DUPLICATES[kind]), kind


def test_shares_of_personas_add_up() -> None:
    assert sum(persona.share for persona in PERSONAS) == pytest.approx(1)
    assert len({persona.name for persona in PERSONAS}) == len(PERSONAS) >= 6


def test_shared_phones_and_browsers_join_two_different_people(shop: Shop) -> None:
    people = shop.people
    guests = np.flatnonzero(people.household != people.number)
    hosts = people.household[guests] - people.first
    assert near(len(guests), len(people) // 2, rates.HOUSEHOLD_SHARE)
    assert (people.family[guests] == people.family[hosts]).all()
    assert (people.country[guests] == people.country[hosts]).all()
    borrowed = (people.device != 2 * people.number + 1) & (people.device != KIOSK_DEVICE)
    assert near(borrowed.sum(), len(people) // 2, rates.SHARED_DEVICE_SHARE)
    assert (people.device == KIOSK_DEVICE).sum() > 5


def test_favourite_styles_are_opened_more_often(shop: Shop) -> None:
    match = shop.people.style[shop.mail.person] == shop.calendar.style[shop.mail.campaign]
    settled = shop.people.persona[shop.mail.person] == NAMES.index("bargain_hunter")
    person = settled & ~shop.people.is_apple[shop.mail.person] & ~shop.people.is_bot[shop.mail.person]
    sent = (shop.mail.kind == DELIVERED) & person & (shop.calendar.until - shop.mail.at > 2 * DAY)
    key = shop.mail.person * len(shop.calendar) + shop.mail.campaign
    opened = np.isin(key, key[shop.mail.kind == OPENED])
    share = {bool(flag): opened[sent & (match == flag)].mean() for flag in (True, False)}
    ratio = share[True] / share[False]
    error = ratio * np.sqrt(sum(1 / (share[flag] * (sent & (match == flag)).sum()) for flag in (True, False)))
    assert abs(ratio - rates.STYLE_MATCH / rates.STYLE_MISS) < 3 * error


def test_favourite_topics_are_clicked_more_often(shop: Shop) -> None:
    mail, people = shop.mail, shop.people
    human = ~people.is_bot[mail.person] & (people.near_miss[mail.person] == 0)
    match = people.topic[mail.person] == shop.calendar.topic[mail.campaign]
    opened = (mail.kind == OPENED) & human & ~mail.by_machine
    key = mail.person * len(shop.calendar) + mail.campaign
    clicked = np.isin(key, key[mail.kind == CLICKED])
    on_taste, off_taste = clicked[opened & match].mean(), clicked[opened & ~match].mean()
    assert on_taste / off_taste == pytest.approx(rates.TOPIC_MATCH / rates.TOPIC_MISS, rel=0.1)


def test_scanners_follow_every_link_within_seconds(shop: Shop) -> None:
    mail = shop.mail
    key = mail.person * len(shop.calendar) + mail.campaign
    by_scanner = (mail.kind == CLICKED) & mail.by_machine
    assert shop.people.is_bot[mail.person[by_scanner]].all()
    delivered = (mail.kind == DELIVERED) & shop.people.is_bot[mail.person]
    order = np.argsort(key[delivered])
    place = np.searchsorted(key[delivered][order], key[by_scanner])
    wait = mail.at[by_scanner] - mail.at[delivered][order][place]
    assert wait.min() > 0
    assert wait.max() < 8 * SECOND
    assert by_scanner.sum() == rates.BOT_LINKS * delivered.sum()


def test_apples_proxy_opens_all_mail_within_minutes_and_hides_the_person(shop: Shop) -> None:
    mail, people = shop.mail, shop.people
    apple = people.is_apple[mail.person]
    opened = apple & (mail.kind == OPENED)
    assert (mail.agent[opened] == APPLE_PROXY).all()
    late = mail.at > shop.calendar.until - 10 * MINUTE
    assert opened.sum() == (apple & (mail.kind == DELIVERED) & ~late).sum()
    assert (~np.isin(mail.agent[apple & (mail.kind == CLICKED)], MACHINES)).all()


def test_nobody_is_written_to_after_leaving(shop: Shop) -> None:
    mail = shop.mail
    for kind in (UNSUBSCRIBED, COMPLAINED):
        left = np.full(len(shop.people), np.iinfo(np.int64).max - DAY)
        ends = mail.kind == kind
        np.minimum.at(left, mail.person[ends], mail.at[ends])
        delivered = mail.kind == DELIVERED
        assert (mail.at[delivered] <= left[mail.person[delivered]] + DAY).all()
    hard = mail.person[(mail.kind == BOUNCED) & (mail.detail == 1)]
    assert len(hard) == len(set(hard.tolist())) > 20
    assert not np.isin(mail.person[mail.kind == DELIVERED], hard).any()


def test_activity_turns_when_the_course_says(shop: Shop) -> None:
    mail, people = shop.mail, shop.people
    fader = (people.persona == NAMES.index("fader")) & ~people.is_apple & ~people.is_bot
    turn = shop.calendar.start + people.course.turn[0] * DAY
    later = mail.at > turn[mail.person] + 2 * DAY
    earlier = mail.at < turn[mail.person] - 2 * DAY
    share = [
        ((mail.kind == OPENED) & fader[mail.person] & when).sum()
        / ((mail.kind == DELIVERED) & fader[mail.person] & when).sum()
        for when in (earlier, later)
    ]
    assert share[1] < 0.25 * share[0]
    dormant = people.persona == NAMES.index("dormant")
    recent = mail.at > shop.calendar.until - 55 * DAY
    assert not ((mail.kind == OPENED) & dormant[mail.person] & recent & ~mail.by_machine).any()


def test_people_read_at_their_own_hour(shop: Shop) -> None:
    mail, people = shop.mail, shop.people
    human = (mail.kind == OPENED) & ~mail.by_machine
    local = (mail.at[human] / HOUR + people.zone[mail.person[human]]) % 24
    apart = np.abs((local - people.hour[mail.person[human]] + 12) % 24 - 12)
    assert (apart < 2).mean() > 0.55


def test_messages_change_outcomes_as_planted(shop: Shop) -> None:
    """Orders moved by a message, against the sum of the effects of all that got it."""
    mail, people = shop.mail, shop.people
    given = (mail.kind == DELIVERED) & (mail.at < shop.calendar.until - 8 * DAY)
    for name, persona in (("discount", "bargain_hunter"), ("social_proof", "researcher")):
        kind = shop.calendar.treatment[mail.campaign] == TREATMENTS.index(name)
        got = given & kind & (people.persona[mail.person] == NAMES.index(persona))
        expected = people.effect()[mail.person[got], TREATMENTS.index(name)].sum()
        visits = shop.visits
        moved = (visits.reason == MOVED) & (visits.at < shop.calendar.until - DAY)
        moved &= people.persona[visits.person] == NAMES.index(persona)
        moved &= shop.calendar.treatment[visits.campaign] == TREATMENTS.index(name)
        cut = shop.calendar.at[visits.campaign] < shop.calendar.until - 8 * DAY
        silenced = people.near_miss[visits.person] > 0
        assert abs((moved & cut & ~silenced).sum() - expected) < 3 * np.sqrt(expected) + 3, name


def test_experiments_have_a_random_audience(shop: Shop) -> None:
    mail, people = shop.mail, shop.people
    tried = np.flatnonzero(shop.calendar.experiment)
    assert len(tried) >= 4
    assert (shop.calendar.treatment[tried] > 0).all()
    members = (
        people.email_consent
        & (people.joined < 0)
        & ~np.isin(people.near_miss, [NEAR_MISSES.index("c_fell_too_little")])
    )
    gone = np.unique(mail.person[np.isin(mail.kind, [UNSUBSCRIBED, COMPLAINED, BOUNCED])])
    members[gone] = False
    for persona in range(len(PERSONAS)):
        of_kind = members & (people.persona == persona)
        got = (mail.kind == DELIVERED) & np.isin(mail.campaign, tried) & of_kind[mail.person]
        assert near(got.sum(), of_kind.sum() * len(tried), rates.EXPERIMENT_AUDIENCE), NAMES[persona]


def test_orders_come_at_the_end_of_visits(shop: Shop) -> None:
    bought, visits = shop.orders, shop.visits
    assert (visits.stage == ORDERED).sum() == len(bought)
    assert (bought.at - 12 * MINUTE == visits.at[visits.stage == ORDERED]).all()
    assert (bought.total > 0).all()
    assert len(np.unique(bought.number)) == len(bought)
    assert (np.bincount(bought.line_order, minlength=len(bought)) >= 1).all()


def test_refunds_and_cancellations(shop: Shop) -> None:
    bought = shop.orders
    old = bought.at < shop.calendar.until - 21 * DAY
    assert near((bought.refunded_at[old] != NEVER).sum(), old.sum(), rates.REFUND)
    assert near((bought.cancelled_at[old] != NEVER).sum(), old.sum(), rates.CANCEL)
    assert (bought.refunded <= bought.total).all()
    assert ((bought.refunded > 0) == ((bought.refunded_at != NEVER) | (bought.cancelled_at != NEVER))).all()


def test_the_collector_was_down_for_four_days(shop: Shop) -> None:
    begin, end = gap(shop.calendar)
    assert end - begin == 4 * DAY
    assert not ((shop.web.at >= begin) & (shop.web.at < end)).any()
    assert ((shop.orders.at >= begin) & (shop.orders.at < end)).sum() > 20
    busy = np.unique(shop.web.at // DAY)
    assert [int(after - before) for before, after in pairwise(busy) if after - before > 1] == [5]


def test_surveys_are_mostly_honest(shop: Shop) -> None:
    said = shop.answers
    for answer, truth in ((said.topic, shop.people.topic), (said.format, shop.people.format)):
        assert near((answer == truth[said.person]).sum(), len(said), rates.HONEST_ANSWER)


def test_the_calendar_has_every_treatment() -> None:
    when = calendar(180, 7, parse_instant("2026-10-31T18:00:00Z"))
    assert len(when) == 51
    assert set(when.treatment.tolist()) == set(range(len(TREATMENTS)))
    assert len(set(when.ids())) == len(when)
    assert when.start < when.at.min()
    assert when.at.max() < when.until
