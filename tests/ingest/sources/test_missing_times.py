"""Orders in an export that lacks a column with a time: the status that got further counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from export_rows import SHOPIFY, STRIPE, WOO

from shoal.ingest.canonical import Record
from shoal.ingest.sources import SOURCES

BY_NAME = {source.name: source for source in SOURCES}
Mapped = Callable[..., list[Record]]

PAID = {"paid_date": "2026-01-05 09:00:00"}
"""A time that the next export has no column for."""

WITHOUT_TIMES = [
    ("woocommerce_orders", {**WOO, **PAID}, {"status": "completed", "order_total": "12.00"}),
    ("woocommerce_orders", {**WOO, **PAID}, {"status": "refunded"}),
    ("woocommerce_orders", {**WOO, **PAID, "status": "cancelled"}, {"status": "refunded"}),
    ("woocommerce_orders", {**WOO, "status": "cancelled", "modified_date": "2026-01-05"}, {"status": "processing"}),
    ("woocommerce_orders", {**WOO, "status": "on-hold", "modified_date": "2026-01-05"}, {"status": "cancelled"}),
    ("shopify_orders", {**SHOPIFY, "Fulfilled at": "2026-01-05"}, {"Financial Status": "refunded"}),
    ("shopify_orders", {**SHOPIFY, "Cancelled at": "2026-01-05"}, {"Financial Status": "partially_refunded"}),
    ("shopify_orders", {**SHOPIFY, "Financial Status": "authorized"}, {"Financial Status": "expired"}),
    (
        "stripe_payments",
        {**STRIPE, "Status": "partially_refunded", "Refunded date (UTC)": "2026-01-05"},
        {"Status": "refunded"},
    ),
]


@pytest.mark.parametrize(("source", "row", "change"), WITHOUT_TIMES)
def test_a_column_that_is_missing_makes_no_later_status_look_old(
    mapped: Mapped, source: str, row: dict[str, str], change: dict[str, str]
) -> None:
    times = {"paid_date", "modified_date", "Paid at", "Fulfilled at", "Cancelled at", "Refunded date (UTC)"}
    later = {column: cell for column, cell in row.items() if column not in times} | change
    before, after = (mapped(BY_NAME[source], [each])[0] for each in (row, later))
    assert before.message_id == after.message_id
    assert before.version < after.version


def test_what_was_bought_stays_so_where_an_export_without_the_time_of_payment_says_cancelled(mapped: Mapped) -> None:
    paid, cancelled, told = (
        mapped(BY_NAME["woocommerce_orders"], [each])[0]
        for each in (WOO, {**WOO, "status": "cancelled"}, {**WOO, **PAID, "status": "cancelled"})
    )
    assert (paid.name, cancelled.name, told.name) == ("Order Completed", "Order Placed", "Order Completed")
    assert cancelled.version < paid.version < told.version


def test_a_status_of_a_plugin_follows_processing_by_its_time(mapped: Mapped) -> None:
    packed = {**WOO, **PAID, "status": "packed", "modified_date": "2026-01-06"}
    before, after = (mapped(BY_NAME["woocommerce_orders"], [each])[0] for each in ({**WOO, **PAID}, packed))
    assert before.version < after.version


def test_a_row_of_a_warehouse_counts_by_its_last_change(mapped: Mapped) -> None:
    row: dict[str, Any] = {"id": "1", "email": "ana@example.org", "created_at": "2026-01-02", "total_price": "37.00"}
    paid, edited = (
        mapped(
            BY_NAME["shopify_warehouse_order"], [{**row, "financial_status": status, "updated_at": day}], siblings={}
        )[0]
        for status, day in (("paid", "2026-01-02"), ("partially_paid", "2026-01-05"))
    )
    assert paid.version < edited.version
