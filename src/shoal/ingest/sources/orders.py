"""The common part of all sources of orders: what was bought, cancelled and refunded.

An order's state goes on changing, so its events have versions. Its traits and consent are a record of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.sources.cells import Cells, newest, present
from shoal.ingest.sources.message_ids import facts

_STEP: Final = 10**15
"""Milliseconds between the versions of one status and the next: more than all times have that are accepted."""

_CARRIED: Final = ("order_id", "currency", "coupon", "products")


@dataclass(frozen=True, slots=True)
class Order:
    """One order, whatever shop it comes from. Amounts are in major units of `properties["currency"]`.

    `told` is the latest time that the row tells of a change, and `progress` the place of its status on the way that
    orders go. Of two exports the one that got further counts, and of equal ones the one that tells the later time, so a
    column with a time that one export hasn't makes no newer status look old.
    """

    keys: tuple[str, ...]
    number: str  # unique in its shop; the events' message ids begin with it
    at: Instant
    properties: dict[str, Json]  # Segment's names: order_id, total, revenue, shipping, tax, discount, coupon, products
    state: str = events.ORDER_COMPLETED  # the event that the order has come to
    told: Instant | None = None
    progress: int = 0  # 0 to 1,000
    is_dated: bool = False  # whether every row tells when it last changed; then `told` goes before `progress`
    cancelled: bool = False
    cancelled_at: Instant | None = None
    refunded: int | float = 0
    refunded_at: Instant | None = None
    traits: dict[str, Json] = field(default_factory=dict)
    consent: tuple[Consent, ...] = ()


def order_records(order: Order) -> Iterator[Record]:
    """What became of the order, "Order Cancelled" and "Order Refunded" where it was, and what is known of the buyer.

    The first has the order's number as its id: a "Order Placed" that is paid later becomes an "Order Completed". Where
    an export doesn't say when, the latest time that it tells stands in, and the event says so by `time_estimated`.
    """
    latest = newest(order.at, order.told, order.cancelled_at, order.refunded_at)
    version = latest + order.progress if order.is_dated else order.progress * _STEP + latest
    yield Record(order.keys, order.state, order.at, order.number, order.properties, version=version)
    if order.cancelled:
        yield _later(
            order, events.ORDER_CANCELLED, (order.cancelled_at, latest), order.properties.get("total"), version
        )
    if order.refunded > 0:
        when = (order.refunded_at, latest)
        yield _later(order, events.ORDER_REFUNDED, when, order.refunded, cents(order.refunded))
    yield from facts(order.keys, order.at, order.number, order.traits, order.consent)


_SUFFIX: Final = {events.ORDER_CANCELLED: "cancelled", events.ORDER_REFUNDED: "refunded"}
_LARGEST: Final = 1e15


def cents(amount: float) -> int:
    """An amount in hundredths: the version of a sum that grows.

    >>> cents(19.99)
    1999
    """
    return round(min(amount, _LARGEST) * 100)


def _later(order: Order, name: str, when: tuple[Instant | None, Instant], total: Json, version: int) -> Record:
    """What happened to the order at a time that the row tells, or else at the second of the two."""
    properties: dict[str, Json] = {key: order.properties[key] for key in _CARRIED if key in order.properties}
    if total is not None:
        properties["total"] = total
    told, estimated = when
    if told is None:
        properties["time_estimated"] = True
    at = estimated if told is None else told
    return Record(order.keys, name, at, f"{order.number}:{_SUFFIX[name]}", properties, version=version)


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
