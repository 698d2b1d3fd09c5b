"""The list at one instant, computed from the views of a reading."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

import duckdb

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.measurement.audit.evidence import MAIL_NAMES, TOUCHES
from shoal.measurement.audit.fields import COUNTRY_TRAITS, MESSAGE, ORDER_VALUE
from shoal.measurement.reach import ListReach, list_reach
from shoal.measurement.report.families import FAMILIES, family
from shoal.measurement.report.model import (
    Compared,
    EmailFunnel,
    EventTotal,
    FamilyDays,
    Orders,
    Overview,
    Week,
)
from shoal.measurement.span import main_span
from shoal.measurement.tally import LOCAL_DAY, RECENT_MS, Tally, tallied
from shoal.measurement.variants import first_of, known
from shoal.profiles.traits import LATEST

TOP_COUNTRIES: Final = 8


def overview(
    duck: duckdb.DuckDBPyConnection,
    now: Instant,
    zone: str = "UTC",
    *,
    tally: Tally | None = None,
    reached: ListReach | None = None,
) -> Overview:
    """The list as it is at `now`; calendar days are of `zone` (an IANA name).

    `duck` has the views `events`, `traits`, `consents`, `subscribers` and `keys`. What is stamped after `now` is not
    counted. `tally` is one of the same instant and zone, where the caller has it already. `reached` tells who may be
    mailed, which a report of the past takes from what is known today; by default it is asked at `now`.
    """
    if tally is None:
        with tallied(duck, now, zone) as made:
            return overview(duck, now, zone, tally=made, reached=reached)
    assert tally == Tally(now, zone), "a tally of another instant or zone"
    return _overview(_Look(duck, now, zone), reached or list_reach(duck, now))


def _overview(look: _Look, reached: ListReach) -> Overview:
    people, identified = look.row("SELECT count(*), count(*) FILTER (identified) FROM subscribers")
    total, first, last, *compared = look.row(_EVENTS)
    active, active_before, new, new_before = look.row(_ACTIVE)
    countries, no_country = _countries(look, identified)
    daily = _daily(look)
    return Overview(
        as_of=look.now,
        zone=look.zone,
        first=None if first is None else Instant(first),
        last=None if last is None else Instant(last),
        span=main_span(_summed(daily)),
        people=people,
        identified=identified,
        judged=reached.at,
        with_email=reached.with_email,
        reachable=reached.reachable,
        suppressed=reached.suppressed,
        active=Compared(active, active_before),
        newcomers=Compared(new, new_before),
        events=total,
        compared_events=Compared(*compared),
        daily=daily,
        names=tuple(
            EventTotal(name, count, who, Compared(recent, before))
            for name, count, who, recent, before in look.rows(_NAMES)
        ),
        funnel=_funnel(look),
        countries=countries,
        no_country=no_country,
        orders=_orders(look),
    )


class _Look:
    """A connection whose queries know the instant and its two windows by name."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, now: Instant, zone: str) -> None:
        self.duck = duck
        self.now = now
        self.zone = zone

    def rows(self, sql: str, **more: object) -> list[tuple[Any, ...]]:
        marks: dict[str, object] = {
            "now": self.now,
            "recent": self.now - RECENT_MS,
            "before": self.now - 2 * RECENT_MS,
        }
        bound = {name: value for name, value in {**marks, "zone": self.zone, **more}.items() if f"${name}" in sql}
        return self.duck.execute(sql, bound).fetchall()

    def known(self, names: Sequence[str], candidates: Sequence[str]) -> tuple[str, ...]:
        return known(self.duck, "tally_shapes", names, candidates)

    def row(self, sql: str, **more: object) -> tuple[Any, ...]:
        return self.rows(sql, **more)[0]


def _daily(look: _Look) -> tuple[FamilyDays, ...]:
    found: dict[str, dict[dt.date, int]] = {name: defaultdict(int) for name in FAMILIES}
    for name, day, count in look.rows(_DAYS):
        found[family(name)][day] += count
    return tuple(FamilyDays(name, tuple(sorted(days.items()))) for name, days in found.items() if days)


def _summed(daily: Sequence[FamilyDays]) -> list[tuple[dt.date, int]]:
    total: Counter[dt.date] = Counter()
    for each in daily:
        total.update(dict(each.days))
    return sorted(total.items())


def _funnel(look: _Look) -> EmailFunnel | None:
    mail = [events.EMAIL_DELIVERED]
    if not look.row(_ANY_MAIL, mail=mail)[0]:
        mail = [events.EMAIL_SENT]
    message = first_of(look.known(MAIL_NAMES, MESSAGE))
    machine_made = "coalesce(properties.machine = true, false)" if look.known(TOUCHES, ("machine",)) else "false"
    sql = _FUNNEL.format(message=message, machine=machine_made)
    delivered, opened, clicked, machine = look.row(sql, mail=mail)
    if not delivered:
        return None
    unsubscribed, complained = look.row(_LEFT)
    return EmailFunnel(delivered, opened, clicked, unsubscribed, complained, machine)


def _countries(look: _Look, identified: int) -> tuple[tuple[tuple[str, int], ...], int]:
    found = look.rows(_COUNTRIES, names=list(COUNTRY_TRAITS))
    known = sum(count for _, count in found)
    top = found[:TOP_COUNTRIES]
    rest = known - sum(count for _, count in top)
    shown = [*top, ("elsewhere", rest)] if rest else top
    return tuple((country, count) for country, count in shown), identified - known


def _orders(look: _Look) -> Orders | None:
    order = (events.ORDER_COMPLETED,)
    currency_sql, total = (first_of(look.known(order, names)) for names in (("currency",), ORDER_VALUE))
    totals = _TOTALS.format(currency=currency_sql, total=total)
    currencies = look.rows(_CURRENCIES.format(totals=totals))
    if not currencies:
        return None
    currency = currencies[0][0]
    orders, buyers, revenue, *compared = look.row(_ORDERS.format(totals=totals), currency=currency)
    weeks = look.rows(_WEEKS.format(totals=totals), currency=currency)
    return Orders(
        currency=currency or "",
        orders=orders,
        buyers=buyers,
        revenue=float(revenue),
        compared_orders=Compared(compared[0], compared[1]),
        compared_revenue=Compared(float(compared[2]), float(compared[3])),
        weeks=_every_week([Week(monday, count, float(amount)) for monday, count, amount in weeks]),
        other_currencies=sum(count for _, count in currencies[1:]),
    )


def _every_week(weeks: Sequence[Week]) -> tuple[Week, ...]:
    """The weeks with those between them that had no order."""
    if not weeks:
        return ()
    known = {week.monday: week for week in weeks}
    first, last = weeks[0].monday, weeks[-1].monday
    mondays = (first + dt.timedelta(weeks=number) for number in range((last - first).days // 7 + 1))
    return tuple(known.get(monday, Week(monday, 0, 0.0)) for monday in mondays)


_KNOWN = '"at" <= epoch_ms($now)'
_RECENT = '"at" > epoch_ms($recent)'
_BEFORE = '"at" > epoch_ms($before) AND "at" <= epoch_ms($recent)'

_EVENTS = """
SELECT coalesce(sum(events), 0)::BIGINT, epoch_ms(min(first)), epoch_ms(max(last)),
       coalesce(sum(recent), 0)::BIGINT, coalesce(sum(before), 0)::BIGINT
FROM tally_people
"""

_ACTIVE = """
SELECT count(*) FILTER (recent > 0), count(*) FILTER (before > 0),
       count(*) FILTER (first > epoch_ms($recent)),
       count(*) FILTER (first > epoch_ms($before) AND first <= epoch_ms($recent))
FROM (SELECT subscriber, min(first) AS first, sum(recent) AS recent, sum(before) AS before
      FROM tally_people GROUP BY subscriber) JOIN subscribers USING (subscriber) WHERE identified
"""

_NAMES = """
SELECT name, sum(events)::BIGINT AS events, count(DISTINCT subscriber), sum(recent)::BIGINT, sum(before)::BIGINT
FROM tally_people GROUP BY name ORDER BY events DESC, name
"""

_DAYS = "SELECT name, local_day, sum(events)::BIGINT FROM tally_days GROUP BY name, local_day"

_ANY_MAIL = f"SELECT count(*) FROM events WHERE list_contains($mail, name) AND {_RECENT} AND {_KNOWN}"

_FUNNEL = f"""
WITH touched AS (
    SELECT subscriber, coalesce({{message}}, '') AS message,
           bool_or(list_contains($mail, name)) AS delivered,
           bool_or(name = '{events.EMAIL_OPENED}' AND NOT {{machine}}) AS opened,
           bool_or(name = '{events.EMAIL_LINK_CLICKED}' AND NOT {{machine}}) AS clicked,
           bool_or(name = '{events.EMAIL_OPENED}' AND {{machine}}) AS machine
    FROM events
    WHERE (list_contains($mail, name) OR name IN ('{events.EMAIL_OPENED}', '{events.EMAIL_LINK_CLICKED}'))
      AND {_RECENT} AND {_KNOWN}
    GROUP BY ALL)
SELECT count(*), count(*) FILTER (opened), count(*) FILTER (clicked), count(*) FILTER (machine AND NOT opened)
FROM touched WHERE delivered
"""

_LEFT = f"""
SELECT count(DISTINCT subscriber) FILTER (name = '{events.UNSUBSCRIBED}'),
       count(DISTINCT subscriber) FILTER (name = '{events.EMAIL_MARKED_AS_SPAM}')
FROM events WHERE name IN ('{events.UNSUBSCRIBED}', '{events.EMAIL_MARKED_AS_SPAM}') AND {_RECENT} AND {_KNOWN}
"""

_COUNTRIES = f"""
SELECT country, count(*) AS people FROM (
    SELECT subscriber, arg_max(trim(value::VARCHAR), ({LATEST}, name)) AS country
    FROM traits JOIN subscribers USING (subscriber)
    WHERE list_contains($names, name) AND identified AND {_KNOWN} AND trim(value::VARCHAR) <> ''
    GROUP BY subscriber)
GROUP BY country ORDER BY people DESC, country
"""

_TOTALS = f"""
SELECT subscriber, "at", {{currency}} AS currency, try_cast({{total}} AS DOUBLE) AS total
FROM events WHERE name = '{events.ORDER_COMPLETED}' AND {_KNOWN}
"""

_CURRENCIES = "SELECT currency, count(*) AS orders FROM ({totals}) GROUP BY currency ORDER BY orders DESC, currency"

_ORDERS = f"""
SELECT count(*), count(DISTINCT subscriber), coalesce(sum(total), 0),
       count(*) FILTER ({_RECENT}), count(*) FILTER ({_BEFORE}),
       coalesce(sum(total) FILTER ({_RECENT}), 0), coalesce(sum(total) FILTER ({_BEFORE}), 0)
FROM ({{totals}}) WHERE currency IS NOT DISTINCT FROM $currency
"""

_WEEKS = f"""
SELECT date_trunc('week', {LOCAL_DAY})::DATE AS monday, count(*), coalesce(sum(total), 0)
FROM ({{totals}}) WHERE currency IS NOT DISTINCT FROM $currency GROUP BY monday ORDER BY monday
"""
