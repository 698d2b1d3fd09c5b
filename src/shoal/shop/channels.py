"""What happens outside mail and shop: text messages, ads, the app, social media, deals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.shop.catalogue import CHANNELS, Calendar
from shoal.shop.people import People
from shoal.shop.rates import DAY, HOUR, MINUTE, SECOND, Codes, Ints, Rows
from shoal.shop.visits import Visits

KINDS = (
    "SMS Sent",
    "SMS Link Clicked",
    "SMS Replied",
    "Ad Clicked",
    "App Opened",
    "Social Post Liked",
    "Deal Stage Changed",
)
SMS_SENT, SMS_CLICKED, SMS_REPLIED, AD, APP, SOCIAL, DEAL = range(len(KINDS))

NETWORKS = ("instagram", "facebook", "tiktok", "search")
DEAL_STAGES = ("appointment_scheduled", "contract_sent", "closed_won", "closed_lost")
SMS_EVERY_DAYS = 30


@dataclass(frozen=True, slots=True)
class Touches:
    """One entry an event in every array, in the order of time."""

    person: Ints
    at: Ints
    kind: Codes  # place in KINDS
    detail: Ints  # text messages: number of the blast; ads, social: place in NETWORKS; deals: in DEAL_STAGES

    def __len__(self) -> int:
        return len(self.at)

    def where(self, mask: Rows) -> Touches:
        """The events of a mask or a slice, or in an order."""
        return Touches(*(getattr(self, name)[mask] for name in self.__slots__))


def touches(people: People, calendar: Calendar, found: Visits, rng: np.random.Generator) -> Touches:
    """All events of the other channels."""
    parts = [*_texts(people, calendar, rng), _ads(found, rng), _app(people, calendar, rng)]
    parts += [_social(people, calendar, rng), *_deals(people, calendar, rng)]
    whole = Touches(*(np.concatenate([getattr(part, name) for part in parts]) for name in Touches.__slots__))
    kept = np.flatnonzero((whole.at > calendar.start) & (whole.at <= calendar.until))
    return whole.where(kept[np.argsort(whole.at[kept], kind="stable")])


def _make(person: Ints, at: Ints, kind: int, detail: Ints | int = 0) -> Touches:
    count = len(person)
    whole = np.broadcast_to(np.asarray(detail, np.int64), count)
    return Touches(person, at, np.full(count, kind, np.int8), whole)


def _texts(people: People, calendar: Calendar, rng: np.random.Generator) -> list[Touches]:
    """A text message every 30 days to those who allow it; people who like texts best click most."""
    sent = calendar.start + np.arange(10, calendar.days, SMS_EVERY_DAYS).astype(np.int64) * DAY + 17 * HOUR
    allowed = np.flatnonzero(people.sms_consent)
    blast = np.tile(np.arange(len(sent)), len(allowed))
    person = np.repeat(allowed, len(sent))
    at = sent[blast] + rng.integers(0, 5 * MINUTE, len(person))
    there = people.joined[person] * DAY + calendar.start < at
    person, at, blast = person[there], at[there], blast[there]
    likes = people.channel[person] == CHANNELS.index("sms")
    clicks = rng.random(len(person)) < np.where(likes, 0.30, 0.05)
    replies = rng.random(len(person)) < np.where(likes, 0.04, 0.005)
    click_at = at + (rng.exponential(20, len(at)) * MINUTE).astype(np.int64) + 10 * SECOND
    return [
        _make(person, at, SMS_SENT, blast),
        _make(person[clicks], click_at[clicks], SMS_CLICKED, blast[clicks]),
        _make(person[replies], click_at[replies] + MINUTE, SMS_REPLIED, blast[replies]),
    ]


def _ads(found: Visits, rng: np.random.Generator) -> Touches:
    """A click on an ad some seconds before the visit that it brought."""
    brought = np.flatnonzero(found.from_ad)
    at = found.at[brought] - rng.integers(1, 5, len(brought)) * SECOND
    return _make(found.person[brought], at, AD, rng.integers(0, len(NETWORKS), len(brought)))


def _app(people: People, calendar: Calendar, rng: np.random.Generator) -> Touches:
    """The app: often for those who like it best, less as activity falls."""
    expected = np.where(people.channel == CHANNELS.index("app"), 14.0, 4.0) * people.uses_app * calendar.days / 180
    person, at = _spread(people, calendar, expected, rng)
    return _make(person, at, APP)


def _social(people: People, calendar: Calendar, rng: np.random.Generator) -> Touches:
    person, at = _spread(people, calendar, np.full(len(people), 0.3 * calendar.days / 180), rng)
    return _make(person, at, SOCIAL, rng.integers(0, 3, len(person)))


def _deals(people: People, calendar: Calendar, rng: np.random.Generator) -> list[Touches]:
    """A few people at companies have a deal in the CRM: it opens, moves on, is won or lost."""
    who = np.flatnonzero(people.in_crm & (rng.random(len(people)) < 0.04))
    first = calendar.start + (rng.random(len(who)) * (calendar.days - 1) * DAY).astype(np.int64)
    second = first + (rng.gamma(3, 5, len(who)) * DAY).astype(np.int64)
    third = second + (rng.gamma(3, 6, len(who)) * DAY).astype(np.int64)
    end = np.where(rng.random(len(who)) < 0.4, 2, 3)
    return [_make(who, first, DEAL, 0), _make(who, second, DEAL, 1), _make(who, third, DEAL, end)]


def _spread(people: People, calendar: Calendar, expected: object, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Events at random since joining, as often as the person is active."""
    person = np.repeat(np.arange(len(people)), rng.poisson(np.asarray(expected)))
    since = np.maximum(people.joined[person], 0)
    day = since + rng.random(len(person)) * (calendar.days - since)
    awake = rng.random(len(person)) < people.course.at(day.astype(np.float32), person)
    return person[awake], calendar.start + (day[awake] * DAY).astype(np.int64)
