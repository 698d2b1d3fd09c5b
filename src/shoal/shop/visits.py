"""Spells of interest: who visits the shop when, how far they get, and whether they order.

A spell is a few visits over some days; it may end in a cart, a checkout or an order. Mail adds visits: a click lands on
a page, and a message that works on its reader brings an order within the week.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.shop import rates
from shoal.shop.catalogue import Calendar
from shoal.shop.mail import CLICKED, DELIVERED, Mail
from shoal.shop.people import NEAR_MISSES, People
from shoal.shop.rates import DAY, HOUR, MINUTE, SECOND, Codes, Flags, Ints, Rows

LOOKED, ADDED, CHECKED_OUT, ORDERED = range(4)
"""How far a visit got."""
OWN, FROM_MAIL, MOVED, PLANTED = range(4)
"""Why a visit happened: own interest, a click, the effect of a message, planted to just miss a segment."""


@dataclass(frozen=True, slots=True)
class Visits:
    """One entry a visit in every array, in the order of time."""

    person: Ints
    at: Ints
    pages: Ints  # page views, at least 1
    stage: Codes
    pricing: Flags  # ends on the pricing page
    topic: Codes  # category looked at
    landing: Ints  # page of the first view; -1 where the visit begins at home
    reason: Codes
    campaign: Ints  # that brought it; -1 where none
    from_ad: Flags

    def __len__(self) -> int:
        return len(self.at)

    def where(self, mask: Rows) -> Visits:
        """The visits of a mask, or in an order."""
        return Visits(*(getattr(self, name)[mask] for name in self.__slots__))


def visits(people: People, calendar: Calendar, sent: Mail, rng: np.random.Generator) -> Visits:
    """All visits of the window."""
    parts = [
        _spells(people, calendar, rng),
        _clicks(people, calendar, sent, rng),
        _moved(people, calendar, sent, rng),
    ]
    whole = _concatenated(parts)
    whole = whole.where(~_silenced(people, calendar, whole))
    whole = _concatenated([whole, _planted(people, calendar, rng)])
    inside = np.flatnonzero((whole.at > calendar.start) & (whole.at <= calendar.until - 20 * MINUTE))
    return whole.where(inside[np.argsort(whole.at[inside], kind="stable")])


def _make(
    people: People,
    person: Ints,
    at: Ints,
    rng: np.random.Generator,
    *,
    pages: Ints,
    stage: Codes | int = LOOKED,
    pricing: Flags | bool = False,
    landing: Ints | int = -1,
    reason: int = OWN,
    campaign: Ints | int = -1,
    from_ad: Flags | bool = False,
) -> Visits:
    count = len(person)
    own = rng.random(count) < 0.6
    topic = np.where(own, people.topic[person], rng.integers(0, 6, count)).astype(np.int8)
    return Visits(
        person=person,
        at=at,
        pages=pages,
        stage=np.broadcast_to(np.asarray(stage, np.int8), count),
        pricing=np.broadcast_to(np.asarray(pricing, np.bool_), count),
        topic=topic,
        landing=np.broadcast_to(np.asarray(landing, np.int64), count),
        reason=np.full(count, reason, np.int8),
        campaign=np.broadcast_to(np.asarray(campaign, np.int64), count),
        from_ad=np.broadcast_to(np.asarray(from_ad, np.bool_), count),
    )


def _concatenated(parts: list[Visits]) -> Visits:
    return Visits(*(np.concatenate([getattr(part, name) for part in parts]) for name in Visits.__slots__))


def _spells(people: People, calendar: Calendar, rng: np.random.Generator) -> Visits:
    """Visits out of own interest, at the person's own hour where they can."""
    days = calendar.days
    since = np.maximum(people.joined, 0)
    expected = people.rate("episodes") * (days - since) / 180
    spell = np.repeat(np.arange(len(people)), rng.poisson(expected))
    start = since[spell] + rng.random(len(spell)) * (days - since[spell])
    awake = rng.random(len(spell)) < people.course.at(start.astype(np.float32), spell)
    spell, start = spell[awake], start[awake]
    number = np.minimum(1 + rng.poisson(1.3, len(spell)), 6)
    gap = rng.integers(1, 3, len(spell))
    stage = _stage(people, spell, rng)
    pricing = rng.random(len(spell)) < people.rate("pricing")[spell]
    visit = np.repeat(np.arange(len(spell)), number)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(number) - number, number)
    last = place == number[visit] - 1
    person = spell[visit]
    hour = people.hour[person] - people.zone[person] + rng.normal(0.5, 2.0, len(visit))
    day = calendar.start // DAY + np.floor(start[visit]).astype(np.int64) + place * gap[visit]
    return _make(
        people,
        person,
        day * DAY + (hour * HOUR).astype(np.int64),
        rng,
        pages=2 + rng.poisson(1.8, len(visit)),
        stage=np.where(last, stage[visit], LOOKED).astype(np.int8),
        pricing=pricing[visit] & (rng.random(len(visit)) < 0.7),
        from_ad=(place == 0) & (rng.random(len(visit)) < 0.25),
    )


def _stage(people: People, person: Ints, rng: np.random.Generator) -> Codes:
    """How far each spell gets."""
    chance = np.minimum(people.rate("convert")[person] * (0.5 + 0.5 * people.eager[person]), 0.95)
    ordered = rng.random(len(person)) < chance
    added = rng.random(len(person)) < 0.28
    checkout = rng.random(len(person)) < 0.4
    return np.select([ordered, added & checkout, added], [ORDERED, CHECKED_OUT, ADDED], LOOKED).astype(np.int8)


def _clicks(people: People, calendar: Calendar, sent: Mail, rng: np.random.Generator) -> Visits:
    """The visits behind people's clicks."""
    click = np.flatnonzero((sent.kind == CLICKED) & ~sent.by_machine)
    links = np.array(calendar.links(), np.int64)
    landing = links[sent.campaign[click] * rates.BOT_LINKS + np.clip(sent.link[click], 0, 4)]
    return _make(
        people,
        sent.person[click],
        sent.at[click] + 2 * SECOND,
        rng,
        pages=1 + rng.poisson(0.5, len(click)),
        landing=landing,
        reason=FROM_MAIL,
        campaign=sent.campaign[click],
    )


def _moved(people: People, calendar: Calendar, sent: Mail, rng: np.random.Generator) -> Visits:
    """Orders that would not have happened without a message: the planted treatment effects."""
    given = np.flatnonzero((sent.kind == DELIVERED) & (calendar.treatment[sent.campaign] > 0))
    effect = people.effect()[sent.person[given], calendar.treatment[sent.campaign[given]]]
    mail = given[rng.random(len(given)) < effect]
    lag = np.minimum(rng.exponential(30 * HOUR, len(mail)), 6.5 * DAY).astype(np.int64)
    return _make(
        people,
        sent.person[mail],
        sent.at[mail] + HOUR + lag,
        rng,
        pages=2 + rng.poisson(1.0, len(mail)),
        stage=ORDERED,
        reason=MOVED,
        campaign=sent.campaign[mail],
    )


def _silenced(people: People, calendar: Calendar, found: Visits) -> Flags:
    """Visits that would spoil a planted near miss: none in the last 16 days, or no order at any other time."""
    near = people.near_miss[found.person]
    recent = calendar.until - found.at < 16 * DAY
    a_people = np.isin(near, [NEAR_MISSES.index("a_viewed_too_early"), NEAR_MISSES.index("a_just_ordered")])
    return a_people & recent


def _planted(people: People, calendar: Calendar, rng: np.random.Generator) -> Visits:
    """The visits and orders that make the near misses."""
    edge = calendar.until - 7 * DAY
    parts = []
    plan = {
        "a_viewed_too_early": ((edge - HOUR, LOOKED, True),),
        "a_just_ordered": ((edge + HOUR, ORDERED, False), (calendar.until - 2 * DAY, LOOKED, True)),
        "b_bought_long_ago": ((calendar.start + 4 * DAY, ORDERED, False),),
        "c_fell_too_little": ((calendar.start + 6 * DAY, ORDERED, False),),
    }
    for name, steps in plan.items():
        who = np.flatnonzero(people.near_miss == NEAR_MISSES.index(name))
        for at, stage, pricing in steps:
            parts.append(
                _make(
                    people,
                    who,
                    np.full(len(who), at) - rng.integers(0, 30 * MINUTE, len(who)) * (stage == LOOKED),
                    rng,
                    pages=np.full(len(who), 2),
                    stage=stage,
                    pricing=pricing,
                    reason=PLANTED,
                )
            )
    return _concatenated(parts)
