"""The common part of all sources of orders: what was bought, cancelled and refunded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.sources.cells import Cells, present

_CARRIED: Final = ("order_id", "currency", "coupon", "products")


@dataclass(frozen=True, slots=True)
class Order:
    """One order, whatever shop it comes from. Amounts are in major units of `properties["currency"]`."""

    keys: tuple[str, ...]
    number: str  # unique in its shop; the events' message ids begin with it
    at: Instant
    properties: dict[str, Json]  # Segment's names: order_id, total, revenue, shipping, tax, discount, coupon, products
    cancelled: bool = False
    cancelled_at: Instant | None = None
    refunded: int | float = 0
    refunded_at: Instant | None = None
    traits: dict[str, Json] = field(default_factory=dict)
    consent: tuple[Consent, ...] = ()


def order_records(order: Order) -> Iterator[Record]:
    """ "Order Completed", and "Order Cancelled" and "Order Refunded" where it was.

    Where an export doesn't say when, the latest time that it tells stands in, and the event says so by
    `time_estimated`.
    """
    yield Record(
        keys=order.keys,
        name=events.ORDER_COMPLETED,
        at=order.at,
        message_id=order.number,
        properties=order.properties,
        traits=order.traits,
        consent=order.consent,
    )
    latest = max(order.at, order.cancelled_at or order.at)
    if order.cancelled:
        total = order.properties.get("total")
        yield _later(order, events.ORDER_CANCELLED, "cancelled", order.cancelled_at, otherwise=latest, total=total)
    if order.refunded > 0:
        at, total = order.refunded_at, order.refunded
        yield _later(order, events.ORDER_REFUNDED, "refunded", at, otherwise=latest, total=total)


def _later(order: Order, name: str, what: str, at: Instant | None, *, otherwise: Instant, total: Json) -> Record:
    properties: dict[str, Json] = {key: order.properties[key] for key in _CARRIED if key in order.properties}
    if total is not None:
        properties["total"] = total
    if at is None:
        properties["time_estimated"] = True
    return Record(
        keys=order.keys,
        name=name,
        at=otherwise if at is None else at,
        message_id=f"{order.number}:{what}",
        properties=properties,
    )


def product(
    cells: Cells,
    *,
    product_id: tuple[str, ...] = (),
    variant: tuple[str, ...] = (),
    sku: tuple[str, ...] = (),
    name: tuple[str, ...] = (),
    price: tuple[str, ...] = (),
    quantity: tuple[str, ...] = (),
    category: tuple[str, ...] = (),
    brand: tuple[str, ...] = (),
) -> dict[str, Json]:
    """One product under the names of the Segment specification; each argument names columns."""
    return present(
        product_id=cells.text(*product_id),
        variant=cells.text(*variant),
        sku=cells.text(*sku),
        name=cells.text(*name),
        price=cells.amount(*price) if price else None,
        quantity=cells.number(*quantity),
        category=cells.text(*category),
        brand=cells.text(*brand),
    )
