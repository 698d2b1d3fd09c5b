"""The whole simulation: a shop, its people, and everything that they did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.core.errors import require
from shoal.core.time import Instant, parse_instant
from shoal.shop.catalogue import Calendar, calendar
from shoal.shop.channels import Touches, touches
from shoal.shop.desk import Answers, Tickets, answers, lead_score, tickets
from shoal.shop.mail import Mail, mail
from shoal.shop.membership import Membership, membership
from shoal.shop.orders import Orders, orders
from shoal.shop.people import People, people
from shoal.shop.rates import Floats
from shoal.shop.visits import Visits, visits
from shoal.shop.web import Web, web

UNTIL = parse_instant("2026-10-31T18:00:00Z")
"""The end of the window where none is named: fixed, so that the same call always builds the same shop."""

SHORTEST, LONGEST = 14, 1_000  # days
ORDERS_PER_PERSON = 8  # order numbers kept free for each person of an earlier part


@dataclass(frozen=True, slots=True)
class Shop:
    """A simulated shop: who its people are and what happened from `calendar.start` to `calendar.until`."""

    seed: int
    calendar: Calendar
    people: People
    mail: Mail
    visits: Visits
    web: Web
    orders: Orders
    touches: Touches
    tickets: Tickets
    answers: Answers
    lead_score: Floats
    membership: Membership

    @property
    def events(self) -> int:
        """How many events the sources of the shop hold."""
        return sum(len(part) for part in (self.mail, self.web, self.orders, self.touches, self.tickets, self.answers))


def simulate(
    subscribers: int = 20_000,
    days: int = 180,
    seed: int = 7,
    until: Instant = UNTIL,
    *,
    part: int = 0,
    first: int = 0,
) -> Shop:
    """Simulate `subscribers` people over the `days` days that end at `until`.

    The same arguments give the same shop to the last bit. A large shop is made of parts that share the calendar: `part`
    chooses the random numbers, `first` is the number of the part's first person. Raises UserError `bad_shop_size`.
    """
    _require_size(subscribers, days)
    draws = [np.random.default_rng([seed, part, stream]) for stream in range(8)]
    when = calendar(days, seed, until)
    who = people(subscribers, days, draws[0], first)
    sent = mail(who, when, draws[1])
    found = visits(who, when, sent, draws[2])
    seen = web(who, when, found, draws[3])
    bought = orders(who, when, found, draws[4], 1_001 + first * ORDERS_PER_PERSON)
    return Shop(
        seed=seed,
        calendar=when,
        people=who,
        mail=sent,
        visits=found,
        web=seen,
        orders=bought,
        touches=touches(who, when, found, draws[5]),
        tickets=tickets(who, when, bought, draws[6]),
        answers=answers(who, when, draws[7]),
        lead_score=lead_score(who, np.random.default_rng([seed, part, 8])),
        membership=membership(who, when, sent, seen, bought),
    )


def _require_size(subscribers: int, days: int) -> None:
    require(subscribers >= 1, "bad_shop_size", "A shop needs at least 1 subscriber.", fix="Ask for 1 or more.")
    require(
        SHORTEST <= days <= LONGEST,
        "bad_shop_size",
        f"A shop runs for {SHORTEST} to {LONGEST} days, not for {days}.",
        fix="Ask for a number of days between the two.",
    )
