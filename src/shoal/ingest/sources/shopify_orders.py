"""Shopify's orders export: one line per product, the order's own facts on its first line only.

Source: https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from shoal.ingest import values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowRejectedError, Source
from shoal.ingest.sources import consents, shopify_payment
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


def _orders(group: Sequence[Row], context: Context) -> Iterator[Record]:
    """The orders of consecutive lines with one name: one order, or one of each shop that has the name."""
    orders: list[list[Cells]] = []
    for line in rows(group, context):
        number = line.text("id")
        if not orders or (number is not None and orders[-1][0].text("id") not in (None, number)):
            orders.append([])
        orders[-1].append(line)
    for lines in orders:
        yield from _order(lines, context)


def _order(lines: Sequence[Cells], context: Context) -> Iterable[Record]:
    """The name is unique in its shop only, so the id of the order is its `Id`, which newer exports have."""
    first = next((cells for cells in lines if cells.value("total", "created at", "email") is not None), lines[0])
    name = first.text("name")
    number = next(filter(None, (line.text("id") for line in lines)), name)
    if number is None:
        raise RowRejectedError("no_order_id", "The row names no order: columns 'id' and 'name' are blank.")
    keys, flaws = identity(first, ("email",), {}, ("phone", "billing phone"), region=first.text("billing country"))
    currency = first.text("currency") or context.currency
    properties = {
        **first.rest(_KNOWN),
        **_properties(first, number, currency),
        **present(order_name=None if number == name else name),
        **present(products=[item for item in map(_product, lines) if item]),
    }
    status = shopify_payment.folded(first.text("financial status"))
    order = Order(
        keys=keys,
        number=number,
        at=first.required_at("created at", "paid at"),
        properties=properties,
        state=shopify_payment.state(status, paid=first.text("paid at") is not None),
        told=first.latest("paid at", "fulfilled at"),
        progress=shopify_payment.progress(status),
        cancelled=first.text("cancelled at") is not None or status == shopify_payment.VOIDED,
        cancelled_at=first.at("cancelled at"),
        refunded=first.amount("refunded amount") or 0,
        traits={**{trait: text for column, trait in _TRAITS.items() if (text := first.text(column))}, **flaws},
        consent=consents.checked(first, "accepts marketing"),
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
        **texts(first, coupon="discount code", financial_status="financial status"),
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
