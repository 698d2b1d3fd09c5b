"""Mailgun's webhooks, and the form-encoded ones that came before them.

Sources: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks (HMAC over time and
token) and …/user-manual/events. The signature covers no event, only a time and a token: so a token is taken once, and
not for long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowSkippedError
from shoal.ingest.sources.cells import Cells, present
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import cells_of, document, fields, inner, one_object
from shoal.ingest.webhooks.signing import content_proof, hex_hmac, missing, require_one, signed_time

_KINDS: Final = {
    "accepted": events.EMAIL_SENT,
    "rejected": events.EMAIL_DROPPED,
    "delivered": events.EMAIL_DELIVERED,
    "failed": events.EMAIL_BOUNCED,
    "bounced": events.EMAIL_BOUNCED,
    "dropped": events.EMAIL_DROPPED,
    "opened": events.EMAIL_OPENED,
    "clicked": events.EMAIL_LINK_CLICKED,
    "unsubscribed": events.UNSUBSCRIBED,
    "complained": events.EMAIL_MARKED_AS_SPAM,
}
_REFUSED: Final = frozenset({"suppress-unsubscribe", "suppress-complaint", "606", "607"})
_WAITING_PROXY: Final = "gmail"  # its pictures are fetched when a person looks
_KNOWN: Final = frozenset(
    {"event", "recipient", "timestamp", "id", "url", "reason", "severity", "message", "delivery-status", "client-info"}
    | {"tags", "tag", "ip", "signature", "token", "log-level", "envelope", "flags", "storage", "message-headers", "to"}
    | {"domain", "code", "error", "description", "attachment-count", "message-id", "subject", "x-mailgun-sid", "reject"}
    | {"campaigns", "recipient-domain", "user-agent", "from", "device-type", "client-type", "client-name", "client-os"}
    | {"bot", "user-variables", "geolocation", "body-plain", "status", "told"}
)


def _document(delivery: Delivery) -> Mapping[str, Any]:
    kind = delivery.headers.get("content-type", "").lower()
    return one_object(fields(delivery) if "form" in kind else document(delivery.body))


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    found = _document(delivery)
    block = inner(found, "signature") or found
    parts = [block.get(name) for name in ("timestamp", "token", "signature")]
    if not all(isinstance(part, str) and part for part in parts):
        raise missing("signature")
    time, token, stated = map(str, parts)
    signed = (time + token).encode()
    require_one([stated], secrets, hex_hmac(signed))
    return content_proof(token.encode(), signed_time(time))


def _rows(delivery: Delivery) -> list[Any]:
    found = _document(delivery)
    return [found.get("event-data", found)]


def _name(cells: Cells) -> str:
    name = messages.kind_of(cells.text("event"), _KINDS)
    if name == events.EMAIL_BOUNCED and cells.text("severity") == "temporary":
        return events.EMAIL_DEFERRED
    suppressed = (cells.text("reason") or "").startswith("suppress")
    return events.EMAIL_DROPPED if name == events.EMAIL_BOUNCED and suppressed else name


def _map(row: Row, context: Context) -> Iterator[Record]:
    if "body-plain" in row or "body-mime" in row:
        raise RowSkippedError("inbound_message")
    status = inner(row, "delivery-status")
    told = {"status": status.get("code"), "told": status.get("message") or status.get("description")}
    headers = inner(row, "message", "headers")
    cells = cells_of(context, row, headers, told, inner(row, "client-info"), inner(row, "reject"))
    name, number = _name(cells), cells.text("id")
    reason = cells.text("told", "error", "description", "reason")
    properties: dict[str, Json] = {
        **cells.rest(_KNOWN),
        **texts(cells, email_message_id="message-id", subject="subject", link_url="url", user_agent="user-agent"),
        **texts(cells, ip="ip", status=("status", "code")),
        **present(reason=reason, tags=list(cells.listed("tags", "tag")), variables=dict(inner(row, "user-variables"))),
        **present(geolocation=dict(inner(row, "geolocation"))),
    }
    if name == events.EMAIL_BOUNCED:
        properties |= present(bounce_type=messages.bounce_type(messages.HARD, cells.text("code"), reason))
    if name == events.EMAIL_OPENED and cells.text("bot") not in (None, _WAITING_PROXY):
        properties["machine_open"] = True
    yield messages.message_event(
        cells,
        name,
        ("recipient", "to"),
        at=cells.at("timestamp"),
        number=f"{number}:{cells.text('event')}" if number else None,
        properties=properties,
        suppressed=name == events.EMAIL_DROPPED and not _REFUSED.isdisjoint({cells.text("reason"), cells.text("code")}),
    )


WEBHOOK = Webhook(
    name="mailgun",
    title="Mailgun",
    scheme="HMAC-SHA256 over time and token, in the body",
    secret="the HTTP webhook signing key of Settings, API security",  # noqa: S106 - where it is
    verify=_verify,
    rows=_rows,
    map_row=_map,
)
