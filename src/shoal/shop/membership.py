"""Who is in the guide's segments A, B and C at the end, by the events themselves.

The counts are kept beside the answers, so that another definition (machine opens included, another window) can
be judged by the same truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.shop.catalogue import COMPARE, PRICING, Calendar
from shoal.shop.mail import CLICKED, DELIVERED, OPENED, Mail
from shoal.shop.orders import Orders
from shoal.shop.people import People
from shoal.shop.rates import DAY, Flags, Ints
from shoal.shop.web import PAGE, PRODUCT, Web


@dataclass(frozen=True, slots=True)
class Membership:
    """One entry a person in every array; windows are `(until - W, until]`, "by a person" unless said otherwise."""

    in_a: Flags
    in_b: Flags
    in_c: Flags
    shop_views_7d: Ints  # pricing pages and products, seen while or before being logged in
    orders: Ints  # in all the window
    orders_7d: Ints
    received_30d: Ints
    opens_30d: Ints
    clicks_30d: Ints
    opens_before: Ints  # 30 to 60 days ago
    opens_30d_with_machines: Ints
    clicks_30d_with_machines: Ints
    opens_before_with_machines: Ints


def membership(people: People, calendar: Calendar, sent: Mail, seen: Web, bought: Orders) -> Membership:
    """Count, then compare.

    A: viewed pricing or a product in 7 days, no order in 7 days, and known by name. B: more opens and more clicks
    in 30 days than the mean of everybody who was sent something, and no order. C: has ordered, and opened at most
    half as often in 30 days as in the 30 days before, when they opened at least once.
    """
    until, size = calendar.until, len(people)
    month, before = _within(sent.at, until, 0, 30), _within(sent.at, until, 30, 60)
    human = ~sent.by_machine
    opened, clicked = sent.kind == OPENED, sent.kind == CLICKED
    shop = (seen.kind == PRODUCT) | ((seen.kind == PAGE) & ((seen.page == PRICING) | (seen.page == COMPARE)))
    views = _count(seen.person, shop & _within(seen.at, until, 0, 7), size)
    known = _count(seen.person, seen.known, size) > 0
    orders = np.bincount(bought.person, minlength=size)
    orders_7d = _count(bought.person, _within(bought.at, until, 0, 7), size)
    received = _count(sent.person, (sent.kind == DELIVERED) & month, size)
    opens = _count(sent.person, opened & month & human, size)
    clicks = _count(sent.person, clicked & month & human, size)
    earlier = _count(sent.person, opened & before & human, size)
    reached = received > 0
    mean_opens, mean_clicks = (float(np.mean(array[reached])) if reached.any() else 0.0 for array in (opens, clicks))
    return Membership(
        in_a=(views > 0) & (orders_7d == 0) & known,
        in_b=(opens > mean_opens) & (clicks > mean_clicks) & (orders == 0),
        in_c=(orders > 0) & (earlier > 0) & (2 * opens <= earlier),
        shop_views_7d=views,
        orders=orders,
        orders_7d=orders_7d,
        received_30d=received,
        opens_30d=opens,
        clicks_30d=clicks,
        opens_before=earlier,
        opens_30d_with_machines=_count(sent.person, opened & month, size),
        clicks_30d_with_machines=_count(sent.person, clicked & month, size),
        opens_before_with_machines=_count(sent.person, opened & before, size),
    )


def _within(at: Ints, until: int, newest: int, oldest: int) -> Flags:
    """Whether instants lie in `(until - oldest, until - newest]` days."""
    return (at > until - oldest * DAY) & (at <= until - newest * DAY)


def _count(person: Ints, which: Flags, size: int) -> Ints:
    return np.bincount(person[which], minlength=size)
