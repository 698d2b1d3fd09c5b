"""Where people speak for themselves: support tickets and survey answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.shop import rates
from shoal.shop.catalogue import FORMATS, TOPICS, Calendar
from shoal.shop.orders import Orders
from shoal.shop.people import People
from shoal.shop.rates import DAY, HOUR, PERSONAS, Codes, Flags, Floats, Ints

SUBJECTS = (
    "Where is my order?",
    "Parcel arrived damaged",
    "Wrong item sent",
    "Please change my address",
    "How do I grind for espresso?",
    "Too many e-mails, please fewer",
)
OPEN, PENDING, SOLVED = range(3)
STATUSES = ("open", "pending", "solved")
PRIORITIES = ("low", "normal", "high", "urgent")
ROUTES = ("email", "web", "chat", "phone")
SCORES = ("offered", "good", "bad")
MAIL_WISHES = ("Every week", "Twice a month", "Once a month", "Only offers")


@dataclass(frozen=True, slots=True)
class Tickets:
    """One entry a ticket, in the order of time."""

    person: Ints
    at: Ints
    solved_at: Ints  # 0 where it is not solved
    subject: Codes
    status: Codes
    priority: Codes
    route: Codes
    score: Codes  # place in SCORES
    second: Flags  # written from the person's second identity

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class Answers:
    """One entry a filled-in survey, in the order of time."""

    person: Ints
    at: Ints
    topic: Codes
    format: Codes
    wish: Codes  # place in MAIL_WISHES
    recommend: Ints  # 0 to 10; -1 where left blank

    def __len__(self) -> int:
        return len(self.at)


def tickets(people: People, calendar: Calendar, bought: Orders, rng: np.random.Generator) -> Tickets:
    """Some orders bring a ticket; people who are about to fade often had a bad one."""
    after = np.flatnonzero(rng.random(len(bought)) < rates.TICKET_AFTER_ORDER)
    fading = people.persona == [entry.name for entry in PERSONAS].index("fader")
    bad = np.flatnonzero(fading & (rng.random(len(people)) < rates.TICKET_BEFORE_FADING))
    turn = calendar.start + ((people.course.turn[0][bad] - rng.uniform(1, 6, len(bad))) * DAY).astype(np.int64)
    person = np.concatenate([bought.person[after], bad])
    at = np.concatenate([bought.at[after] + (rng.uniform(0.5, 12, len(after)) * DAY).astype(np.int64), turn])
    sour = np.concatenate([np.zeros(len(after), np.bool_), np.ones(len(bad), np.bool_)])
    kept = np.flatnonzero((at > calendar.start) & (at <= calendar.until))
    kept = kept[np.argsort(at[kept], kind="stable")]
    return _tickets(people, calendar, person[kept], at[kept], sour=sour[kept], rng=rng)


def _tickets(
    people: People, calendar: Calendar, person: Ints, at: Ints, *, sour: Flags, rng: np.random.Generator
) -> Tickets:
    count = len(person)
    solved = at + (rng.gamma(2, 18, count) * HOUR).astype(np.int64) + HOUR
    done = (solved <= calendar.until) & (rng.random(count) < 0.95)
    score = np.where(sour, 2, np.where(rng.random(count) < 0.12, 2, 1))
    rated = done & (rng.random(count) < 0.5)
    return Tickets(
        person=person,
        at=at,
        solved_at=np.where(done, solved, 0),
        subject=np.where(sour, rng.integers(1, 3, count), rng.integers(0, len(SUBJECTS), count)).astype(np.int8),
        status=np.where(done, SOLVED, rng.integers(0, 2, count)).astype(np.int8),
        priority=rng.choice(4, count, p=[0.2, 0.6, 0.15, 0.05]).astype(np.int8),
        route=rng.choice(4, count, p=[0.55, 0.25, 0.15, 0.05]).astype(np.int8),
        score=np.where(rated, score, 0).astype(np.int8),
        second=(people.duplicate[person] > 0) & (rng.random(count) < rates.SECOND_IDENTITY_USE),
    )


def answers(people: People, calendar: Calendar, rng: np.random.Generator) -> Answers:
    """What people say of themselves: mostly what is true of them."""
    chance = rates.SURVEY_SHARE * np.where(people.rate("opens") > 0.4, 1.5, 0.6)
    who = np.flatnonzero(rng.random(len(people)) < chance)
    since = np.maximum(people.joined[who], 0)
    day = since + rng.random(len(who)) * (calendar.days - since) * 0.98
    kept = np.argsort(day, kind="stable")
    who, day = who[kept], day[kept]
    at = calendar.start + (day * DAY).astype(np.int64)
    count = len(who)
    happy = np.clip(10 * (1 - people.rate("churn")[who]) + rng.normal(-1, 1.5, count), 0, 10)
    return Answers(
        person=who,
        at=np.minimum(at, calendar.until - HOUR),
        topic=_said(people.topic[who], len(TOPICS), rng),
        format=_said(people.format[who], len(FORMATS), rng),
        wish=rng.choice(4, count, p=[0.35, 0.3, 0.2, 0.15]).astype(np.int8),
        recommend=np.where(rng.random(count) < 0.05, -1, np.round(happy)).astype(np.int64),
    )


def _said(truth: Codes, kinds: int, rng: np.random.Generator) -> Codes:
    honest = rng.random(len(truth)) < rates.HONEST_ANSWER
    other = (truth + rng.integers(1, kinds, len(truth))) % kinds
    return np.where(honest, truth, other).astype(np.int8)


def lead_score(people: People, rng: np.random.Generator) -> Floats:
    """What the sales team's scoring says, 0 to 100: roughly the true propensity."""
    raw = 100 * np.minimum(people.rate("convert") * people.eager, 1) * 0.7 + 30 * people.rate("opens")
    score: Floats = np.clip(raw + rng.normal(0, 12, len(people)), 0, 100).astype(np.float32)
    return score
