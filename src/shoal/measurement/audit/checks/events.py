"""Checks on events: impossible amounts, and references to things that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shoal.ingest.events import ORDER_COMPLETED, ORDER_REFUNDED
from shoal.measurement.audit.checks.check import Check, Scene, Sight
from shoal.measurement.audit.fields import AMOUNTS, ORDER_VALUE, REFUNDS
from shoal.measurement.variants import first_of, quoted
from shoal.measurement.wording import in_percent, many

LEAD = "INTERVAL 7 DAY"
"""Opens and clicks this soon after a source's first mail may belong to mail sent before the export began."""
OUTLIER = 50.0
"""An order of this many times the median order is out of the ordinary."""


def _negative(scene: Scene) -> Iterator[Sight]:
    names = sorted({count.name for source in scene.sources for count in source.names} - set(REFUNDS))
    for name in names:
        amounts = [amount for amount in AMOUNTS if scene.evidence.known((name,), (amount,))]
        if amounts:
            yield from _negative_in(scene, name, amounts)


def _negative_in(scene: Scene, name: str, amounts: Sequence[str]) -> Iterator[Sight]:
    below = " OR ".join(f"try_cast(properties.{quoted(amount)} AS DOUBLE) < 0" for amount in amounts)
    for source, negative, of in scene.evidence.rows(
        f"""SELECT source, count(*) FILTER ({below}) AS negative, count(*)
            FROM audit_events WHERE name = ? GROUP BY source HAVING negative > 0 ORDER BY source""",
        name,
    ):
        yield Sight(
            f"“{name}” has a negative price, total or quantity in {negative:,} of {of:,} events"
            f"{in_percent(negative, of)}.",
            negative,
            of,
            (source,),
            name,
        )


def _outliers(scene: Scene) -> Iterator[Sight]:
    total = first_of(scene.evidence.known((ORDER_COMPLETED,), ORDER_VALUE))
    currency = first_of(scene.evidence.known((ORDER_COMPLETED,), ("currency",)))
    for source, huge, of, median in scene.evidence.rows(
        f"""WITH orders AS (SELECT source, coalesce({currency}, '') AS currency, try_cast({total} AS DOUBLE) AS total
                            FROM audit_events WHERE name = ?),
                 usual AS (SELECT source, currency, median(total) AS median
                           FROM orders WHERE total > 0 GROUP BY source, currency)
            SELECT source, count(*) FILTER (total > {OUTLIER} * median) AS huge, count(*), any_value(median)
            FROM orders JOIN usual USING (source, currency)
            GROUP BY source, currency HAVING huge > 0 ORDER BY source, currency""",
        ORDER_COMPLETED,
    ):
        yield Sight(
            f"{many(huge, 'order')} of {of:,} are over {OUTLIER:.0f} times the median order of {median:,.2f}; "
            "wholesale or a mistake, they pull every average up.",
            huge,
            of,
            (source,),
        )


def _repeated_orders(scene: Scene) -> Iterator[Sight]:
    number = first_of(scene.evidence.known((ORDER_COMPLETED,), ("order_id",)))
    for source, extra, of in scene.evidence.rows(
        f"""WITH orders AS (SELECT source, {number} AS id, count(*) AS times
                            FROM audit_events WHERE name = ? GROUP BY ALL)
            SELECT source, (sum(times) - count(*))::BIGINT AS extra, sum(times)::BIGINT
            FROM orders WHERE id IS NOT NULL GROUP BY source HAVING extra > 0 ORDER BY source""",
        ORDER_COMPLETED,
    ):
        yield Sight(
            f"{many(extra, 'order')} of {of:,} carry an order number that was already used{in_percent(extra, of)}.",
            extra,
            of,
            (source,),
            "order_id",
        )


def _strangers(scene: Scene) -> Iterator[Sight]:
    for source, unknown, of in scene.evidence.rows(
        """SELECT source, count(*) FILTER (NOT coalesce(identified, false)) AS unknown, count(*)
           FROM audit_events LEFT JOIN subscribers USING (subscriber) WHERE name = ?
           GROUP BY source HAVING unknown > 0 ORDER BY source""",
        ORDER_COMPLETED,
    ):
        yield Sight(
            f"{many(unknown, 'order')} of {of:,}{in_percent(unknown, of)} belong to nobody who is known by "
            "e-mail, phone or user id.",
            unknown,
            of,
            (source,),
        )


def _refunds(scene: Scene) -> Iterator[Sight]:
    for source, orphans, of in scene.evidence.rows(
        """SELECT refund.source, count(*) FILTER (bought.subscriber IS NULL) AS orphans, count(*)
           FROM audit_events AS refund
           LEFT JOIN (SELECT subscriber, min("at") AS first FROM audit_events WHERE name = ?
                      GROUP BY subscriber) AS bought
             ON bought.subscriber = refund.subscriber AND bought.first <= refund."at"
           WHERE refund.name = ? GROUP BY refund.source HAVING orphans > 0 ORDER BY refund.source""",
        ORDER_COMPLETED,
        ORDER_REFUNDED,
    ):
        yield Sight(
            f"{many(orphans, 'refund')} of {of:,}{in_percent(orphans, of)} have no order by that person before them.",
            orphans,
            of,
            (source,),
        )


def _undelivered(scene: Scene, is_open: bool) -> Iterator[Sight]:
    """Touches that name their message, of a source that reports mail, after its first week, with no mail of that
    message to that person."""
    what = "open" if is_open else "click"
    for source, orphans, of in scene.evidence.rows(
        f"""SELECT source, count(*) FILTER (delivered_at IS NULL) AS orphans, count(*)
            FROM audit_touches
            JOIN (SELECT source, min("at") AS first FROM audit_mail
                  WHERE name IN ('Email Sent', 'Email Delivered') GROUP BY source) USING (source)
            WHERE is_open = ? AND is_named AND "at" >= first + {LEAD}
            GROUP BY source HAVING orphans > 0 ORDER BY source""",
        is_open,
    ):
        yield Sight(
            f"{many(orphans, what)} of {of:,}{in_percent(orphans, of)} are of mail that was never "
            "delivered to that person.",
            orphans,
            of,
            (source,),
        )


def _clicks(scene: Scene) -> Iterator[Sight]:
    return _undelivered(scene, is_open=False)


def _opens(scene: Scene) -> Iterator[Sight]:
    return _undelivered(scene, is_open=True)


CHECKS = (
    Check(
        "negative_amounts",
        "accuracy",
        "Are prices, totals and quantities positive outside refunds?",
        "events",
        10,
        0.05,
        "Record returns as “Order Refunded” and discounts in a field of their own.",
        _negative,
    ),
    Check(
        "order_outliers",
        "accuracy",
        "Are there orders far out of the ordinary?",
        "orders",
        2,
        0.05,
        "Look at them; mark business customers with a trait and leave them out of segments for people.",
        _outliers,
    ),
    Check(
        "repeated_orders",
        "accuracy",
        "Is each order reported once by a source?",
        "orders",
        10,
        0.10,
        "Give each order one id of its own as message id, or export orders rather than their lines.",
        _repeated_orders,
    ),
    Check(
        "orders_of_strangers",
        "accuracy",
        "Does each order belong to a known person?",
        "orders",
        10,
        0.30,
        "Export the customer's e-mail address or id with the order.",
        _strangers,
    ),
    Check(
        "refunds_without_order",
        "accuracy",
        "Does each refund follow an order?",
        "refunds",
        5,
        0.30,
        "Export orders from further back, and the same customer id with orders and refunds.",
        _refunds,
    ),
    Check(
        "clicks_without_delivery",
        "accuracy",
        "Does each click follow a delivery of that message?",
        "clicks",
        10,
        0.30,
        "Export sends or deliveries too, with the same campaign id; look for forwarded mail and merged addresses.",
        _clicks,
    ),
    Check(
        "opens_without_delivery",
        "accuracy",
        "Does each open follow a delivery of that message?",
        "opens",
        5,
        0.30,
        "Export sends or deliveries too, with the same campaign id; look for forwarded mail and merged addresses.",
        _opens,
    ),
)
