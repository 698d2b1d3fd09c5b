"""Postmark's webhooks, which are not signed: a password stands in their address.

Sources: https://postmarkapp.com/developer/webhooks/webhooks-overview and …/api/bounce-api#bounce-types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowSkippedError
from shoal.ingest.sources.cells import Cells, present, read
from shoal.ingest.sources.contacts import identity
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import inner, objects
from shoal.ingest.webhooks.signing import passed

_KINDS: Final = {
    "Delivery": events.EMAIL_DELIVERED,
    "Bounce": events.EMAIL_BOUNCED,
    "SpamComplaint": events.EMAIL_MARKED_AS_SPAM,
    "Open": events.EMAIL_OPENED,
    "Click": events.EMAIL_LINK_CLICKED,
    "SubscriptionChange": events.UNSUBSCRIBED,
}
_BOUNCES: Final = {
    **dict.fromkeys(("HardBounce", "BadEmailAddress"), messages.HARD),
    **dict.fromkeys(("SoftBounce", "DnsError", "Undeliverable", "Unknown"), messages.SOFT),
    **dict.fromkeys(
        ("Blocked", "SpamNotification", "SMTPApiError", "DMARCPolicy", "VirusNotification"), messages.BLOCKED
    ),
}
_OTHER_BOUNCES: Final = {
    "Transient": events.EMAIL_DEFERRED,
    "Unsubscribe": events.UNSUBSCRIBED,
    "SpamComplaint": events.EMAIL_MARKED_AS_SPAM,
    "ManuallyDeactivated": events.EMAIL_DROPPED,
}
_SUPPRESSIONS: Final = {
    "HardBounce": messages.CLEANED,
    "SpamComplaint": messages.COMPLAINED,
}
"""What a list of suppressions says; each has an event of its own besides, which the vendor tells by itself."""

_KNOWN: Final = frozenset(
    {"recordtype", "id", "type", "typecode", "name", "tag", "messageid", "serverid", "description", "details", "email"}
    | {"recipient", "from", "bouncedat", "deliveredat", "receivedat", "changedat", "dumpavailable", "inactive"}
    | {"canactivate", "subject", "content", "useragent", "originallink", "suppresssending", "suppressionreason"}
    | {"origin", "client", "os", "geo", "metadata"}
)
_EMAIL: Final = ("email", "recipient")
_TIMES: Final = ("bouncedat", "deliveredat", "receivedat", "changedat")


def _name(cells: Cells) -> str:
    name = messages.kind_of(cells.text("recordtype"), _KINDS)
    if name != events.EMAIL_BOUNCED:
        return name
    kind = cells.text("type") or ""
    if kind not in _BOUNCES and kind not in _OTHER_BOUNCES:
        raise RowSkippedError("automatic_reply")
    return _OTHER_BOUNCES.get(kind, name)


def _map(row: Row, context: Context) -> Iterator[Record]:
    cells = read(row, context)
    name = _name(cells)
    if cells.text("recordtype") == "SubscriptionChange":
        yield _change(cells, row)
        return
    number = cells.text("id")
    details = cells.text("details")
    properties = _properties(cells, row) | present(reason=cells.text("description") or details)
    if name == events.EMAIL_BOUNCED:
        stated = _BOUNCES.get(cells.text("type") or "")
        properties |= present(bounce_type=messages.bounce_type(stated, details))
    yield messages.message_event(
        cells,
        name,
        _EMAIL,
        at=cells.at(*_TIMES),
        number=f"{number}:{cells.text('recordtype')}" if number else None,
        properties=properties,
        suppressed=name == events.EMAIL_DROPPED,
    )


def _properties(cells: Cells, row: Row) -> dict[str, Json]:
    return {
        **cells.rest(_KNOWN),
        **texts(
            cells, email_message_id="messageid", subject="subject", user_agent="useragent", link_url="originallink"
        ),
        **present(
            ip=inner(row, "geo").get("IP"), tags=list(cells.listed("tag")), metadata=dict(inner(row, "metadata"))
        ),
    }


def _change(cells: Cells, row: Row) -> Record:
    """A suppression that began or ended. One that ended because somebody else than the person did so is no yes."""
    by_person, at = cells.text("origin") == "Recipient", cells.at("changedat")
    if not cells.flag("suppresssending"):
        if not by_person:
            raise RowSkippedError("reactivated")
        name = events.SUBSCRIBED
    else:
        consent = _SUPPRESSIONS.get(cells.text("suppressionreason") or "", None if by_person else messages.SUPPRESSED)
        if consent is not None:
            keys, _ = identity(cells, _EMAIL, {})
            return Record(keys, at=at, consent=(consent,))
        name = events.UNSUBSCRIBED
    return messages.message_event(cells, name, _EMAIL, at=at, number=None, properties=_properties(cells, row))


WEBHOOK = Webhook(
    name="postmark",
    title="Postmark",
    scheme="none: a password in the address",
    secret="the password of basic authentication",  # noqa: S106 - what it is
    verify=passed,
    rows=objects,
    map_row=_map,
    makes_secret=True,
)
