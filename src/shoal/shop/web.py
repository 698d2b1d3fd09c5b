"""Visits as a web collector sees them: pages, products, carts, time on page, scroll depth, video, forms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.shop import rates
from shoal.shop.catalogue import (
    FIRST_ARTICLE,
    FIRST_CATEGORY,
    FIRST_PRODUCT,
    FORMATS,
    HOME,
    PER_TOPIC,
    PRICING,
    TOPICS,
    Calendar,
)
from shoal.shop.people import People
from shoal.shop.rates import DAY, SECOND, Codes, Flags, Ints, Rows
from shoal.shop.visits import ADDED, CHECKED_OUT, Visits

KINDS = (
    "Page Viewed",
    "Product Viewed",
    "Page Left",
    "Product Added",
    "Checkout Started",
    "Signed Up",
    "Video Playback Completed",
    "Form Submitted",
    "Trial Started",
)
PAGE, PRODUCT, LEFT, ADD, CHECKOUT, SIGNED_UP, VIDEO, FORM, TRIAL = range(len(KINDS))

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Web:
    """Web events; one entry an event in every array, in the order of time."""

    person: Ints
    at: Ints
    kind: Codes  # place in KINDS
    page: Ints  # place in PAGES
    seconds: Ints  # left: time on the page; video: seconds watched; else 0
    scroll: Codes  # left: depth in percent; else 0
    campaign: Ints  # that brought the visit; -1 where none
    device: Codes  # 0 first browser, 1 second
    known: Flags  # logged in: the event carries the user id

    def __len__(self) -> int:
        return len(self.at)

    def where(self, mask: Rows) -> Web:
        """The events of a mask or a slice, or in an order."""
        return Web(*(getattr(self, name)[mask] for name in self.__slots__))


def web(people: People, calendar: Calendar, found: Visits, rng: np.random.Generator) -> Web:
    """Every event of every visit, but for the days on which the collector was down."""
    visit = np.repeat(np.arange(len(found)), found.pages)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(found.pages) - found.pages, found.pages)
    page = _pages(found, visit, place, rng)
    stay = np.clip(rng.lognormal(3.4, 0.8, len(visit)), 2, 1_200).astype(np.int64)
    at = found.at[visit] + _since_first(stay + 1, found.pages) * SECOND + rng.integers(0, 900, len(visit))
    device = (rng.random(len(found)) < 0.4).astype(np.int8)
    known_from = _known_from(people, found, rng)
    end = np.zeros(len(found), np.int64)
    np.maximum.at(end, visit, at)
    rows = _Rows(found, device, known_from)
    product = page - FIRST_PRODUCT
    is_product = (product >= 0) & (page < FIRST_ARTICLE)
    left = rng.random(len(visit)) < 0.4
    scroll = np.clip(stay // 3 + rng.integers(5, 60, len(visit)), 5, 100)
    video = (page >= FIRST_ARTICLE) & ((page - FIRST_ARTICLE) % len(FORMATS) == 0) & (rng.random(len(visit)) < 0.4)
    is_pricing = page == PRICING
    trial = is_pricing & (rng.random(len(visit)) < 0.06)
    form = rng.random(len(found)) < 0.03
    wanted = FIRST_PRODUCT + found.topic.astype(np.int64) * PER_TOPIC + rng.integers(0, PER_TOPIC, len(found))
    signs = np.flatnonzero(found.at == known_from[found.person])
    every = np.arange(len(found))
    added, checkout = every[found.stage >= ADDED], every[found.stage >= CHECKED_OUT]
    parts = [
        rows.of(visit, PAGE, at, page),
        rows.of(visit[is_product], PRODUCT, at[is_product] + 40, page[is_product]),
        rows.of(visit[left], LEFT, (at + stay * SECOND)[left], page[left], seconds=stay[left], scroll=scroll[left]),
        rows.of(visit[video], VIDEO, (at + stay * SECOND)[video], page[video], seconds=stay[video]),
        rows.of(visit[trial], TRIAL, at[trial] + 30 * SECOND, page[trial]),
        rows.of(every[form], FORM, end[form] + 20 * SECOND, np.full(int(form.sum()), HOME)),
        rows.of(added, ADD, end[added] + 25 * SECOND, wanted[added]),
        rows.of(checkout, CHECKOUT, end[checkout] + 70 * SECOND, wanted[checkout]),
        rows.of(signs, SIGNED_UP, found.at[signs] + 5 * SECOND, np.full(len(signs), HOME)),
    ]
    return _collected(parts, calendar)


@dataclass(frozen=True, slots=True)
class _Rows:
    found: Visits
    device: Codes
    known_from: Ints

    def of(
        self, visit: Ints, kind: int, at: Ints, page: Ints, *, seconds: Ints | int = 0, scroll: Ints | int = 0
    ) -> Web:
        """Events of these visits."""
        count = len(visit)
        person = self.found.person[visit]
        return Web(
            person=person,
            at=at,
            kind=np.full(count, kind, np.int8),
            page=page,
            seconds=np.broadcast_to(np.asarray(seconds, np.int64), count),
            scroll=np.broadcast_to(np.asarray(scroll, np.int8), count),
            campaign=self.found.campaign[visit],
            device=self.device[visit],
            known=at >= self.known_from[person],
        )


def _since_first(stay: Ints, pages: Ints) -> Ints:
    """Seconds from the first view of the visit to each of its views."""
    until_now = np.cumsum(stay) - stay
    first = np.cumsum(pages) - pages
    since: Ints = until_now - np.repeat(until_now[first], pages)
    return since


def _pages(found: Visits, visit: Ints, place: Ints, rng: np.random.Generator) -> Ints:
    """Which page each view is: landing first, pricing last, in between the category, its products and articles."""
    topic = found.topic[visit].astype(np.int64)
    drawn = rng.random(len(visit))
    product = FIRST_PRODUCT + topic * PER_TOPIC + rng.integers(0, PER_TOPIC, len(visit))
    article = FIRST_ARTICLE + topic * len(FORMATS) + rng.integers(0, len(FORMATS), len(visit))
    inner = np.select([drawn < 0.45, drawn < 0.70], [product, article], FIRST_CATEGORY + topic)
    landing = found.landing[visit]
    page = np.where(place == 0, np.where(landing >= 0, landing, HOME), inner)
    return np.where(found.pricing[visit] & (place == found.pages[visit] - 1), PRICING, page)


def _known_from(people: People, found: Visits, rng: np.random.Generator) -> Ints:
    """Instant from which each person's visits carry their user id; NEVER where they make no account.

    Whoever fills a cart has one.
    """
    signs = (found.stage >= ADDED) | (rng.random(len(found)) < rates.SIGN_UP)
    known = np.full(len(people), NEVER)
    np.minimum.at(known, found.person[signs], found.at[signs])
    return np.where(people.has_account, 0, known)


def _collected(parts: list[Web], calendar: Calendar) -> Web:
    """All events in the order of time, without those of the collector's gap and after the end."""
    whole = Web(*(np.concatenate([getattr(part, name) for part in parts]) for name in Web.__slots__))
    begin, end = gap(calendar)
    missed = (whole.at >= begin) & (whole.at < end)
    kept = np.flatnonzero(~missed & (whole.at > calendar.start) & (whole.at <= calendar.until))
    return whole.where(kept[np.argsort(whole.at[kept], kind="stable")])


def gap(calendar: Calendar) -> tuple[int, int]:
    """From when until when (excluded) no web event was collected."""
    midnight = calendar.until // DAY * DAY
    first, last = rates.GAP_DAYS
    return midnight - first * DAY, midnight - last * DAY


assert len(TOPICS) == FIRST_PRODUCT - FIRST_CATEGORY
