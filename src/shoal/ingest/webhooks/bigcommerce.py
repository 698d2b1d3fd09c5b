"""BigCommerce's webhooks, which tell only the number of what changed.

Source: https://developer.bigcommerce.com/docs/integrations/webhooks (Standard Webhooks, signed with the client secret
of the app). An order's own webhook names neither the buyer nor the sum, so orders come by an import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shoal.ingest import events
from shoal.ingest.canonical import Record
from shoal.ingest.keys import user_key
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import read
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import inner, objects
from shoal.ingest.webhooks.signing import standard_proof


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    return standard_proof(delivery, secrets, lambda secret: secret)


def _map(row: Row, context: Context) -> Iterable[Record]:
    scope = row.get("scope")
    if not isinstance(scope, str) or not scope.startswith("store/"):
        raise RowSkippedError("not_an_event")
    if scope != "store/customer/created":
        raise RowSkippedError("tells_only_a_number")
    number = read(inner(row, "data"), context).identifier("id")
    key = user_key(number, "bigcommerce")
    if key is None:
        raise RowRejectedError("no_identity", "The customer has no id.")
    at = read(row, context).required_at("created_at")
    return [Record((key,), events.SIGNED_UP, at, f"customer:{number}:created")]


WEBHOOK = Webhook(
    name="bigcommerce",
    title="BigCommerce",
    scheme="Standard Webhooks: HMAC-SHA256 over id, time and body",
    secret="the client secret of the app that made the webhook",  # noqa: S106 - where it is
    verify=_verify,
    rows=objects,
    map_row=_map,
    is_resent_alike=True,
)
