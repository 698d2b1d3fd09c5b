"""A small invented shop as the views of a reading: two months, 400 people, four sources, known flaws."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pytest

from shoal.core.time import Instant, parse_instant

DAY = 86_400_000
START = parse_instant("2026-03-02")
NOW = Instant(START + 60 * DAY)
PEOPLE = 400
ANONYMOUS = 50

Event = tuple[int, int, str, str, Mapping[str, Any]]  # subscriber, at, name, source, properties
Trait = tuple[int, str, Any, int, str]  # subscriber, name, value, at, source
Consent = tuple[int, str, str, int, str]  # subscriber, channel, state, at, source


class Shop:
    """Rows to be loaded; tests append to them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.traits: list[Trait] = []
        self.consents: list[Consent] = []
        self.people: dict[int, tuple[str, ...]] = {}  # to kinds of key
        self.received_at = NOW
        self.arrivals: dict[int, int] = {}  # place in events to its own arrival
        self.undated: set[int] = set()  # places in consents of settings that nobody dated

    def event(self, subscriber: int, at: int, name: str, source: str = "web", **properties: Any) -> None:
        self.events.append((subscriber, at, name, source, properties))

    def load(self) -> duckdb.DuckDBPyConnection:
        duck = duckdb.connect(":memory:", config={"threads": 2})
        duck.execute("SET TimeZone = 'UTC'")
        for statement in _TABLES:
            duck.execute(statement)
        _fill(
            duck,
            "events",
            "(x->>0)::BIGINT, (x->>1)::BIGINT, epoch_ms((x->>2)::BIGINT), x->>3, x->>4, epoch_ms((x->>5)::BIGINT),"
            "(x->6)::VARIANT",
            [
                [who, number, at, name, source, self.arrivals.get(number, self.received_at), told]
                for number, (who, at, name, source, told) in enumerate(self.events)
            ],
        )
        _fill(
            duck,
            "traits",
            "(x->>0)::BIGINT, x->>1, CASE WHEN json_type(x->2) <> 'NULL' THEN (x->2)::VARIANT END,"
            "epoch_ms((x->>3)::BIGINT), epoch_ms((x->>4)::BIGINT), (x->>5)::BIGINT, x->>6",
            [
                [who, name, value, at, self.received_at, 10**9 + number, source]
                for number, (who, name, value, at, source) in enumerate(self.traits)
            ],
        )
        _fill(
            duck,
            "consents",
            "(x->>0)::BIGINT, x->>1, 'marketing', x->>2, NULL, NULL, epoch_ms((x->>3)::BIGINT),"
            "epoch_ms((x->>4)::BIGINT), (x->>5)::BIGINT, x->>6, (x->>0)::BIGINT, (x->>0)::BIGINT, (x->>3)::BIGINT",
            [
                [
                    *(who, channel, state, at, at if number in self.undated else self.received_at),
                    *(2 * 10**9 + number, source),
                ]
                for number, (who, channel, state, at, source) in enumerate(self.consents)
            ],
        )
        keys = [[who, kind] for who, kinds in self.people.items() for kind in kinds]
        _fill(duck, "keys", "(x->>0)::BIGINT, hash(x::VARCHAR), x->>1", keys)
        known = [[who, bool(set(kinds) & {"user", "email", "phone"})] for who, kinds in self.people.items()]
        _fill(duck, "subscribers", "(x->>0)::BIGINT, (x->>1)::BOOLEAN", known)
        return duck


_TABLES = (
    'CREATE TABLE events (subscriber BIGINT, event_id BIGINT, "at" TIMESTAMP, name VARCHAR, source VARCHAR,'
    " received_at TIMESTAMP, properties VARIANT)",
    'CREATE TABLE traits (subscriber BIGINT, name VARCHAR, value VARIANT, "at" TIMESTAMP, received_at TIMESTAMP,'
    " event_id BIGINT, source VARCHAR)",
    "CREATE TABLE consents (subscriber BIGINT, channel VARCHAR, purpose VARCHAR, state VARCHAR, method VARCHAR,"
    ' text_version VARCHAR, "at" TIMESTAMP, received_at TIMESTAMP, event_id BIGINT, source VARCHAR, contact BIGINT,'
    " address BIGINT, changed BIGINT)",
    "CREATE TABLE keys (subscriber BIGINT, key UBIGINT, kind VARCHAR)",
    "CREATE TABLE subscribers (subscriber BIGINT, identified BOOLEAN)",
)


def _fill(duck: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    texts = [json.dumps(row) for row in rows]
    duck.execute(f"INSERT INTO {table} SELECT {columns} FROM (SELECT unnest(?::VARCHAR[])::JSON AS x)", [texts])


def build(seed: int = 7) -> Shop:
    """The shop with its flaws; sizes are what the tests of the page and the whole audit rely on."""
    rng = random.Random(seed)
    shop = Shop()
    for who in range(PEOPLE):
        shop.people[who] = ("email", "user") if who % 4 else ("email",)
        _contact(shop, rng, who)
    for who in range(PEOPLE, PEOPLE + ANONYMOUS):
        shop.people[who] = ("anonymous",)
    for day in range(60):
        _web(shop, rng, day)
        _mail(shop, rng, day)
        _orders(shop, rng, day)
    return shop


def _contact(shop: Shop, rng: random.Random, who: int) -> None:
    at = START - rng.randrange(300) * DAY
    shop.traits.append((who, "first_name", f"Person{who}", at, "crm"))
    country = rng.choices(["US", "GB", "DE", "FR", "UK"], [50, 20, 15, 10, 5])[0]
    if rng.random() < 0.8:
        shop.traits.append((who, "country", country, at, "crm"))
    if rng.random() < 0.4:
        shop.traits.append(
            (who, "birthday", "1970-01-01" if rng.random() < 0.3 else f"19{rng.randrange(50, 99)}-05-04", at, "crm")
        )
    if rng.random() < 0.5:
        shop.traits.append((who, "country", country if rng.random() < 0.9 else "CA", at, "shop_orders"))
    if rng.random() < 0.7:
        shop.consents.append((who, "email", rng.choices(["granted", "denied"], [9, 1])[0], at, "mail"))


def _web(shop: Shop, rng: random.Random, day: int) -> None:
    if 30 <= day < 33:
        return  # the tracker was off
    for _ in range(120):
        who, at = rng.randrange(PEOPLE + ANONYMOUS), START + day * DAY + rng.randrange(DAY)
        path = rng.choice(["/", "/pricing", "/blog/hills", "/shop/boots"])
        if rng.random() < 0.5:
            shop.event(who, at, "Page Viewed", path=path)
        else:
            shop.event(
                who, at, "Product Viewed", product_id=f"p{rng.randrange(40)}", price=rng.choice([-1, 20, 45, 80])
            )


def _mail(shop: Shop, rng: random.Random, day: int) -> None:
    if day % 7 not in (1, 4):
        return
    campaign = f"c{day}"
    for who in rng.sample(range(PEOPLE), 200):
        at = START + day * DAY + 9 * 3_600_000 + rng.randrange(1_800_000)
        shop.event(who, at, "Email Delivered", "mail", campaign_id=campaign)
        luck = rng.random()
        if luck < 0.15:
            shop.event(who, at + 1_000, "Email Opened", "mail", campaign_id=campaign)
            if luck < 0.03:
                for link in range(4):
                    shop.event(
                        who, at + 2_000 + link, "Email Link Clicked", "mail", campaign_id=campaign, link_url=f"/{link}"
                    )
        elif luck < 0.45:
            opened = at + rng.randrange(60_000, DAY)
            machine = {"machine": True} if luck < 0.25 else {}
            shop.event(who, opened, "Email Opened", "mail", campaign_id=campaign, **machine)
            if luck > 0.4:
                shop.event(who, opened + 30_000, "Email Link Clicked", "mail", campaign_id=campaign, link_url="/boots")
        elif luck > 0.998:
            shop.event(who, at + DAY // 2, "Unsubscribed", "mail", campaign_id=campaign)
            shop.consents.append((who, "email", "denied", at + DAY // 2, "mail"))


def _orders(shop: Shop, rng: random.Random, day: int) -> None:
    if day >= 45:
        return  # the export stopped
    for number in range(12):
        who, at = rng.randrange(PEOPLE), START + day * DAY + rng.randrange(DAY)
        told = {"order_id": f"{day}-{number % 11}", "total": round(rng.uniform(15, 220), 2), "currency": "USD"}
        shop.event(who, at, "Order Completed", "shop_orders", products=[{"sku": "p1", "quantity": 1}], **told)
        if rng.random() < 0.05:
            shop.event(who, at + DAY // 2, "Order Refunded", "shop_orders", **told)


@pytest.fixture(scope="session")
def shop_duck() -> duckdb.DuckDBPyConnection:
    """The views of the invented shop; read only."""
    return build().load()


@pytest.fixture
def empty_shop() -> Shop:
    """A shop without any rows."""
    return Shop()


@pytest.fixture(scope="session")
def now() -> Instant:
    """The instant of the shop's audit."""
    return NOW
