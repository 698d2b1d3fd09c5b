"""Every check on the least data that makes it speak, and all checks on data without a flaw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shoal.core.time import Instant
from shoal.measurement.audit import DuplicateFigures, Facts, Finding, ImportedFile, audit
from shoal.measurement.audit.checks import CHECKS

DAY = 86_400_000
MINUTE = 60_000
IMPORTED = Instant(1_800_000_000_000)
"""After all that happens in the tests."""
Case = tuple[Callable[[Any, int], Facts | None], tuple[str, ...], int, int]


def _file(**figures: Any) -> Facts:
    usual = {"rows_read": 100, "rows_rejected": 0, "rows_skipped": 0, "records": 100, "duplicates": 0, "reasons": {}}
    return Facts((ImportedFile(source="crm", file="a.csv", warnings=(), received_at=IMPORTED, **{**usual, **figures}),))


def _rejected(shop: Any, now: int) -> Facts:
    return _file(rows_rejected=7, reasons={"no_identity": 7})


def _repeated(shop: Any, now: int) -> Facts:
    return _file(duplicates=9)


def _no_own_time(shop: Any, now: int) -> None:
    shop.event(1, shop.received_at, "Page Viewed", path="/")
    shop.event(1, now - DAY, "Page Viewed", path="/")


def _impossible_time(shop: Any, now: int) -> None:
    shop.event(1, 0, "Page Viewed", path="/")
    shop.event(1, now - DAY, "Page Viewed", path="/")


def _stray(shop: Any, now: int) -> None:
    for number in range(300):
        shop.event(1, now - 1 - number * DAY // 10, "Page Viewed", path="/")
    shop.event(1, now - 700 * DAY, "Page Viewed", path="/")


def _anonymous(shop: Any, now: int) -> None:
    shop.people[9] = ("anonymous",)
    for who in (1, 9, 9):
        shop.event(who, now - DAY - who, "Page Viewed", path="/")


def _traits(shop: Any, now: int) -> None:
    for who in (1, 2, 3, 4):
        shop.traits.append((who, "plan", "free", now - DAY, "crm"))
    shop.traits.append((1, "country", "DE", now - DAY, "crm"))


def _properties(shop: Any, now: int) -> None:
    shop.event(1, now - DAY, "Page Viewed", path="/")
    shop.event(2, now - DAY, "Page Viewed", url="https://shop.example/")
    shop.event(2, now - DAY, "Page Viewed", title="Home")


def _values(name: str, *values: Any) -> Callable[[Any, int], None]:
    def build(shop: Any, now: int) -> None:
        shop.traits += [(who, name, value, now - DAY, "crm") for who, value in enumerate(values, start=1)]

    return build


def _email_dropped(shop: Any, now: int) -> None:
    shop.traits += [(who, "plan", "free", now - DAY, "crm") for who in (1, 2, 3, 4)]
    shop.traits.append((4, "email_invalid", True, now - DAY, "crm"))


def _negative(shop: Any, now: int) -> None:
    shop.event(1, now - DAY, "Product Viewed", product_id="p", price=-1)
    shop.event(1, now - DAY, "Product Viewed", product_id="p", price=1)
    shop.event(1, now - DAY, "Order Refunded", order_id="o", total=-5)


def _order(shop: Any, who: int, at: int, number: str, total: float = 10.0, name: str = "Order Completed") -> None:
    shop.event(who, at, name, "shop", order_id=number, total=total, currency="EUR", products=[])


def _outliers(shop: Any, now: int) -> None:
    for number in range(9):
        _order(shop, 1, now - DAY - number, str(number))
    _order(shop, 1, now - DAY, "wholesale", 5_000)


def _repeated_orders(shop: Any, now: int) -> None:
    for number in ("a", "a", "a", "b"):
        _order(shop, 1, now - DAY, number)


def _strangers(shop: Any, now: int) -> None:
    shop.people[9] = ("anonymous",)
    _order(shop, 9, now - DAY, "a")
    _order(shop, 1, now - DAY, "b")


def _refunds(shop: Any, now: int) -> None:
    _order(shop, 1, now - 3 * DAY, "a")
    for who in (1, 2):
        _order(shop, who, now - DAY, "a", name="Order Refunded")


def _mail(shop: Any, who: int, at: int, name: str, **more: Any) -> None:
    shop.event(who, at, name, "mail", campaign_id="c", **more)


def _untouched(name: str) -> Callable[[Any, int], None]:
    def build(shop: Any, now: int) -> None:
        _mail(shop, 1, now - 20 * DAY, "Email Delivered")
        _mail(shop, 1, now - 10 * DAY, name, link_url="/a")
        _mail(shop, 2, now - 10 * DAY, name, link_url="/a")
        _mail(shop, 2, now - 19 * DAY, name, link_url="/a")  # in the first week: may belong to earlier mail

    return build


def _disagree(shop: Any, now: int) -> None:
    for source, values in (("crm", ("Ana", "Ben", "US")), ("web", ("ANA", "Eve", "United States"))):
        shop.traits += [
            (who, "first_name", value, now - DAY, source) for who, value in zip((1, 2), values[:2], strict=True)
        ]
        shop.traits.append((3, "country", values[2], now - DAY, source))


def _proposals(shop: Any, now: int) -> Facts:
    return Facts(duplicates=DuplicateFigures(waiting=2, proposals={"the same name": 2}))


def _shared(shop: Any, now: int) -> Facts:
    return Facts(duplicates=DuplicateFigures(shared_keys={"device": 1}))


def _shared_addresses(shop: Any, now: int) -> Facts:
    return Facts(duplicates=DuplicateFigures(addressless=2))


def _late(shop: Any, now: int) -> None:
    """Three imports; the first brings history, which is not late."""
    for import_day, happened in ((9, 40), (6, 7), (3, 8), (3, 4)):
        shop.event(1, now - happened * DAY, "Page Viewed", path="/")
        shop.arrivals[len(shop.events) - 1] = now - import_day * DAY


def _stale(shop: Any, now: int) -> None:
    for day in range(12):
        shop.event(1, now - (day + 15) * DAY - 1, "Page Viewed", path="/")
        shop.event(1, now - (day + 3) * DAY - 1, "Ticket Created", "desk")


def _missing_days(shop: Any, now: int) -> None:
    for day in range(30):
        for number in range(0 if day in (11, 12) else 12):
            shop.event(1, now - (30 - day) * DAY + number, "Page Viewed", path="/")


def _missing_event(shop: Any, now: int) -> None:
    _missing_days(shop, now)
    for day in range(30):
        shop.event(1, now - (30 - day) * DAY + 99, "Session Started")


def _fast(name: str) -> Callable[[Any, int], None]:
    def build(shop: Any, now: int) -> None:
        for who, wait, more in ((1, 1_500, {}), (2, 40 * MINUTE, {}), (3, 1_700, {"machine": True})):
            _mail(shop, who, now - 9 * DAY + 123, "Email Delivered")
            _mail(shop, who, now - 9 * DAY + 123 + wait, name, link_url="/a", **more)

    return build


def _burst(shop: Any, now: int) -> None:
    _mail(shop, 1, now - 9 * DAY, "Email Delivered")
    for link in range(4):
        _mail(shop, 1, now - 8 * DAY + 777 + link * 2_000, "Email Link Clicked", link_url=f"/{link}")
    for link in range(4):
        _mail(shop, 1, now - 7 * DAY + 777 + link * MINUTE, "Email Link Clicked", link_url=f"/{link}")


def _agent(shop: Any, now: int) -> None:
    for who, agent in ((1, "BarracudaSentinel (EE)"), (2, "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")):
        _mail(shop, who, now - 9 * DAY, "Email Delivered")
        _mail(shop, who, now - 8 * DAY + 777, "Email Opened", user_agent=agent)


def _unknown_consent(shop: Any, now: int) -> None:
    for who in (1, 2, 3):
        _mail(shop, who, now - DAY, "Email Delivered")
    shop.consents.append((1, "email", "granted", now - 9 * DAY, "mail"))
    shop.consents.append((2, "sms", "granted", now - 9 * DAY, "mail"))


def _refused(shop: Any, now: int) -> None:
    shop.consents.append((1, "email", "denied", now - 9 * DAY, "mail"))
    shop.consents.append((1, "email", "granted", now - 5 * DAY, "mail"))
    for days in (10, 8.5, 7, 3):  # before, within a day, after, and when it was granted again
        _mail(shop, 1, now - int(days * DAY), "Email Delivered")


def _still_refused(shop: Any, now: int) -> None:
    shop.consents.append((1, "email", "denied", now - 9 * DAY, "mail"))
    shop.consents.append((1, "email", "granted", now - 5 * DAY, "crm"))
    shop.consents.append((2, "email", "denied", now - 9 * DAY, "mail"))
    shop.consents.append((2, "email", "granted", now - 9 * DAY, "mail"))
    shop.undated.add(1)
    for who in (1, 2):
        _mail(shop, who, now - 3 * DAY, "Email Delivered")


CASES: dict[str, list[Case]] = {
    "rejected_rows": [(_rejected, ("crm",), 7, 100)],
    "repeated_rows": [(_repeated, ("crm",), 9, 100)],
    "no_own_time": [(_no_own_time, ("web",), 1, 2)],
    "impossible_time": [(_impossible_time, ("web",), 1, 2)],
    "stray_dates": [(_stray, ("web",), 1, 301)],
    "unidentified_events": [(_anonymous, ("web",), 2, 3)],
    "missing_traits": [(_traits, ("crm",), 3, 4)],
    "missing_properties": [(_properties, ("web",), 1, 3)],
    "email_format": [
        (_values("email", "a@example.org", "a@b", "a b@example.org", "x"), ("crm",), 3, 4),
        (_email_dropped, ("crm",), 1, 4),
    ],
    "phone_format": [(_values("phone", "+14155552671", "(415) 555-2671", "call me"), ("crm",), 1, 3)],
    "country_code": [(_values("country", "GB", "gb", "UK"), ("crm",), 1, 3)],
    "country_forms": [(_values("country", "GB", "FR", "United Kingdom"), (), 1, 3)],
    "unreadable_dates": [(_values("created_at", "2026-01-01", "01.01.26?"), ("crm",), 1, 2)],
    "future_dates": [(_values("created_at", "2026-01-01T10:00:00Z", "2062-01-01"), ("crm",), 1, 2)],
    "birthday_plausible": [(_values("birthday", "1970-01-01", "1880-05-05", "1990-05-05"), ("crm",), 2, 3)],
    "age_plausible": [(_values("age", 30, 200, "old"), ("crm",), 2, 3)],
    "mixed_types": [(_values("score", 1, "2", "3"), (), 1, 3)],
    "negative_amounts": [(_negative, ("web",), 1, 2)],
    "order_outliers": [(_outliers, ("shop",), 1, 10)],
    "repeated_orders": [(_repeated_orders, ("shop",), 2, 4)],
    "orders_of_strangers": [(_strangers, ("shop",), 1, 2)],
    "refunds_without_order": [(_refunds, ("shop",), 1, 2)],
    "clicks_without_delivery": [(_untouched("Email Link Clicked"), ("mail",), 1, 2)],
    "opens_without_delivery": [(_untouched("Email Opened"), ("mail",), 1, 2)],
    "sources_disagree": [(_disagree, ("crm", "web"), 1, 2)],
    "likely_duplicates": [(_proposals, (), 2, 4)],
    "shared_keys": [(_shared, (), 1, 4)],
    "shared_addresses": [(_shared_addresses, (), 2, 4)],
    "late_arrival": [(_late, ("web",), 1, 3)],
    "stale_sync": [(_stale, ("web",), 12, 30)],
    "missing_days": [(_missing_days, ("web",), 2, 30), (_missing_event, ("web",), 2, 30)],
    "machine_opens": [(_fast("Email Opened"), ("mail",), 1, 3), (_agent, ("mail",), 1, 2)],
    "machine_clicks": [(_fast("Email Link Clicked"), ("mail",), 1, 3), (_burst, ("mail",), 4, 8)],
    "consent_unknown": [(_unknown_consent, (), 2, 3)],
    "mail_after_refusal": [(_refused, ("mail",), 1, 4), (_still_refused, ("mail",), 2, 2)],
}


def _findings(shop: Any, now: Instant, facts: Facts | None) -> tuple[Finding, ...]:
    shop.people |= dict.fromkeys((1, 2, 3, 4), ("email",))
    return audit(shop.load(), now, facts).findings


def test_every_check_has_a_case() -> None:
    assert set(CASES) == {check.name for check in CHECKS}


@pytest.mark.parametrize(
    ("name", "case"), [pytest.param(name, case, id=name) for name, cases in CASES.items() for case in cases]
)
def test_a_check_counts_exactly(name: str, case: Case, empty_shop: Any, now: Instant) -> None:
    build, sources, affected, of = case
    facts = build(empty_shop, now)
    found = [finding for finding in _findings(empty_shop, now, facts) if finding.check == name]
    assert [(finding.sources, finding.affected, finding.of) for finding in found] == [(sources, affected, of)]


def test_nothing_is_found_where_nothing_is_wrong(empty_shop: Any, now: Instant) -> None:
    traits = {
        "first_name": "Ana",
        "country": "DE",
        "phone": "+14155552671",
        "created_at": "2026-01-01",
        "birthday": "1990-05-05",
    }
    for who in (1, 2, 3, 4):
        empty_shop.traits += [(who, name, value, now - DAY, "crm") for name, value in traits.items()]
        empty_shop.consents.append((who, "email", "granted", now - 60 * DAY, "mail"))
        for day in range(30):
            at = now - (30 - day) * DAY + who * 7_919
            _mail(empty_shop, who, at, "Email Delivered")
            _mail(
                empty_shop,
                who,
                at + 20 * MINUTE,
                "Email Opened",
                user_agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
            )
            _mail(empty_shop, who, at + 21 * MINUTE, "Email Link Clicked", link_url="/a")
            empty_shop.event(who, at, "Page Viewed", path="/")
            _order(empty_shop, who, at, f"{day}-{who}")
    assert _findings(empty_shop, now, _file()) == ()
