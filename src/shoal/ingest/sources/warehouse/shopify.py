"""Shopify's tables in a warehouse, from its REST interface and from GraphQL (`gql`).

An order's own row has no lines: each line is a "Product Ordered" beside the "Order Completed", and
refunds come from their own table. Both find the customer through the table `order`. Orders, lines, fulfillments,
refunds and checkouts go on changing: their version is `updated_at`, or else when the connector brought the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shoal.ingest import events, values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import RowRejectedError, RowSkippedError
from shoal.ingest.sources import consents, shopify_payment
from shoal.ingest.sources.cells import Cells, newest, parsed_json, present, url_path
from shoal.ingest.sources.consents import METHODS, Stated
from shoal.ingest.sources.contacts import NAMES, Contacts, identity, people
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.orders import Order, order_records, product
from shoal.ingest.sources.warehouse.shopify_reference import SKIPPED
from shoal.ingest.sources.warehouse.tables import Table, changed, detail_of, sibling, sources

VENDOR: Final = "shopify"
_ORDERS: Final = {"order": "id"}


def _consent(cells: Cells) -> list[Stated]:
    stated = consents.stated(cells, "accepts_marketing")
    for channel, prefix in (("email", "email_marketing_consent"), ("sms", "sms_marketing_consent")):
        method = METHODS.get((cells.text(f"{prefix}_opt_in_level") or "").casefold())
        when = (f"{prefix}_updated_at", f"{prefix}_consent_updated_at")
        stated += consents.stated(cells, f"{prefix}_state", channel, at=when, method=method)
    return stated


_CUSTOMER = Contacts(
    phone=("phone",),
    ids={"id": VENDOR},
    texts={"state": "account_state", "note": "note", "currency": "currency"},
    times={"created_at": "created_at"},
    flags={"tax_exempt": "tax_exempt", "verified_email": "email_verified"},
    updated=("updated_at",),
    ignored=frozenset({"default_address_id"}),
    consent=_consent,
    consent_columns=frozenset(
        {"accepts_marketing"}
        | {
            f"{channel}_marketing_consent_{what}"
            for channel in ("email", "sms")
            for what in ("state", "opt_in_level", "updated_at", "consent_updated_at")
        }
    ),
)
_CUSTOMER_KNOWN: Final = _CUSTOMER.known()
_CUSTOMER_TEXTS: Final = {**NAMES, **_CUSTOMER.texts}


def _customer(cells: Cells) -> Iterator[Record]:
    yield from people(cells, _CUSTOMER, _CUSTOMER_KNOWN, _CUSTOMER_TEXTS)


def _address(cells: Cells) -> Iterator[Record]:
    if not cells.flag("is_default"):
        raise RowSkippedError(detail_of("customer"))
    keys, _ = identity(cells, (), {"customer_id": VENDOR})
    place = texts(cells, city="city", country="country", country_code="country_code", region="province")
    place |= texts(cells, address="address_1", address_2="address_2", postal_code="zip", timezone="timezone")
    place |= present(latitude=cells.number("latitude"), longitude=cells.number("longitude"))
    yield Record(keys, traits=place)


def _customer_tag(cells: Cells) -> Iterator[Record]:
    keys, _ = identity(cells, (), {"customer_id": VENDOR})
    tag = cells.text("value")
    yield Record(keys, traits=present(**{f"tag: {tag}": True}) if tag else {})


def _person_of(order: Cells) -> tuple[tuple[str, ...], dict[str, Json]]:
    return identity(order, ("email",), {"customer_id": VENDOR}, ("phone", "billing_address_phone"))


_ORDER: Final = frozenset(
    {"id", "name", "number", "order_number", "email", "phone", "customer_id", "created_at", "processed_at"}
    | {"cancelled_at", "cancel_reason", "total_price", "subtotal_price", "total_tax", "total_discounts", "currency"}
    | {"currency_code", "total_shipping_price_set", "financial_status", "fulfillment_status", "test", "updated_at"}
    | {"display_financial_status", "display_fulfillment_status", "buyer_accepts_marketing", "total_line_items_price"}
    | {"customer_accepts_marketing", "source_name", "token", "cart_token", "checkout_token", "status_page_url"}
)


_PAYMENT: Final = ("financial_status", "display_financial_status")


def _number(cells: Cells) -> str:
    number = cells.text("id")
    if number is None:
        raise RowRejectedError("no_row_id", "The row has no number of its own: column 'id' is blank.")
    return number


def _order(cells: Cells) -> Iterator[Record]:
    if cells.flag("test"):
        raise RowSkippedError("test_order")
    keys, flaws = _person_of(cells)
    place = texts(cells, city="shipping_address_city", country="shipping_address_country")
    status = shopify_payment.folded(cells.text(*_PAYMENT))
    yield from order_records(
        Order(
            keys=keys,
            number=_number(cells),
            at=cells.required_at("created_at", "processed_at"),
            properties=_order_properties(cells),
            state=shopify_payment.state(status, paid=not any(column in cells.names for column in _PAYMENT)),
            told=changed(cells, "updated_at"),
            progress=shopify_payment.progress(status),
            is_dated=True,
            cancelled=cells.text("cancelled_at") is not None or status == shopify_payment.VOIDED,
            cancelled_at=cells.at("cancelled_at"),
            traits={**place, **flaws},
            consent=consents.checked(cells, "buyer_accepts_marketing", "customer_accepts_marketing"),
        )
    )


def _order_properties(cells: Cells) -> dict[str, Json]:
    currency = cells.text("currency", "currency_code", "total_price_set_shop_currency_code")
    left = cells.rest(_ORDER)
    kept = {name: value for name, value in left.items() if "_address_" not in name and "_set_" not in name}
    return {
        **kept,
        **texts(cells, order_id="id", order_name="name", cancel_reason="cancel_reason", channel="source_name"),
        **texts(cells, financial_status=_PAYMENT),
        **texts(cells, fulfillment_status=("fulfillment_status", "display_fulfillment_status")),
        **present(currency=(currency or cells.context.currency).upper()),
        **_totals(cells),
    }


def _totals(cells: Cells) -> dict[str, Json]:
    """Amounts in the shop's currency: plain columns of REST, `…_set_shop_amount` of GraphQL, or a set as JSON."""
    shipping = cells.text("total_shipping_price_set_shop_amount") or _shop_amount(
        cells.value("total_shipping_price_set")
    )
    return present(
        total=cells.amount("total_price", "total_price_set_shop_amount"),
        revenue=cells.amount("subtotal_price", "subtotal_price_set_shop_amount"),
        tax=cells.amount("total_tax", "total_tax_set_shop_amount"),
        discount=cells.amount(*_DISCOUNTS),
        shipping=values.number(shipping),
    )


_DISCOUNTS: Final = ("total_discounts", "total_discounts_set_shop_amount", "total_discount_set_shop_amount")


def _shop_amount(cell: object) -> object:
    found = parsed_json(cell)
    shop = found.get("shop_money") if isinstance(found, dict) else None
    return shop.get("amount") if isinstance(shop, dict) else None


def _order_of(cells: Cells, number: str | None) -> Cells:
    """The order that a row belongs to; without it nobody knows whose the row is."""
    order = sibling(cells, VENDOR, "order", number)
    if order is None or order.flag("test"):
        raise RowSkippedError(detail_of("order"))
    return order


def _order_line(cells: Cells) -> Iterator[Record]:
    order = _order_of(cells, cells.text("order_id"))
    keys, _ = _person_of(order)
    found = product(
        cells,
        product_id=("product_id",),
        variant=("variant_id",),
        sku=("sku",),
        name=("title", "name"),
        price=("price",),
        quantity=("quantity",),
        brand=("vendor",),
    )
    quantity, total = cells.number("quantity"), cells.amount("original_total_set_shop_amount")
    if "price" not in found and total is not None and quantity:
        found["price"] = round(total / quantity, 2)
    currency = order.text("currency", "currency_code") or cells.context.currency
    properties = {
        **found,
        **texts(cells, order_id="order_id", variant_name="variant_title"),
        **present(discount=cells.amount("total_discount", "total_discount_set_shop_amount"), currency=currency.upper()),
    }
    at = order.required_at("created_at")
    version = newest(at, changed(order, "updated_at"), changed(cells))
    yield Record(keys, events.PRODUCT_ORDERED, at, _number(cells), properties, version=version)


def _refund(cells: Cells) -> Iterator[Record]:
    order = _order_of(cells, cells.text("order_id"))
    keys, _ = _person_of(order)
    payment = sibling(cells, VENDOR, "transaction", cells.text("id"))
    total = cells.amount("total_refunded_set_shop_amount")
    if total is None and payment is not None:
        total = payment.amount("amount", "amount_set_shop_amount")
    currency = order.text("currency", "currency_code") or cells.context.currency
    properties = {**texts(cells, order_id="order_id", note="note"), **present(total=total, currency=currency.upper())}
    yield _changing(cells, keys, events.ORDER_REFUNDED, properties)


def _fulfillment(cells: Cells) -> Iterator[Record]:
    keys, _ = _person_of(_order_of(cells, cells.text("order_id")))
    properties = texts(cells, order_id="order_id", status=("status", "display_status"), carrier="tracking_company")
    yield _changing(cells, keys, events.ORDER_FULFILLED, properties)


def _changing(cells: Cells, keys: tuple[str, ...], name: str, properties: dict[str, Json]) -> Record:
    """An event of a row that goes on changing."""
    at = cells.required_at("created_at")
    version = changed(cells, "updated_at", "completed_at", otherwise=at)
    return Record(keys, name, at, _number(cells), properties, version=version)


def _visit(cells: Cells) -> Iterator[Record]:
    keys, _ = _person_of(_order_of(cells, cells.text("order_id")))
    url = cells.text("landing_page")
    properties = {
        **texts(cells, url="landing_page", referrer="referrer_url", source="source", source_type="source_type"),
        **texts(cells, utm_campaign="utm_parameters_campaign", utm_medium="utm_parameters_medium"),
        **texts(cells, utm_source="utm_parameters_source", utm_term="utm_parameters_term"),
        **texts(cells, utm_content="utm_parameters_content", order_id="order_id"),
        **present(path=url_path(url)),
    }
    yield Record(keys, events.SITE_VISITED, cells.required_at("occurred_at"), cells.text("id"), properties)


def _checkout(cells: Cells) -> Iterator[Record]:
    keys, flaws = _person_of(cells)
    currency = cells.text("currency", "total_price_set_shop_currency_code") or cells.context.currency
    properties = {
        **texts(
            cells, checkout_id="id", url="abandoned_checkout_url", channel="source_name", referrer="referring_site"
        ),
        **present(currency=currency.upper(), completed_at=cells.moment("completed_at"), **_totals(cells)),
        **flaws,
    }
    yield _changing(cells, keys, events.CHECKOUT_STARTED, properties)


_MAPPED: Final = (
    Table("customer", "id email first_name orders_count total_spent verified_email", _customer),
    Table("customer_address", "customer_id id is_default province_code zip", _address),
    Table("customer_tag", "customer_id index value", _customer_tag),
    Table("order", "id customer_id processed_at cancelled_at closed_at number source_name total_weight", _order),
    Table(
        "order_line", "id order_id product_id variant_id quantity sku taxable requires_shipping", _order_line, _ORDERS
    ),
    Table("refund", "id order_id created_at note", _refund, {**_ORDERS, "transaction": "refund_id"}),
    Table("fulfillment", "id order_id created_at location_id status name", _fulfillment, _ORDERS),
    Table("customer_visit", "id order_id landing_page occurred_at referral_code", _visit, _ORDERS),
    Table("abandoned_checkout", "id abandoned_checkout_url completed_at customer_id created_at", _checkout),
)
SOURCES = sources(VENDOR, "Shopify", _MAPPED, SKIPPED)
