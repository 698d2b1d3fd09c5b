"""Stripe's webhooks: payments, customers, subscriptions.

Sources: https://docs.stripe.com/webhooks#verify-manually (HMAC over time and body), …/api/events/types and
…/currencies (which have no hundredths). As in Stripe's exports a payment is a charge, and one that succeeded is an
"Order Completed"; what tells of the same payment again (payment intents, invoices, checkout sessions) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import Cells, present, read
from shoal.ingest.sources.contacts import Contacts, identity, mapper
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.orders import Order, order_records
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import cells_of, inner, objects
from shoal.ingest.webhooks.signing import content_proof, header, hex_hmac, missing, require_one, signed_time

_STATES: Final = {
    "failed": events.PAYMENT_FAILED,
    "pending": events.ORDER_PLACED,
    "succeeded": events.ORDER_COMPLETED,
}
_PROGRESS: Final = tuple(_STATES)
_CHARGES: Final = frozenset({"succeeded", "failed", "pending", "captured", "updated", "refunded"})
_TOLD_BY_CHARGE: Final = ("payment_intent.", "invoice.", "checkout.session.", "refund.", "charge.refund.", "invoice_")
_SUBSCRIPTIONS: Final = {"created": "Subscription Started", "deleted": "Subscription Cancelled"}
_ZERO: Final = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
_THREE: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    parts = [part.strip().partition("=") for part in header(delivery, "stripe-signature").split(",")]
    times = [text for name, _, text in parts if name == "t"]
    stated = [text for name, _, text in parts if name == "v1"]  # never v0, which is for tests
    if len(times) != 1 or not stated:
        raise missing("stripe-signature: t and v1")
    signed = times[0].encode() + b"." + delivery.body
    require_one(stated, secrets, hex_hmac(signed))
    return content_proof(signed, signed_time(times[0]))


def _map(row: Row, context: Context) -> Iterable[Record]:
    kind, found = str(row.get("type") or ""), inner(row, "data", "object")
    if row.get("object") != "event" or not kind:
        raise RowSkippedError("not_an_event")
    told = read(row, context).required_at("created")
    if kind.removeprefix("charge.") in _CHARGES and kind.startswith("charge."):
        return _charge(found, context, told, is_refund=kind == "charge.refunded")
    if kind in ("customer.created", "customer.updated"):
        return _people([_flat(found, told)], context)
    resource, _, what = kind.rpartition(".")
    if resource == "customer.subscription" and what in _SUBSCRIPTIONS:
        return _subscription(found, context, what)
    raise RowSkippedError("told_by_charge" if kind.startswith(_TOLD_BY_CHARGE) else "unknown_event")


def _charge(found: Row, context: Context, told: Instant, *, is_refund: bool) -> Iterator[Record]:
    billing = inner(found, "billing_details")
    cells = cells_of(context, found, {"email": billing.get("email"), "phone": billing.get("phone")})
    keys, flaws = identity(cells, ("email", "receipt_email"), {"customer": "stripe"}, ("phone",))
    number, status = cells.text("id"), cells.text("status") or ""
    if number is None:
        raise RowRejectedError("no_payment_id", "The payment has no id.")
    if status not in _STATES:
        raise RowSkippedError("unknown_status")
    state = _STATES[status] if status != "succeeded" or cells.flag("captured") is not False else events.ORDER_PLACED
    refunded = _amount(cells, "amount_refunded") or 0
    order = Order(
        keys=keys,
        number=number,
        at=cells.required_at("created"),
        properties={**_properties(cells, number, found), **flaws},
        state=state,
        told=told,
        progress=_PROGRESS.index(status) + 1,
        is_dated=True,
        refunded=refunded,
        refunded_at=told if is_refund else None,
    )
    return order_records(order)


def _properties(cells: Cells, number: str, found: Row) -> dict[str, Json]:
    amount, card = _amount(cells, "amount"), inner(found, "payment_method_details", "card")
    currency = (cells.text("currency") or cells.context.currency).upper()
    return {
        **present(
            order_id=number, total=amount, revenue=amount, currency=currency, metadata=dict(inner(found, "metadata"))
        ),
        **texts(cells, description="description", invoice_id="invoice", status="status", reason="failure_message"),
        **present(card_brand=card.get("brand"), live=cells.flag("livemode")),
    }


def _amount(cells: Cells, column: str) -> int | float | None:
    """In major units.

    >>> from shoal.ingest.source import Context
    >>> here = Context(received_at=Instant(0))
    >>> [_amount(read({"amount": 1099, "currency": each}, here), "amount") for each in ("usd", "jpy", "kwd")]
    [10.99, 1099, 1.099]
    """
    found, currency = cells.amount(column), (cells.text("currency") or "").casefold()
    if found is None or currency in _ZERO:
        return found
    return round(found / (1_000 if currency in _THREE else 100), 3)


def _subscription(found: Row, context: Context, what: str) -> Iterator[Record]:
    cells = read(found, context)
    keys, _ = identity(cells, (), {"customer": "stripe"})
    number, status = cells.text("id"), cells.text("status")
    if number is None:
        raise RowRejectedError("no_subscription_id", "The subscription has no id.")
    at = (
        cells.required_at("ended_at", "canceled_at")
        if what == "deleted"
        else cells.required_at("start_date", "created")
    )
    properties = present(subscription_id=number, status=status)
    yield Record(keys, _SUBSCRIPTIONS[what], at, f"{number}:{what}", properties)
    if what == "created" and status == "trialing":
        yield Record(keys, events.TRIAL_STARTED, at, f"{number}:trial", properties)


def _flat(found: Row, told: Instant) -> dict[str, object]:
    address = inner(found, "address")
    names = ("city", "country", "state", "postal_code")
    return {**found, **{name: address.get(name) for name in names}, "updated": int(told)}


_people: Final = mapper(
    Contacts(
        phone=("phone",),
        ids={"id": "stripe"},
        texts={"description": "description", "currency": "currency", "postal_code": "postal_code"},
        times={"created": "created_at"},
        flags={"delinquent": "delinquent"},
        updated=("updated",),
        ignored=frozenset(
            {"address", "shipping", "balance", "default_source", "discount", "invoice_prefix", "invoice_settings"}
            | {"livemode", "object", "next_invoice_sequence", "tax_exempt", "test_clock", "sources", "subscriptions"}
            | {"cash_balance", "invoice_credit_balance", "tax_ids", "tax", "customer_account"}
        ),
    )
)

WEBHOOK = Webhook(
    name="stripe",
    title="Stripe",
    scheme="HMAC-SHA256 over time and body",
    secret="the signing secret of the endpoint, whsec_…",  # noqa: S106 - where it is
    verify=_verify,
    rows=objects,
    map_row=_map,
)
