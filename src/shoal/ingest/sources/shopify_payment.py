"""What Shopify's payment status says of an order.

Source: https://help.shopify.com/en/manual/orders/manage-orders/order-status. "Authorized" is a checkout that was
completed and money that the bank has set aside: it counts as bought. With "pending" the order exists and payment is not
guaranteed (cash on delivery, bank transfers); "expired" money was never taken; a "voided" order was cancelled unpaid.
"""

from __future__ import annotations

from typing import Final

from shoal.ingest import events

_BOUGHT: Final = frozenset({"authorized", "expiring", "partially_paid", "paid", "partially_refunded", "refunded"})
_UNPAID: Final = frozenset({"pending", "unpaid", "overdue", "expired", "voided"})
_ORDER: Final = (
    *("pending", "unpaid", "overdue", "authorized", "expiring", "expired", "partially_paid", "paid"),
    *("partially_refunded", "refunded", "voided"),
)
VOIDED: Final = "voided"


def folded(status: str | None) -> str:
    """The status in one spelling: the interfaces write "PARTIALLY_PAID", the exports "partially_paid"."""
    return (status or "").casefold().replace(" ", "_")


def state(status: str, *, paid: bool) -> str:
    """The event that an order has come to; where the status says nothing, it is bought if a time of payment is told.

    >>> state("pending", paid=False), state("authorized", paid=False), state("", paid=True)
    ('Order Placed', 'Order Completed', 'Order Completed')
    """
    bought = status in _BOUGHT or (status not in _UNPAID and paid)
    return events.ORDER_COMPLETED if bought else events.ORDER_PLACED


def progress(status: str) -> int:
    """The status's place on the way that orders go, from 1; 0 for one that isn't known."""
    return _ORDER.index(status) + 1 if status in _ORDER else 0
