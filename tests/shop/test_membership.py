"""Segments A, B and C: sizes, near misses, and the same answer when counted anew from the files alone."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from shoal.core.time import format_instant
from shoal.shop import Shop, simulate
from shoal.shop.people import NEAR_MISSES
from shoal.shop.rates import DAY, NEAR_MISS_SHARE


def test_sizes_are_those_of_micro_segments(shop: Shop) -> None:
    found = shop.membership
    assert 300 <= found.in_a.sum() <= 900
    assert 400 <= found.in_b.sum() <= 1_800
    assert 300 <= found.in_c.sum() <= 900


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sizes_hold_for_other_seeds(seed: int) -> None:
    found = simulate(5_000, seed=seed).membership
    for members in (found.in_a, found.in_b, found.in_c):
        assert 0.01 <= members.mean() <= 0.10


def test_people_just_miss(shop: Shop) -> None:
    found, near = shop.membership, shop.people.near_miss
    for code, name in enumerate(NEAR_MISSES[1:], 1):
        assert (near == code).sum() == round(NEAR_MISS_SHARE * len(shop.people)), name
    early, ordered, bought, fell = (near == code for code in range(1, 5))
    assert not (found.in_a[early] | found.in_a[ordered]).any()
    assert not found.in_b[bought].any()
    assert not found.in_c[fell].any()
    assert (found.shop_views_7d[early] == 0).all()
    assert (found.shop_views_7d[ordered] > 0).all()
    assert (found.orders_7d[ordered] > 0).all()
    assert (found.orders[bought] > 0).all()
    assert (found.opens_30d[fell] == 3).all()
    assert (found.opens_before[fell] == 5).all()


def test_near_misses_are_near(shop: Shop) -> None:
    """An hour more or less, one order fewer, one open fewer, and they are members."""
    near, until = shop.people.near_miss, shop.calendar.until
    views = shop.web.at[(near[shop.web.person] == 1) & (shop.web.at > until - 8 * DAY)]
    assert (views <= until - 7 * DAY).all()
    assert (views > until - 7 * DAY - 3 * DAY // 24).all()
    orders = shop.orders.at[(near[shop.orders.person] == 2) & (shop.orders.at > until - 8 * DAY)]
    assert ((orders > until - 7 * DAY) & (orders < until - 6.9 * DAY)).all()
    found, readers = shop.membership, near == NEAR_MISSES.index("b_bought_long_ago")
    reached = found.received_30d > 0
    keen = (found.opens_30d > found.opens_30d[reached].mean()) & (found.clicks_30d > found.clicks_30d[reached].mean())
    assert np.mean(keen[readers]) > 0.8


OWNER = """
CREATE OR REPLACE TEMP TABLE owner AS
SELECT person, lower(unnest(emails)) AS address FROM truth
"""
MEMBERS_A = """
WITH web AS (
  SELECT row->>'userId' AS user_id, row->>'anonymousId' AS anonymous_id, (row->>'timestamp')::TIMESTAMP AS moment,
         (row->>'event') = 'Product Viewed'
         OR ((row->>'type') = 'page' AND (row->'properties'->>'path') LIKE '/pricing%') AS hit
  FROM web_events WHERE (row->>'type') <> 'identify'
), seen AS (
  SELECT DISTINCT person FROM web JOIN truth USING (user_id)
  WHERE hit AND moment > $until - INTERVAL 7 DAY AND moment <= $until
), bought AS (
  SELECT DISTINCT person FROM shopify_orders JOIN owner ON lower("Email") = address
  WHERE strptime("Created at", '%Y-%m-%d %H:%M:%S %z')::TIMESTAMP > $until - INTERVAL 7 DAY
)
SELECT person FROM seen WHERE person NOT IN (SELECT person FROM bought)
"""
OPENS = """
CREATE OR REPLACE TEMP TABLE touches AS
SELECT person, "Event" AS event, "Timestamp"::TIMESTAMP AS moment,
  "User Agent" IN ('Mozilla/5.0', 'BarracudaSentinel (EE)') OR "User Agent" LIKE '%Chrome/79.0.0.0%' AS machine
FROM email_events JOIN (SELECT person, unnest(klaviyo_ids) AS id FROM truth) ON "Profile ID" = id
"""
MEMBERS_C = """
WITH counts AS (
  SELECT person, count(*) FILTER (moment > $until - INTERVAL 30 DAY) AS late,
    count(*) FILTER (moment > $until - INTERVAL 60 DAY AND moment <= $until - INTERVAL 30 DAY) AS early
  FROM touches WHERE event = 'Opened Email' AND NOT coalesce(machine, false) GROUP BY person
)
SELECT person FROM counts WHERE early > 0 AND 2 * late <= early
  AND person IN (SELECT person FROM shopify_orders JOIN owner ON lower("Email") = address)
"""
MEMBERS_B = """
WITH counts AS (
  SELECT person, count(*) FILTER (event = 'Opened Email' AND NOT coalesce(machine, false)) AS opens,
    count(*) FILTER (event = 'Clicked Email' AND NOT coalesce(machine, false)) AS clicks,
    count(*) FILTER (event = 'Received Email') AS received
  FROM touches WHERE moment > $until - INTERVAL 30 DAY GROUP BY person
), mean AS (SELECT avg(opens) AS opens, avg(clicks) AS clicks FROM counts WHERE received > 0)
SELECT person FROM counts, mean WHERE counts.opens > mean.opens AND counts.clicks > mean.clicks
  AND person NOT IN (SELECT person FROM shopify_orders JOIN owner ON lower("Email") = address)
"""


def test_the_files_alone_tell_the_same_members(shop: Shop, tables: duckdb.DuckDBPyConnection) -> None:
    until = format_instant(shop.calendar.until).removesuffix("Z")
    tables.execute(OWNER)
    tables.execute(OPENS)
    for column, query in (("in_b", MEMBERS_B), ("in_c", MEMBERS_C)):
        counted = {row[0] for row in tables.execute(query.replace("$until", f"(TIMESTAMP '{until}')")).fetchall()}
        assert counted == set(np.flatnonzero(getattr(shop.membership, column)).tolist()), column
    counted = {row[0] for row in tables.execute(MEMBERS_A.replace("$until", f"(TIMESTAMP '{until}')")).fetchall()}
    truth = set(np.flatnonzero(shop.membership.in_a).tolist())
    assert counted <= truth  # the rest were seen before they logged in, which only identity resolution can tell
    assert len(truth - counted) < 0.05 * len(truth)
