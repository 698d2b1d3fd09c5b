"""Customer.io's reporting webhooks: messages and subscriptions, one event a delivery.

Sources: https://docs.customer.io/journeys/webhooks/ and https://docs.customer.io/journeys/webhooks-action/ (HMAC over
version, time and body). The events are those of its exports, so `ingest.sources.customerio` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shoal.ingest.canonical import Record
from shoal.ingest.source import Context, Row, RowSkippedError
from shoal.ingest.sources import customerio
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import objects
from shoal.ingest.webhooks.signing import content_proof, header, hex_hmac, require_one, signed_time


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    stated, time = header(delivery, "x-cio-signature"), header(delivery, "x-cio-timestamp")
    signed = f"v0:{time}:".encode() + delivery.body
    require_one([stated], secrets, hex_hmac(signed))
    return content_proof(signed, signed_time(time))


def _map(row: Row, context: Context) -> Iterable[Record]:
    if "metric" not in row:
        raise RowSkippedError("not_an_event")
    return customerio.WEBHOOKS.map_rows([row], context)


WEBHOOK = Webhook(
    name="customerio",
    title="Customer.io",
    scheme="HMAC-SHA256 over time and body (version 0)",
    secret="the signing key of the reporting webhook",  # noqa: S106 - what it is
    verify=_verify,
    rows=objects,
    map_row=_map,
)
