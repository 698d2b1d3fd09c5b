"""Shopify's webhooks: orders, checkouts, customers and their consent.

Sources: https://shopify.dev/docs/api/webhooks and …/docs/apps/build/webhooks/subscribe/https (HMAC over the body). The
signature covers no time, and a delivery that was not answered is sent again under the same one. What happened is told
by a header, which is not signed: so nothing is taken from it that the body would not say for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from shoal.core.time import Instant
from shoal.ingest import events, values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources import consents, shopify_payment
from shoal.ingest.sources.cells import Cells, present, read
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import Contacts, identity, mapper
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.orders import Order, order_records, product
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import cells_of, document, inner, listed
from shoal.ingest.webhooks.signing import base64_hmac, content_proof, header, require_one

_WRAPPED: Final = {
    "order": "orders/",
    "orders": "orders/",
    "checkouts": "checkouts/",
    "customer": "customers/",
    "customers": "customers/",
}
"""How the Admin API wraps what webhooks send bare."""

_TRAITS: Final = {
    "name": "name",
    "city": "city",
    "province": "region",
    "country": "country",
    "country_code": "country_code",
    "zip": "postal_code",
}


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    require_one([header(delivery, "x-shopify-hmac-sha256")], secrets, base64_hmac(delivery.body))
    topic = delivery.headers.get("x-shopify-topic", "")
    return content_proof(f"{topic}\n".encode() + delivery.body)


def _rows(delivery: Delivery) -> list[dict[str, Any]]:
    found, topic = document(delivery.body), delivery.headers.get("x-shopify-topic", "")
    for name, kind in _WRAPPED.items():
        if isinstance(found, Mapping) and set(found) == {name} and topic.startswith(kind):
            found = found[name]
    return [{"topic": topic, "body": each} for each in (found if isinstance(found, list) else [found])]


def _map(row: Row, context: Context) -> Iterable[Record]:
    topic, body = str(row.get("topic") or ""), inner(row, "body")
    kind, _, what = topic.partition("/")
    if what in ("redact", "data_request"):
        raise RowRejectedError("privacy_request", "Somebody asks for their data or its erasure: see to it by hand.")
    if what == "delete":
        raise RowSkippedError("deleted")
    _check_kind(kind, body)
    if kind == "orders":
        return _order(body, context)
    if kind == "checkouts":
        return [_checkout(body, context)]
    if kind == "customers":
        return _customer(body, context)
    raise RowSkippedError("not_about_a_person" if topic else "unknown_event")


def _check_kind(kind: str, body: Row) -> None:
    """Raise RowRejectedError `wrong_topic` where the header, which is not signed, names another kind of thing."""
    is_order, is_checkout = "financial_status" in body, "abandoned_checkout_url" in body or "completed_at" in body
    fitting = {"orders": is_order, "checkouts": is_checkout and not is_order, "customers": "line_items" not in body}
    if not fitting.get(kind, True):
        raise RowRejectedError("wrong_topic", "The topic, which is not signed, is another than the body's.")


def _buyer(body: Row, context: Context) -> tuple[Cells, tuple[str, ...], dict[str, Json]]:
    """The row's own cells beside the buyer's id and country, keys, and traits that tell of flaws."""
    customer, billing = inner(body, "customer"), inner(body, "billing_address")
    told = {"customer id": customer.get("id"), "customer email": customer.get("email"), "bill": billing.get("phone")}
    cells = cells_of(context, body, told)
    country = billing.get("country_code")
    keys, flaws = identity(
        cells,
        ("email", "contact_email", "customer email"),
        {"customer id": "shopify"},
        ("phone", "bill"),
        region=country if isinstance(country, str) else None,
    )
    return cells, keys, flaws


def _order(body: Row, context: Context) -> Iterator[Record]:
    cells, keys, flaws = _buyer(body, context)
    if cells.flag("test"):
        raise RowSkippedError("test_order")
    number = cells.identifier("id")
    if number is None:
        raise RowRejectedError("no_order_id", "The order has no id.")
    billing = read(inner(body, "billing_address"), context)
    status = shopify_payment.folded(cells.text("financial_status"))
    refunds, refunded_at = _refunds(body, context)
    order = Order(
        keys=keys,
        number=number,
        at=cells.required_at("processed_at", "created_at"),
        properties=_properties(cells, number, body),
        state=shopify_payment.state(status, paid=False),
        told=cells.at("updated_at"),
        progress=shopify_payment.progress(status),
        is_dated=True,
        cancelled=cells.text("cancelled_at") is not None or status == shopify_payment.VOIDED,
        cancelled_at=cells.at("cancelled_at"),
        refunded=refunds,
        refunded_at=refunded_at,
        traits={**{trait: text for name, trait in _TRAITS.items() if (text := billing.text(name))}, **flaws},
        consent=consents.checked(cells, "buyer_accepts_marketing"),
    )
    return order_records(order)


def _refunds(body: Row, context: Context) -> tuple[float, Instant | None]:
    """How much went back, and when the last of it."""
    refunds = [read(each, context) for each in listed(body, "refunds")]
    paid = [read(each, context) for refund in listed(body, "refunds") for each in listed(refund, "transactions")]
    amounts = [one.amount("amount") or 0 for one in paid if one.text("kind") == "refund"]
    times = [at for refund in refunds if (at := refund.at("processed_at", "created_at")) is not None]
    return round(sum(amounts), 2), max(times, default=None)


def _properties(cells: Cells, number: str, body: Row) -> dict[str, Json]:
    currency = (cells.text("currency") or cells.context.currency).upper()
    coupons = [each["code"] for each in listed(body, "discount_codes") if isinstance(each.get("code"), str)]
    return {
        **present(order_id=number, currency=currency, total=cells.amount("total_price")),
        **present(revenue=cells.amount("subtotal_price"), tax=cells.amount("total_tax")),
        **present(discount=cells.amount("total_discounts"), shipping=_shipping(body)),
        **present(coupon=", ".join(coupons), tags=list(cells.listed("tags"))),
        **present(products=[item for line in listed(body, "line_items") if (item := _product(line, cells.context))]),
        **texts(cells, order_name="name", financial_status="financial_status", channel="source_name"),
        **texts(cells, fulfillment_status="fulfillment_status"),
    }


def _shipping(body: Row) -> int | float | None:
    prices = [
        price for line in listed(body, "shipping_lines") if (price := values.number(line.get("price"))) is not None
    ]
    return round(sum(prices), 2) if prices else None


def _product(line: Row, context: Context) -> dict[str, Json]:
    return product(
        read(line, context),
        product_id=("product_id",),
        variant=("variant_id",),
        sku=("sku",),
        name=("title", "name"),
        price=("price",),
        quantity=("quantity",),
        brand=("vendor",),
    )


def _checkout(body: Row, context: Context) -> Record:
    """Goes on changing as long as the buyer fills in what is asked."""
    cells, keys, _ = _buyer(body, context)
    token = cells.identifier("token", "id")
    if token is None:
        raise RowRejectedError("no_checkout_id", "The checkout has no id.")
    properties = _properties(cells, token, body)
    at = cells.required_at("created_at")
    link = texts(cells, link_url="abandoned_checkout_url")
    number, version = f"checkout:{token}", cells.at("updated_at") or at
    found = {**{("checkout_id" if name == "order_id" else name): text for name, text in properties.items()}, **link}
    return Record(keys, events.CHECKOUT_STARTED, at, number, found, version=version)


def _consent(cells: Cells) -> list[Stated]:
    """What newer versions state for each channel, or else the one answer of older ones, where a no refuses."""
    newer = [
        one
        for channel in ("email", "sms")
        for one in consents.stated(cells, f"{channel} state", channel, at=(f"{channel} at",))
    ]
    if newer or cells.text("email state") is not None:
        return newer
    return consents.stated(cells, "accepts_marketing", "email", at=("accepts_marketing_updated_at",))


_CUSTOMERS: Final = Contacts(
    phone=("phone",),
    ids={"id": "shopify", "customer_id": "shopify"},
    texts={"note": "note", "province": "region", "zip": "postal_code", "country_code": "country_code"},
    times={"created_at": "created_at"},
    lists={"tags": "tags"},
    flags={"tax_exempt": "tax_exempt", "verified_email": "verified_email"},
    updated=("updated_at",),
    consent=_consent,
    consent_columns=frozenset(
        {"accepts_marketing", "accepts_marketing_updated_at", "email state", "email at", "sms state", "sms at"}
    ),
    ignored=frozenset(
        {"default_address", "addresses", "email_marketing_consent", "sms_marketing_consent", "marketing_opt_in_level"}
        | {"admin_graphql_api_id", "multipass_identifier", "last_order_id", "last_order_name", "tax_exemptions"}
        | {"metafield", "currency", "state", "orders_count", "total_spent", "address_id"}
    ),
)
_people: Final = mapper(_CUSTOMERS)
_ADDRESS: Final = ("company", "address1", "address2", "city", "province", "country", "country_code", "zip")


def _customer(body: Row, context: Context) -> Iterable[Record]:
    address = inner(body, "default_address")
    flat: dict[str, Any] = {name: value for name, value in body.items() if name != "state"}
    flat |= {name: address[name] for name in _ADDRESS if name in address}
    for channel in ("email", "sms"):
        told = inner(body, f"{channel}_marketing_consent")
        flat |= {f"{channel} state": told.get("state"), f"{channel} at": told.get("consent_updated_at")}
    return _people([flat], context)


WEBHOOK = Webhook(
    name="shopify",
    title="Shopify",
    scheme="HMAC-SHA256 over the body",
    secret="the client secret of the app, or the key that Settings, Notifications, Webhooks shows",  # noqa: S106
    verify=_verify,
    rows=_rows,
    map_row=_map,
    is_resent_alike=True,
)
