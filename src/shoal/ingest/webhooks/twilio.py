"""Twilio's webhooks of messages: what became of one that was sent, and what people write back.

Sources: https://www.twilio.com/docs/usage/webhooks/webhooks-security (HMAC-SHA1 over the address and the sorted form),
…/docs/messaging/guides/webhook-request, …/docs/messaging/guides/track-outbound-message-status and
…/docs/messaging/tutorials/advanced-opt-out. Neither the signature nor the form has a time: the arrival stands in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.keys import phone_key
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import Cells, read
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import form, pairs
from shoal.ingest.webhooks.signing import base64_hmac, content_proof, header, require_one

_KINDS: Final = {
    "sent": events.SMS_SENT,
    "delivered": events.SMS_DELIVERED,
    **dict.fromkeys(("undelivered", "failed"), events.SMS_FAILED),
}
_WAITING: Final = frozenset({"accepted", "scheduled", "queued", "sending", "canceled"})
_INCOMING: Final = frozenset({"receiving", "received"})
_STOP: Final = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
_START: Final = frozenset({"start", "unstop"})
"""Words that Twilio itself takes for a refusal, and for its end; "yes" is left out, for it answers other questions."""

_REFUSED_BEFORE: Final = "21610"
"""The code of a message that was not sent because the person had refused."""

_NO_LETTERS: Final = re.compile(r"[^a-z]+")


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    stated = header(delivery, "x-twilio-signature")
    told = sorted(set(pairs(delivery)))
    signed = (delivery.url + "".join(name + text for name, text in told)).encode()
    require_one([stated], secrets, base64_hmac(signed, "sha1"))
    return content_proof(signed)


def _rows(delivery: Delivery) -> list[dict[str, object]]:
    return form(delivery, "MessageSid")


def _map(row: Row, context: Context) -> list[Record]:
    cells = read(row, context)
    status = (cells.text("messagestatus", "smsstatus") or "").casefold()
    is_incoming = status in _INCOMING or (not status and "body" in cells.names)
    if status in _WAITING:
        raise RowSkippedError("not_sent")
    if not is_incoming and status not in _KINDS:
        raise RowSkippedError("unknown_event")
    channel, keys = _whom(cells, "from" if is_incoming else "to")
    return [_incoming(cells, channel, keys) if is_incoming else _outgoing(cells, channel, keys, status)]


def _whom(cells: Cells, column: str) -> tuple[str, tuple[str, ...]]:
    """The channel, and the person's number."""
    before, _, number = (cells.text(column) or "").rpartition(":")
    channel = before.casefold() or "sms"
    if channel not in ("sms", "whatsapp"):
        raise RowSkippedError("other_channel")
    key = phone_key(number, cells.context.region) if number else None
    if key is None:
        raise RowRejectedError("no_identity", "The message names no telephone number of a person.")
    return channel, (key,)


def _incoming(cells: Cells, channel: str, keys: tuple[str, ...]) -> Record:
    """A reply. One that says stop refuses the channel, and one that says start agrees to it again."""
    number, told = _number(cells, "received"), texts(cells, text="body", sms_message_id="messagesid")
    meant = _meant(cells)
    if meant is None:
        _only_sms(channel)
        return Record(keys, events.SMS_REPLIED, None, number, told)
    stated = Consent(channel, "denied" if meant == "stop" else "granted", method="keyword")
    if channel != "sms":
        return Record(keys, message_id=number, consent=(stated,))
    name = events.SMS_UNSUBSCRIBED if meant == "stop" else events.SMS_REPLIED
    return Record(keys, name, None, number, told, consent=(stated,))


def _meant(cells: Cells) -> str | None:
    """What a reply is about consent: what Twilio says that it is, or else its one word; None for anything else."""
    said = (cells.text("optouttype") or "").casefold()
    if said in ("stop", "start", "help"):
        return None if said == "help" else said
    word = _NO_LETTERS.sub("", (cells.text("body") or "").casefold())
    return "stop" if word in _STOP else "start" if word in _START else None


def _outgoing(cells: Cells, channel: str, keys: tuple[str, ...], status: str) -> Record:
    _only_sms(channel)
    properties: dict[str, Json] = texts(
        cells, sms_message_id="messagesid", status="messagestatus", error_code="errorcode", reason="errormessage"
    )
    refused = cells.text("errorcode") == _REFUSED_BEFORE
    denied = Consent(channel="sms", state="denied", method=messages.SUPPRESSED.method)
    return Record(keys, _KINDS[status], None, _number(cells, status), properties, consent=(denied,) * refused)


def _only_sms(channel: str) -> None:
    if channel != "sms":
        raise RowSkippedError("other_channel")


def _number(cells: Cells, what: str) -> str:
    number = cells.text("messagesid")
    if number is None:
        raise RowRejectedError("no_row_id", "The message has no id.")
    return f"{number}:{what}"


WEBHOOK = Webhook(
    name="twilio",
    title="Twilio",
    scheme="HMAC-SHA1 over address and form",
    secret="the auth token of the account",  # noqa: S106 - where it is
    verify=_verify,
    rows=_rows,
    map_row=_map,
    signs_address=True,
    is_resent_alike=True,
)
