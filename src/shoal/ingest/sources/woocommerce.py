"""WooCommerce: orders and customers, as its analytics pages and the usual export plugins write them.

The columns of orders are those of https://woocommerce.com/document/import-and-export-of-woocommerce-orders/ (by
WebToffee); Customer / Order / Coupon Export shares most of them. A cell of line items is JSON, or
`name:Socks|product_id:7|quantity:2|total:20.00` with `;` between items.

What a status means: https://woocommerce.com/document/managing-orders/order-statuses/. Paid are "processing",
"completed" and "refunded"; "pending" and "on-hold" wait for money. "Cancelled" and the statuses of plugins say nothing
of payment, so there `paid_date` decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, RowSkippedError, Source
from shoal.ingest.sources.cells import Cells, parsed_json, present, read
from shoal.ingest.sources.contacts import Contacts, identity, mapper
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.orders import Order, order_records, product

_STATES: Final = {
    "checkout-draft": events.CHECKOUT_STARTED,
    "draft": events.CHECKOUT_STARTED,
    "pending": events.ORDER_PLACED,
    "pending-payment": events.ORDER_PLACED,
    "failed": events.PAYMENT_FAILED,
    "on-hold": events.ORDER_PLACED,
    "processing": events.ORDER_COMPLETED,
    "completed": events.ORDER_COMPLETED,
    "cancelled": events.ORDER_PLACED,
    "refunded": events.ORDER_COMPLETED,
}
"""What an order in a status is, in the order in which one follows the other."""

_PROGRESS: Final = tuple(_STATES)
GONE: Final = {"trash": "deleted", "auto-draft": "draft"}
_CHANGES: Final = ("paid_date", "completed_date", "modified_date")
_EMAIL: Final = ("billing_email", "customer_email")
_CUSTOMER: Final = {"customer_id": "woocommerce", "customer_user": "woocommerce"}
_ITEM: Final = re.compile(r"line_item_\d+")
_ORDER: Final = frozenset(
    {"order_id", "order_number", "order_number_formatted", "order_date", "date", "status", "order_status", *_CHANGES}
    | {"order_total", "order_subtotal", "shipping_total", "tax_total", "discount_total", "order_currency", "currency"}
    | {"refunded_total", "order_refund", "total_refunded", "coupon_items", "coupons", "line_items", "payment_method"}
    | {*_EMAIL, *_CUSTOMER, "billing_phone", "customer_note"}
)
_USUAL: Final = _ORDER | {
    *(f"{side}_{part}" for side in ("billing", "shipping") for part in ("first_name", "last_name", "company", "phone")),
    *(f"{side}_{part}" for side in ("billing", "shipping") for part in ("address_1", "address_2", "city", "state")),
    *(f"{side}_{part}" for side in ("billing", "shipping") for part in ("postcode", "country", "method", "email")),
    *(
        "shipping_tax_total",
        "fee_total",
        "fee_tax_total",
        "cart_discount",
        "order_discount",
        "order_key",
        "order_notes",
        "refund_items",
        "wt_import_key",
    ),
    *("payment_method_title", "transaction_id", "customer_ip_address", "customer_user_agent", "shipping_items"),
    *("download_permissions", "refunds", "fee_items", "tax_items", "order_note", "download_permissions_granted"),
}
_TRAITS: Final = {
    "billing_first_name": "first_name",
    "billing_last_name": "last_name",
    "billing_company": "company",
    "billing_city": "city",
    "billing_state": "region",
    "billing_postcode": "postal_code",
    "billing_country": "country",
}


def _orders(group: Sequence[Row], context: Context) -> Iterable[Record]:
    cells = read(group[0], context)
    status = (cells.text("status", "order_status") or "").casefold().removeprefix("wc-").replace(" ", "-")
    if status in GONE:
        raise RowSkippedError(GONE[status])
    number = cells.text("order_id", "order_number")
    if number is None:
        raise RowRejectedError("no_order_id", "The row names no order: column 'order_id' is blank.")
    keys, flaws = identity(cells, _EMAIL, _CUSTOMER, ("billing_phone",))
    items = [name for name in cells.names if _ITEM.fullmatch(name)]
    products = [found for name in ("line_items", *items) for found in _products(cells.value(name), context)]
    properties = {**cells.rest(_ORDER | set(items)), **_properties(cells, number), **present(products=products)}
    refunded = cells.amount("refunded_total", "total_refunded", "order_refund") or 0
    if status == "refunded" and not refunded:
        refunded = cells.amount("order_total") or 0
    state = state_of(status, paid=cells.text("paid_date") is not None)
    order = Order(
        keys=keys,
        number=number,
        at=cells.required_at("order_date", "date", "paid_date"),
        properties=properties,
        state=state,
        told=cells.latest(*_CHANGES),
        progress=progress_of(status, state),
        cancelled=status == "cancelled",
        refunded=abs(refunded),
        traits={**{trait: text for column, trait in _TRAITS.items() if (text := cells.text(column))}, **flaws},
    )
    return order_records(order)


def state_of(status: str, *, paid: bool) -> str:
    """The event that an order has come to.

    >>> state_of("on-hold", paid=False), state_of("cancelled", paid=True), state_of("packed", paid=True)
    ('Order Placed', 'Order Completed', 'Order Completed')
    """
    stated = _STATES.get(status, events.ORDER_PLACED)
    return events.ORDER_COMPLETED if paid and stated == events.ORDER_PLACED else stated


def progress_of(status: str, state: str) -> int:
    """The status's place on the way that orders go; 0 for none, and beside "processing" for one of a plugin.

    What was bought is further than what wasn't: a cancelled order may be paid late, and an export without `paid_date`
    doesn't tell that a cancelled one was paid.

    >>> places = [progress_of("cancelled", each) for each in (events.ORDER_PLACED, events.ORDER_COMPLETED)]
    >>> places[0] < progress_of("processing", events.ORDER_COMPLETED) < places[1]
    True
    """
    place = _PROGRESS.index(status if status in _STATES else "processing") + 1 if status else 0
    return place + len(_PROGRESS) if state == events.ORDER_COMPLETED else place


def _properties(cells: Cells, number: str) -> dict[str, Json]:
    total, shipping, tax = (cells.amount(name) for name in ("order_total", "shipping_total", "tax_total"))
    subtotal = cells.amount("order_subtotal")
    if subtotal is None and total is not None:
        subtotal = round(total - (shipping or 0) - (tax or 0), 2)
    return {
        **present(order_id=number, total=total, revenue=subtotal, shipping=shipping, tax=tax),
        **present(discount=cells.amount("discount_total")),
        **present(currency=(cells.text("order_currency", "currency") or cells.context.currency).upper()),
        **texts(cells, order_number=("order_number_formatted", "order_number"), status=("status", "order_status")),
        **texts(cells, coupon=("coupon_items", "coupons"), payment_method="payment_method", note="customer_note"),
    }


def _products(cell: object, context: Context) -> list[Json]:
    found = [_product(read(item, context)) for item in _items(cell)]
    return [item for item in found if item]


def _items(cell: object) -> list[dict[str, Any]]:
    cell = parsed_json(cell)
    if isinstance(cell, dict):
        cell = [cell]
    if isinstance(cell, list):
        return [item for item in cell if isinstance(item, dict)]
    if not isinstance(cell, str):
        return []
    return [dict(pair.split(":", 1) for pair in item.split("|") if ":" in pair) for item in cell.split(";")]


def _product(item: Cells) -> dict[str, Json]:
    found = product(
        item,
        product_id=("product_id",),
        variant=("variation_id",),
        sku=("sku",),
        name=("name", "product_name"),
        quantity=("quantity", "qty"),
        category=("category", "categories"),
    )
    price, quantity, total = item.number("price", "item_price"), item.number("quantity", "qty"), item.number("total")
    if price is None and total is not None and quantity:
        price = round(total / quantity, 2)
    return {**found, **present(price=price)}


_CUSTOMERS = Contacts(
    email=("email", "user_email", "billing_email"),
    phone=("phone", "billing_phone"),
    ids={"customer_id": "woocommerce", "user_id": "woocommerce", "id": "woocommerce"},
    texts={
        **_TRAITS,
        "username": "username",
        "user_login": "username",
        "country / region": "country",
        "display_name": "name",
    },
    times={
        "last active": "last_active_at",
        "sign up": "created_at",
        "date registered": "created_at",
        "date_registered": "created_at",
        "user_registered": "created_at",
    },
)
_CUSTOMERS_USUAL: Final = _CUSTOMERS.known() | {
    *("orders", "total spend", "aov", "total_spent", "order_count", "money_spent", "role", "roles", "user_pass"),
    *(name for name in _USUAL if name.startswith(("billing_", "shipping_"))),
}


def _recognise_orders(head: FileHead) -> float:
    columns = ({"order_id", "order_date", "status", "order_total", email} for email in _EMAIL)
    return max(by_columns(wanted, _USUAL)(head) for wanted in columns)


def _recognise_customers(head: FileHead) -> float:
    return max(
        by_columns({"username", "email", "last active", "total spend"}, _CUSTOMERS_USUAL)(head),
        by_columns({"user_login", "user_email", "user_registered"}, _CUSTOMERS_USUAL)(head),
        by_columns({"customer_id", "date_registered", "billing_email"}, _CUSTOMERS_USUAL)(head),
    )


ORDERS = Source(
    name="woocommerce_orders", title="WooCommerce orders export", recognise=_recognise_orders, map_rows=_orders
)
CUSTOMERS = Source(
    name="woocommerce_customers",
    title="WooCommerce customers export",
    recognise=_recognise_customers,
    map_rows=mapper(_CUSTOMERS),
)
SOURCES = (ORDERS, CUSTOMERS)
