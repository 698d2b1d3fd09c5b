"""Orders, their lines, refunds and cancellations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.shop import rates
from shoal.shop.catalogue import PER_TOPIC, PRODUCTS, TREATMENTS_WITH_CODE, Calendar
from shoal.shop.people import People
from shoal.shop.rates import DAY, MINUTE, Flags, Ints
from shoal.shop.visits import ORDERED, Visits

NEVER = 0


@dataclass(frozen=True, slots=True)
class Orders:
    """One entry an order, in the order of time; amounts in cents."""

    person: Ints
    at: Ints
    number: Ints  # shown as #1001, #1002, ...
    subtotal: Ints  # before the discount
    discount: Ints
    shipping: Ints
    taxes: Ints
    refunded: Ints
    refunded_at: Ints  # NEVER where not
    cancelled_at: Ints  # NEVER where not
    campaign: Ints  # that moved the person to it; -1 where none
    second: Flags  # under the person's second identity
    line_order: Ints  # one entry a line: place of its order
    line_product: Ints
    line_quantity: Ints

    def __len__(self) -> int:
        return len(self.at)

    @property
    def total(self) -> Ints:
        """What was to pay."""
        return self.subtotal - self.discount + self.shipping + self.taxes


def orders(people: People, calendar: Calendar, found: Visits, rng: np.random.Generator, first_number: int) -> Orders:
    """The orders of the visits that ended in one, numbered from `first_number`."""
    bought = found.where(found.stage == ORDERED)
    at = bought.at + 12 * MINUTE
    count = len(at)
    lines = np.minimum(1 + rng.poisson(0.6, count), 5)
    line_order = np.repeat(np.arange(count), lines)
    product = bought.topic[line_order].astype(np.int64) * PER_TOPIC + rng.integers(0, PER_TOPIC, len(line_order))
    quantity = np.where(rng.random(len(line_order)) < 0.85, 1, rng.integers(2, 5, len(line_order)))
    cents = np.array([product.cents for product in PRODUCTS], np.int64)[product]
    subtotal = np.bincount(line_order, cents * quantity, count).astype(np.int64)
    treated = np.append(calendar.treatment, 0)[bought.campaign]
    discount = np.where(np.isin(treated, TREATMENTS_WITH_CODE), subtotal // 5, 0)
    shipping = np.where(subtotal - discount >= 5_000, 0, 490)
    taxes = (subtotal - discount) * 8 // 100
    cancelled_at, refunded_at, refunded = _undone(at, subtotal - discount + shipping + taxes, calendar, rng)
    twofold = people.duplicate[bought.person] > 0
    return Orders(
        person=bought.person,
        at=at,
        number=first_number + np.arange(count),
        subtotal=subtotal,
        discount=discount,
        shipping=shipping,
        taxes=taxes,
        refunded=refunded,
        refunded_at=refunded_at,
        cancelled_at=cancelled_at,
        campaign=bought.campaign,
        second=twofold & (rng.random(count) < rates.SECOND_IDENTITY_USE),
        line_order=line_order,
        line_product=product,
        line_quantity=quantity,
    )


def _undone(at: Ints, total: Ints, calendar: Calendar, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """When each order was cancelled, when refunded (NEVER where not, or not yet), and how much was paid back."""
    drawn, whole = rng.random(len(at)), rng.random(len(at)) < 0.7
    cancel = drawn < rates.CANCEL
    refund = ~cancel & (drawn < rates.CANCEL + rates.REFUND)
    cancelled_at = np.where(cancel, at + rng.integers(30 * MINUTE, DAY, len(at)), NEVER)
    refunded_at = np.where(refund, at + rng.integers(2 * DAY, 20 * DAY, len(at)), NEVER)
    cancelled_at, refunded_at = (np.where(when > calendar.until, NEVER, when) for when in (cancelled_at, refunded_at))
    part = np.where(whole, total, total // 2)
    return cancelled_at, refunded_at, np.where(cancelled_at > 0, total, np.where(refunded_at > 0, part, 0))
