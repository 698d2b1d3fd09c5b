"""Twilio SendGrid's Event Webhook.

Sources: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event and
…/tracking-events/getting-started-event-webhook-security-features (ECDSA over time and body).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from shoal.core.errors import UserError
from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row
from shoal.ingest.sources.cells import present, read
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import objects
from shoal.ingest.webhooks.signing import bad, content_proof, header, signed_time

_HEADER: Final = "x-twilio-email-event-webhook-"
_KINDS: Final = {
    "processed": events.EMAIL_SENT,
    "dropped": events.EMAIL_DROPPED,
    "delivered": events.EMAIL_DELIVERED,
    "deferred": events.EMAIL_DEFERRED,
    "bounce": events.EMAIL_BOUNCED,
    "open": events.EMAIL_OPENED,
    "click": events.EMAIL_LINK_CLICKED,
    "spamreport": events.EMAIL_MARKED_AS_SPAM,
    "unsubscribe": events.UNSUBSCRIBED,
    "group_unsubscribe": events.UNSUBSCRIBED,  # of one type of mail: the careful reading, as of exports
    "group_resubscribe": events.LIST_JOINED,  # takes back nothing: the person may have refused all else
}
_BOUNCES: Final = {"bounce": messages.HARD, "blocked": messages.BLOCKED}
_REFUSED: Final = ("unsubscribed address", "spam reporting address")
_KNOWN: Final = frozenset(
    {"email", "timestamp", "event", "sg_event_id", "sg_message_id", "smtp-id", "type", "category", "useragent", "url"}
    | {"ip", "reason", "status", "response", "attempt", "sg_machine_open", "asm_group_id", "sg_content_type", "tls"}
    | {"url_offset", "marketing_campaign_name", "singlesend_id", "singlesend_name", "send_at", "cert_err"}
    | {"bounce_classification", "sg_user_id", "mc_stats", "marketing_campaign_id"}
)


def _key(text: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UserError(
            "bad_secret",
            "This is no verification key of SendGrid.",
            fix="Copy the key from Mail Settings, Event Webhook, Signature Verification.",
        )
    return key


def _check_secret(text: str) -> None:
    _key(text)


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    stated, time = header(delivery, f"{_HEADER}signature"), header(delivery, f"{_HEADER}timestamp")
    signed = time.encode() + delivery.body
    try:
        signature = base64.b64decode(stated, validate=True)
    except (binascii.Error, ValueError):
        raise bad() from None
    if not any(_holds(_key(secret), signature, signed) for secret in secrets):
        raise bad()
    return content_proof(signed, signed_time(time))


def _holds(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _map(row: Row, context: Context) -> Iterator[Record]:
    cells = read(row, context)
    word = cells.text("event")
    name = messages.kind_of(word, _KINDS)
    reason = cells.text("reason", "response")
    properties: dict[str, Json] = {
        **cells.rest(_KNOWN),
        **texts(cells, email_message_id=("sg_message_id", "smtp-id"), link_url="url", user_agent="useragent", ip="ip"),
        **texts(cells, campaign_id=("singlesend_id", "marketing_campaign_id"), list_id="asm_group_id"),
        **texts(cells, campaign_name=("singlesend_name", "marketing_campaign_name"), status="status"),
        **present(reason=reason, tags=list(cells.listed("category")), machine_open=cells.flag("sg_machine_open")),
    }
    if name == events.EMAIL_BOUNCED:
        stated = _BOUNCES.get(cells.text("type") or "")
        properties |= present(bounce_type=messages.bounce_type(stated, cells.text("status"), reason))
    number = cells.text("sg_event_id")
    yield messages.message_event(
        cells,
        name,
        ("email",),
        at=cells.at("timestamp"),
        number=f"{number}:{word}" if number else None,
        properties=properties,
        suppressed=name == events.EMAIL_DROPPED and (reason or "").casefold() in _REFUSED,
    )


WEBHOOK = Webhook(
    name="sendgrid",
    title="SendGrid",
    scheme="ECDSA P-256 over time and body",
    secret="the verification key of Mail Settings, Event Webhook, Signature Verification",  # noqa: S106 - where it is
    verify=_verify,
    rows=objects,
    map_row=_map,
    check_secret=_check_secret,
)
