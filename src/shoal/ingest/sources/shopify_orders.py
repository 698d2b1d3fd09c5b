"""Shopify's orders export: one line per product, the order's own facts on its first line only.

Source: https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from shoal.ingest import values
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.source import Context, Row, RowRejectedError, Source
from shoal.ingest.sources.cells import Cells, present, rows
from shoal.ingest.sources.contacts import identity
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.orders import Order, order_records, product

_LINE: Final = frozenset(
    f"lineitem {what}"
    for what in (
        *("quantity", "name", "price", "compare at price", "sku", "requires shipping", "taxable", "fulfillment status"),
        "discount",
    )
)
_KNOWN: Final = _LINE | {
    *("name", "email", "phone", "financial status", "paid at", "fulfillment status", "accepts marketing", "currency"),
    *("subtotal", "shipping", "taxes", "total", "discount code", "discount amount", "created at", "cancelled at"),
    *("refunded amount", "id", "vendor", "tags", "source"),
}
_USUAL: Final = (
    {f"{side} {part}" for side in ("billing", "shipping") for part in ("name", "street", "address1", "address2")}
    | {f"{side} {part}" for side in ("billing", "shipping") for part in ("company", "city", "zip", "province")}
    | {f"{side} {part}" for side in ("billing", "shipping") for part in ("country", "phone", "method")}
    | {f"tax {number} {part}" for number in range(1, 6) for part in ("name", "value")}
    | {"fulfilled at", "notes", "note attributes", "payment method", "payment reference", "outstanding balance"}
    | {"employee", "location", "device id", "risk level", "billing province name", "shipping province name"}
    | {"payment id", "payment terms name", "next payment due at", "payment references", "receipt number", "duties"}
)
_TRAITS: Final = {
    "billing name": "name",
    "billing city": "city",
    "billing province": "region",
    "billing country": "country",
    "billing zip": "postal_code",
}


def _orders(group: Sequence[Row], context: Context) -> Iterable[Record]:
    lines = rows(group, context)
    first = next((cells for cells in lines if cells.value("total", "created at", "email") is not None), lines[0])
    number = first.text("name")
    if number is None:
        raise RowRejectedError("no_order", "The row names no order: column 'name' is blank.")
    keys, flaws = identity(first, ("email",), {}, ("phone", "billing phone"), region=first.text("billing country"))
    currency = first.text("currency") or context.currency
    properties = {
        **first.rest(_KNOWN),
        **_properties(first, number, currency),
        **present(products=[item for item in map(_product, lines) if item]),
    }
    consent = (Consent(channel="email", state="granted", method="checkout"),)
    order = Order(
        keys=keys,
        number=number,
        at=first.required_at("created at", "paid at"),
        properties=properties,
        cancelled=first.text("cancelled at") is not None or first.text("financial status") == "voided",
        cancelled_at=first.at("cancelled at"),
        refunded=first.amount("refunded amount") or 0,
        traits={**{trait: text for column, trait in _TRAITS.items() if (text := first.text(column))}, **flaws},
        consent=consent if first.flag("accepts marketing") else (),
    )
    return order_records(order)


def _properties(first: Cells, number: str, currency: str) -> dict[str, Json]:
    return {
        **present(
            order_id=number,
            currency=currency.upper(),
            total=first.amount("total"),
            revenue=first.amount("subtotal"),
            shipping=first.amount("shipping"),
            tax=first.amount("taxes"),
            discount=first.amount("discount amount"),
            tags=list(first.listed("tags")),
            paid_at=first.moment("paid at"),
        ),
        **texts(first, coupon="discount code", financial_status="financial status", shopify_id="id"),
        **texts(first, fulfillment_status="fulfillment status", channel="source"),
    }


def _product(line: Cells) -> dict[str, Json]:
    found = product(
        line,
        sku=("lineitem sku",),
        name=("lineitem name",),
        price=("lineitem price",),
        quantity=("lineitem quantity",),
        brand=("vendor",),
    )
    discount = values.number(line.value("lineitem discount"))
    return {**found, "discount": discount} if found and discount else found


SOURCE = Source(
    name="shopify_orders",
    title="Shopify orders export",
    recognise=by_columns({"name", "financial status", "lineitem name", "lineitem quantity"}, _KNOWN | _USUAL),
    map_rows=_orders,
    group_by="Name",
)
