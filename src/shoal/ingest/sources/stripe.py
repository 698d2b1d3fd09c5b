"""Stripe's exports of customers and payments (the CSV of the dashboard; amounts in major units).

Source: https://support.stripe.com/questions/exporting-a-report-of-all-transactions and, for what a status means,
https://docs.stripe.com/payments/paymentintents/lifecycle. A payment that succeeded is an "Order Completed": where the
shop's own orders are imported too, leave the payments out, or each purchase counts twice. Money that is reserved
("uncaptured") or under way ("processing") is an "Order Placed"; a payment that nobody went through with says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, RowSkippedError, Source
from shoal.ingest.sources.cells import Cells, present, read
from shoal.ingest.sources.contacts import Contacts, identity, mapper
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.orders import Order, order_records

_CREATED: Final = ("created (utc)", "created date (utc)")
_REFUNDED: Final = ("refunded date (utc)",)
_STATES: Final = {
    **dict.fromkeys(("failed", "blocked", "declined"), events.PAYMENT_FAILED),
    **dict.fromkeys(("pending", "processing", "uncaptured", "requires_capture"), events.ORDER_PLACED),
    **dict.fromkeys(("paid", "succeeded", "disputed", "partially_refunded", "refunded"), events.ORDER_COMPLETED),
}
"""What a payment in a status is, in the order in which one follows the other."""

_PROGRESS: Final = tuple(_STATES)
_UNFINISHED: Final = {
    **dict.fromkeys(("incomplete", "requires_payment_method", "requires_action"), "incomplete_payment"),
    **dict.fromkeys(("requires_confirmation", "requires_source", "requires_source_action"), "incomplete_payment"),
    **dict.fromkeys(("canceled", "cancelled", "expired"), "cancelled_payment"),
}
"""Why payments are skipped that nobody went through with."""

_PAYMENT: Final = frozenset(
    {"id", "amount", "amount refunded", "currency", "status", "customer id", "customer email", "description"}
    | {*_CREATED, *_REFUNDED, "invoice id", "card brand", "decline reason", "failure message", "card id"}
)
_USUAL: Final = _PAYMENT | {
    *("seller message", "converted amount", "converted amount refunded", "fee", "tax", "converted currency", "mode"),
    *("statement descriptor", "customer description", "captured", "card last4", "card funding", "card issue country"),
    *("card name", "transfer", "payment source type", "is link", "taxes on fee", "payment intent id", "dispute reason"),
}

_CUSTOMERS = Contacts(
    phone=("phone",),
    ids={"id": "stripe"},
    texts={"description": "description", "currency": "currency", "card country": "card_country"},
    times={"created (utc)": "created_at", "created date (utc)": "created_at"},
    flags={"delinquent": "delinquent"},
    ignored=frozenset({"default card", "card number", "card last 4", "card last4", "card fingerprint"}),
)


def _payments(group: Sequence[Row], context: Context) -> Iterable[Record]:
    cells = read(group[0], context)
    keys, flaws = identity(cells, ("customer email",), {"customer id": "stripe"})
    number = cells.text("id")
    if number is None:
        raise RowRejectedError("no_payment_id", "The row names no payment: column 'id' is blank.")
    status = (cells.text("status") or "").casefold().replace(" ", "_")
    if status not in _STATES:
        raise RowSkippedError(_UNFINISHED.get(status, "unknown_status"))
    state = _STATES[status]
    failed = texts(cells, reason=("decline reason", "failure message")) if state == events.PAYMENT_FAILED else {}
    order = Order(
        keys=keys,
        number=number,
        at=cells.required_at(*_CREATED),
        properties={**cells.rest(_PAYMENT), **_properties(cells, number), **flaws, **failed},
        state=state,
        progress=_PROGRESS.index(status) + 1,
        refunded=cells.amount("amount refunded") or 0,
        refunded_at=cells.at(*_REFUNDED),
    )
    return order_records(order)


def _properties(cells: Cells, number: str) -> dict[str, Json]:
    amount = cells.amount("amount")
    currency = (cells.text("currency") or cells.context.currency).upper()
    return {
        **present(order_id=number, total=amount, revenue=amount, currency=currency),
        **texts(cells, description="description", invoice_id="invoice id", card_brand="card brand", status="status"),
    }


def _recognise_payments(head: FileHead) -> float:
    return max(by_columns({"id", created, "amount", "amount refunded", "status"}, _USUAL)(head) for created in _CREATED)


def _recognise_customers(head: FileHead) -> float:
    usual = _CUSTOMERS.known() | {
        "total spend",
        "card type",
        "payment count",
        "refunded volume",
        "dispute losses",
        "plan",
    }
    wanted = ({"id", "email", created, "delinquent"} for created in _CREATED)
    return max(by_columns(columns, usual)(head) for columns in wanted)


CUSTOMERS = Source(
    name="stripe_customers",
    title="Stripe customers export",
    recognise=_recognise_customers,
    map_rows=mapper(_CUSTOMERS),
)
PAYMENTS = Source(
    name="stripe_payments",
    title="Stripe payments export",
    recognise=_recognise_payments,
    map_rows=_payments,
)
SOURCES = (CUSTOMERS, PAYMENTS)
