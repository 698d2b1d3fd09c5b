"""WooCommerce's webhooks: orders and customers.

Sources: https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks and …/#order-properties. The signature is an
HMAC over the body and covers no time. When a webhook is saved, WooCommerce asks with the webhook's number alone, and
without a signature, whether anybody is there.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from shoal.core.time import Instant
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources import woocommerce
from shoal.ingest.sources.cells import Cells, present, read
from shoal.ingest.sources.contacts import Contacts, identity, mapper
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.orders import Order, order_records, product
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import cells_of, document, inner, listed
from shoal.ingest.webhooks.signing import base64_hmac, content_proof, header, require_one

_PING: Final = re.compile(rb"webhook_id=\d{1,20}")
_SIGNATURE: Final = "x-wc-webhook-signature"
_PEOPLE: Final = frozenset({"order", "customer"})
_LINES: Final = "line_items"
"""What an order has and a customer hasn't."""

_TRAITS: Final = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "city": "city",
    "state": "region",
    "postcode": "postal_code",
    "country": "country",
}


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    require_one([header(delivery, _SIGNATURE)], secrets, base64_hmac(delivery.body))
    topic = delivery.headers.get("x-wc-webhook-topic", "")
    return content_proof(f"{topic}\n".encode() + delivery.body)


def _is_ping(delivery: Delivery) -> bool:
    return _SIGNATURE not in delivery.headers and _PING.fullmatch(delivery.body) is not None


def _rows(delivery: Delivery) -> list[dict[str, Any]]:
    return [{"topic": delivery.headers.get("x-wc-webhook-topic", ""), "body": document(delivery.body)}]


def _map(row: Row, context: Context) -> Iterable[Record]:
    resource, _, what = str(row.get("topic") or "").partition(".")
    body, plain = inner(row, "body"), replace(context, zone=dt.UTC)  # times named …_gmt are UTC and don't say so
    if what == "deleted":
        raise RowSkippedError("deleted")
    if resource in _PEOPLE and (_LINES in body) != (resource == "order"):
        raise RowRejectedError("wrong_topic", "The topic, which is not signed, is another than the body's.")
    if resource == "order":
        return _order(body, plain)
    if resource == "customer":
        return _customer(body, plain)
    raise RowSkippedError("not_about_a_person" if resource else "unknown_event")


def _order(body: Row, context: Context) -> Iterator[Record]:
    billing = inner(body, "billing")
    cells = cells_of(context, body, {"email": billing.get("email"), "phone": billing.get("phone")})
    status = (cells.text("status") or "").casefold().removeprefix("wc-")
    if status in woocommerce.GONE:
        raise RowSkippedError(woocommerce.GONE[status])
    number = cells.identifier("id")
    if number is None:
        raise RowRejectedError("no_order_id", "The order has no id.")
    country = billing.get("country")
    region = country if isinstance(country, str) and country else None
    keys, flaws = identity(cells, ("email",), {"customer_id": "woocommerce"}, ("phone",), region=region)
    paid = cells.text("date_paid_gmt", "date_paid") is not None
    state = woocommerce.state_of(status, paid=paid)
    person = read(billing, context)
    order = Order(
        keys=keys,
        number=number,
        at=_time(cells, "date_created") or context.received_at,
        properties=_properties(cells, number, body),
        state=state,
        told=_time(cells, "date_modified"),
        progress=woocommerce.progress_of(status, state),
        is_dated=True,
        cancelled=status == "cancelled",
        refunded=_refunded(body, cells, status),
        traits={**{trait: text for name, trait in _TRAITS.items() if (text := person.text(name))}, **flaws},
    )
    return order_records(order)


def _time(cells: Cells, name: str) -> Instant | None:
    return cells.at(f"{name}_gmt", name)


def _refunded(body: Row, cells: Cells, status: str) -> int | float:
    sums = [abs(read(each, cells.context).amount("total") or 0) for each in listed(body, "refunds")]
    whole = cells.amount("total") or 0 if status == "refunded" else 0
    return round(sum(sums), 2) or whole


def _properties(cells: Cells, number: str, body: Row) -> dict[str, Json]:
    total, shipping, tax = (cells.amount(name) for name in ("total", "shipping_total", "total_tax"))
    revenue = None if total is None else round(total - (shipping or 0) - (tax or 0), 2)
    coupons = [each["code"] for each in listed(body, "coupon_lines") if isinstance(each.get("code"), str)]
    lines = [_product(read(line, cells.context)) for line in listed(body, "line_items")]
    return {
        **present(order_id=number, total=total, revenue=revenue, shipping=shipping, tax=tax),
        **present(discount=cells.amount("discount_total"), coupon=", ".join(coupons)),
        **present(currency=(cells.text("currency") or cells.context.currency).upper()),
        **present(products=[line for line in lines if line]),
        **texts(cells, order_number="number", status="status", payment_method="payment_method", note="customer_note"),
    }


def _product(line: Cells) -> dict[str, Json]:
    return product(
        line,
        product_id=("product_id",),
        sku=("sku",),
        name=("name",),
        price=("price",),
        quantity=("quantity",),
    )


_people: Final = mapper(
    Contacts(
        phone=("phone",),
        ids={"id": "woocommerce"},
        texts={**_TRAITS, "username": "username"},
        times={"date_created_gmt": "created_at"},
        flags={"is_paying_customer": "is_paying_customer"},
        updated=("date_modified_gmt",),
        ignored=frozenset(
            {"billing", "shipping", "meta_data", "_links", "avatar_url", "date_created", "date_modified", "role"}
        ),
    )
)
_ADDRESS: Final = ("company", "city", "state", "postcode", "country", "phone")


def _customer(body: Row, context: Context) -> Iterable[Record]:
    billing: Mapping[str, Any] = inner(body, "billing")
    return _people([{**body, **{name: billing[name] for name in _ADDRESS if name in billing}}], context)


WEBHOOK = Webhook(
    name="woocommerce",
    title="WooCommerce",
    scheme="HMAC-SHA256 over the body",
    secret="the secret of the webhook in Settings, Advanced, Webhooks",  # noqa: S106 - where it is
    verify=_verify,
    rows=_rows,
    map_row=_map,
    makes_secret=True,
    is_resent_alike=True,
    is_ping=_is_ping,
)
