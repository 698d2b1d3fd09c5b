"""Amazon SES: event publishing and feedback notifications, through a topic of Amazon SNS.

Sources: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html and
…/dg/notification-contents.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowSkippedError
from shoal.ingest.sources.cells import Cells, present
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Delivery, Webhook
from shoal.ingest.webhooks import messages, sns
from shoal.ingest.webhooks.rows import cells_of, inner, listed

_KINDS: Final = {
    "Send": events.EMAIL_SENT,
    "Delivery": events.EMAIL_DELIVERED,
    "DeliveryDelay": events.EMAIL_DEFERRED,
    "Bounce": events.EMAIL_BOUNCED,
    "Complaint": events.EMAIL_MARKED_AS_SPAM,
    "Reject": events.EMAIL_DROPPED,
    "Rendering Failure": events.EMAIL_DROPPED,
    "Open": events.EMAIL_OPENED,
    "Click": events.EMAIL_LINK_CLICKED,
    "Subscription": events.UNSUBSCRIBED,
}
_PARTS: Final = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}
"""Where a kind's own facts stand, if not under its name in small letters."""

_RECIPIENTS: Final = ("bouncedRecipients", "complainedRecipients", "delayedRecipients")
_BOUNCES: Final = {"Permanent": messages.HARD, "Transient": messages.SOFT, "Undetermined": messages.SOFT}
_CONTENT: Final = frozenset({"ContentRejected", "MessageTooLarge", "AttachmentRejected"})
_AS_SENT: Final = frozenset({"Send", "Reject", "Rendering Failure"})
"""Kinds that happen when the mail is handed in."""


def _rows(delivery: Delivery) -> list[Any]:
    """A row a recipient."""
    found = sns.envelope(delivery)
    if found.get("Type") != "Notification":
        return []
    try:
        message = msgspec.json.decode(str(found.get("Message")))
    except (msgspec.DecodeError, RecursionError):
        message = None
    told = {"message": inner(message), "arrived": found.get("Timestamp"), "id": found.get("MessageId")}
    return [{**told, "recipient": each} for each in _recipients(inner(message)) or [{}]]


def _kind(message: Mapping[str, Any]) -> str | None:
    found = message.get("eventType", message.get("notificationType"))
    return found if isinstance(found, str) else None


def _part(message: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = _kind(message) or ""
    return inner(message, _PARTS.get(kind, kind.lower()))


def _recipients(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    part = _part(message)
    named = next((found for name in _RECIPIENTS if (found := listed(part, name))), None)
    if named is not None:
        return named
    addresses = part.get("recipients") or inner(message, "mail").get("destination")
    return [{"emailAddress": each} for each in addresses] if isinstance(addresses, list) else []


def _map(row: Row, context: Context) -> Iterator[Record]:
    message, recipient = inner(row, "message"), inner(row, "recipient")
    kind, part, mail = _kind(message), _part(message), inner(message, "mail")
    if not message or kind == "AmazonSnsSubscriptionSucceeded":
        raise RowSkippedError("not_an_event")
    if kind == "Received":
        raise RowSkippedError("inbound_message")
    name = _name(kind, part)
    sent = {"timestamp": mail.get("timestamp")} if kind in _AS_SENT else {}
    cells = cells_of(context, recipient, part, sent, {"timestamp": row.get("arrived")}, inner(mail, "commonHeaders"))
    at = cells.at("timestamp")
    number = row.get("id")
    yield messages.message_event(
        cells,
        name,
        ("emailaddress",),
        at=at,
        number=f"{number}:{cells.text('emailaddress')}" if at is None and isinstance(number, str) else None,
        properties=_properties(cells, name, mail),
        suppressed=kind == "Complaint" and name == events.EMAIL_DROPPED,
    )


def _name(kind: str | None, part: Mapping[str, Any]) -> str:
    name = messages.kind_of(kind, _KINDS)
    if kind == "Subscription" and inner(part, "newTopicPreferences").get("unsubscribeAll") is not True:
        raise RowSkippedError("topics_changed")
    if kind == "Complaint" and part.get("complaintSubType") == "OnAccountSuppressionList":
        return events.EMAIL_DROPPED
    return name


def _properties(cells: Cells, name: str, mail: Mapping[str, Any]) -> dict[str, Json]:
    reason = cells.text("diagnosticcode", "reason", "errormessage", "smtpresponse", "delaytype")
    found: dict[str, Json] = {
        **texts(cells, link_url="link", user_agent="useragent", ip="ipaddress", subject="subject", status="status"),
        **texts(cells, feedback_type="complaintfeedbacktype", template="templatename"),
        **present(email_message_id=mail.get("messageId"), reason=reason, message_tags=dict(inner(mail, "tags"))),
    }
    if name == events.EMAIL_BOUNCED:
        stated = _BOUNCES.get(cells.text("bouncetype") or "")
        stated = messages.BLOCKED if cells.text("bouncesubtype") in _CONTENT else stated
        found |= present(bounce_type=messages.bounce_type(stated, cells.text("status"), reason))
    return found


WEBHOOK = Webhook(
    name="amazon_ses",
    title="Amazon SES",
    scheme="SNS: certificate, signature versions 1 and 2, topics that are known",
    secret="the ARN of the topic",  # noqa: S106 - what it is
    verify=sns.verify,
    rows=_rows,
    map_row=_map,
    window_s=sns.RETRIED_S,
    is_resent_alike=True,
    check_secret=sns.check_topic,
    certificate=sns.certificate_address,
    confirmation=sns.confirmation_address,
)
