"""Zendesk's webhooks that are subscribed to events: tickets and people.

Sources: https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/, …/ticket-events/ and
https://developer.zendesk.com/documentation/webhooks/verifying/ (HMAC over time and body). What a trigger or automation
sends has the form that somebody gave it: a generic webhook is for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from shoal.core.time import Instant
from shoal.ingest import events, values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.keys import user_key
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import present, read
from shoal.ingest.sources.contacts import identity
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import inner, objects
from shoal.ingest.webhooks.signing import bad, base64_hmac, content_proof, header, require_one

_KIND: Final = "zen:event-type:"
_CUSTOMER: Final = "end-user"


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    stated = header(delivery, "x-zendesk-webhook-signature")
    time = header(delivery, "x-zendesk-webhook-signature-timestamp")
    signed = time.encode() + delivery.body
    require_one([stated], secrets, base64_hmac(signed))
    return content_proof(signed, _time(time, delivery.received_at))


def _time(text: str, received_at: Instant) -> Instant:
    try:
        return values.instant(text, Context(received_at=received_at))
    except RowRejectedError:
        raise bad("The time of the signature is none.") from None


def _map(row: Row, context: Context) -> Iterable[Record]:
    kind = str(row.get("type") or "")
    if not kind.startswith(_KIND):
        raise RowSkippedError("not_an_event")
    thing, _, what = kind.removeprefix(_KIND).partition(".")
    if what in ("deleted", "soft_deleted", "permanently_deleted"):
        raise RowSkippedError("deleted")
    if thing == "user":
        return [_person(what, row, context)]
    if thing == "ticket":
        return [_ticket(what, row, context)]
    raise RowSkippedError("not_about_a_person")


def _ticket(what: str, row: Row, context: Context) -> Record:
    """What its requester, or of a comment its writer, did or got."""
    name, who = _happened(what, row)
    cells, told = read(inner(row, "detail"), context), read(row, context)
    key = user_key(cells.identifier("requester_id") if who is None else who, "zendesk")
    if key is None:
        raise RowRejectedError("no_identity", "The ticket names no requester.")
    channel = inner(cells.row, "via").get("channel")
    properties: dict[str, Json] = {
        **texts(cells, ticket_id="id", subject="subject", status="status", priority="priority"),
        **present(channel=channel if isinstance(channel, str) else None, tags=list(cells.listed("tags"))),
    }
    return Record((key,), name, told.required_at("time"), told.text("id"), properties)


def _happened(what: str, row: Row) -> tuple[str, str | None]:
    """The event's name, and the number of who did it where that is not the requester."""
    event = inner(row, "event")
    if what == "created":
        return events.TICKET_CREATED, None
    if what == "status_changed" and str(event.get("current")).upper() == "SOLVED":
        return events.TICKET_SOLVED, None
    if what == "comment_added":
        writer, number = inner(event, "comment", "author"), inner(event, "comment", "author").get("id")
        if writer.get("is_staff") is not False:
            raise RowSkippedError("by_staff")
        return events.TICKET_COMMENTED, str(number) if isinstance(number, str | int) else None
    raise RowSkippedError("unknown_event")


def _person(what: str, row: Row, context: Context) -> Record:
    """Which numbers and addresses are one person's, and the new name where it changed."""
    cells, told = read(inner(row, "detail"), context), read(row, context)
    if cells.text("role") not in (_CUSTOMER, None):
        raise RowSkippedError("staff")
    keys, flaws = identity(cells, ("email",), {"id": "zendesk", "external_id": None})
    name = inner(row, "event").get("current") if what == "name_changed" else None
    traits = {**present(created_at=cells.moment("created_at"), name=name if isinstance(name, str) else None), **flaws}
    return Record(keys, at=told.required_at("time"), message_id=told.text("id"), traits=traits)


WEBHOOK = Webhook(
    name="zendesk",
    title="Zendesk",
    scheme="HMAC-SHA256 over time and body",
    secret="the signing secret of the webhook",  # noqa: S106 - what it is
    verify=_verify,
    rows=objects,
    map_row=_map,
)
