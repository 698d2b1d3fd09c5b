"""Mandrill's webhooks (Mailchimp Transactional): a form whose one field is a JSON list.

Sources: https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/ and
…/docs/webhooks/. The signature covers the address as Mandrill calls it and no time; a delivery that was not
answered is sent again under the same signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from shoal.core.errors import UserError
from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowSkippedError
from shoal.ingest.sources.cells import present
from shoal.ingest.sources.contacts import identity
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import OTHER_BODY, cells_of, document, fields, inner
from shoal.ingest.webhooks.signing import base64_hmac, content_proof, header, require_one

_KINDS: Final = {
    "send": events.EMAIL_SENT,
    "delivered": events.EMAIL_DELIVERED,
    "deferral": events.EMAIL_DEFERRED,
    **dict.fromkeys(("hard_bounce", "soft_bounce"), events.EMAIL_BOUNCED),
    "reject": events.EMAIL_DROPPED,
    "open": events.EMAIL_OPENED,
    "click": events.EMAIL_LINK_CLICKED,
    "spam": events.EMAIL_MARKED_AS_SPAM,
    "unsub": events.UNSUBSCRIBED,
}
_BOUNCES: Final = {"hard_bounce": messages.HARD, "soft_bounce": messages.SOFT}
_LISTED: Final = {"hard-bounce": messages.CLEANED, "spam": messages.COMPLAINED}
_REFUSED: Final = frozenset({"unsub", "spam"})
_KNOWN: Final = frozenset(
    {"event", "email", "ts", "_id", "msg", "url", "user_agent", "user_agent_parsed", "ip", "location", "subject"}
    | {"sender", "opens", "clicks", "smtp_events", "resends", "state", "_version", "tags", "metadata", "diag", "reject"}
    | {"bounce_description", "bgtools_code", "template"}
)


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    stated = header(delivery, "x-mandrill-signature")
    pairs = sorted(fields(delivery).items())
    signed = (delivery.url + "".join(name + text for name, text in pairs)).encode()
    require_one([stated], secrets, base64_hmac(signed, "sha1"))
    return content_proof(signed)


def _rows(delivery: Delivery) -> list[Any]:
    found = document(fields(delivery).get("mandrill_events", "").encode())
    if not isinstance(found, list):
        raise UserError("bad_form", "The field mandrill_events is no list.", fix=OTHER_BODY)
    return found


def _map(row: Row, context: Context) -> Iterator[Record]:
    if "event" not in row and "reject" in row:
        yield _listed(row, context)
        return
    cells = cells_of(context, row, inner(row, "msg"))
    word = cells.text("event") or ""
    if word == "inbound":
        raise RowSkippedError("inbound_message")
    name = messages.kind_of(cells.text("event"), _KINDS)
    reason = cells.text("diag", "bounce_description")
    properties: dict[str, Json] = {
        **cells.rest(_KNOWN),
        **texts(cells, email_message_id="_id", subject="subject", link_url="url", user_agent="user_agent", ip="ip"),
        **texts(cells, campaign_name="template"),
        **present(reason=reason, tags=list(cells.listed("tags")), metadata=dict(inner(row, "msg", "metadata"))),
    }
    if name == events.EMAIL_BOUNCED:
        properties |= present(bounce_type=messages.bounce_type(_BOUNCES[word], reason))
    yield messages.message_event(
        cells,
        name,
        ("email",),
        at=cells.at("ts"),
        number=None,
        properties=properties,
        suppressed=name == events.EMAIL_DROPPED and str(inner(row, "msg", "reject").get("reason")) in _REFUSED,
    )


def _listed(row: Row, context: Context) -> Record:
    """An address that came on the list of those who get no mail; leaving it is no yes."""
    cells = cells_of(context, inner(row, "reject"), row)
    reason = cells.text("reason") or ""
    if (cells.text("type"), cells.text("action")) != ("blacklist", "add"):
        raise RowSkippedError("list_changed")
    if reason == "soft-bounce":
        raise RowSkippedError("soft_bounce_listed")
    keys, _ = identity(cells, ("email",), {})
    return Record(keys, at=cells.at("ts", "created_at"), consent=(_LISTED.get(reason, messages.SUPPRESSED),))


WEBHOOK = Webhook(
    name="mandrill",
    title="Mandrill",
    scheme="HMAC-SHA1 over address and form",
    secret="the key of the webhook, on the page Webhooks",  # noqa: S106 - where it is
    verify=_verify,
    rows=_rows,
    map_row=_map,
    signs_address=True,
    is_resent_alike=True,
)
