"""ActiveCampaign's webhooks: contacts, lists and what became of campaigns, one form a delivery.

Source: https://developers.activecampaign.com/page/webhooks. Nothing is signed, so a secret stands in the address; what
was not answered is not sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.source import Context, Row, RowSkippedError
from shoal.ingest.sources.cells import Cells, present
from shoal.ingest.sources.contacts import Contacts, consent_change, identity, mapper
from shoal.ingest.sources.mail import mail_record, texts
from shoal.ingest.sources.message_ids import event_id
from shoal.ingest.webhook import Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import cells_of, form, inner
from shoal.ingest.webhooks.signing import passed_in_address

_KINDS: Final = {
    "sent": events.EMAIL_SENT,
    "open": events.EMAIL_OPENED,
    "click": events.EMAIL_LINK_CLICKED,
    "bounce": events.EMAIL_BOUNCED,
    "forward": events.EMAIL_FORWARDED,
    "reply": events.EMAIL_REPLIED,
    "share": events.CONTENT_SHARED,
    "unsubscribe": events.UNSUBSCRIBED,
}
_FACTS: Final = frozenset({"update", "contact_add", "contact_tag_added", "contact_tag_removed"})
_IDS: Final = {"id": "activecampaign"}
_people: Final = mapper(
    Contacts(
        phone=("phone",),
        ids=_IDS,
        texts={"ip": "ip", "orgname": "company", "customer_acct_name": "company"},
        lists={"tags": "tags"},
        updated=("date_time",),
        ignored=frozenset({"fields", "customer_acct_id"}),
    )
)


def _map(row: Row, context: Context) -> Iterable[Record]:
    kind, contact = str(row.get("type") or ""), inner(row, "contact")
    if kind not in _KINDS and kind not in _FACTS and kind != "subscribe":
        raise RowSkippedError("unknown_event")
    if not contact:
        raise RowSkippedError("not_about_a_person")
    if kind in _FACTS:
        return _facts(row, context)
    return _subscribed(row, context) if kind == "subscribe" else [_mail(kind, row, context)]


def _facts(row: Row, context: Context) -> Iterable[Record]:
    contact = inner(row, "contact")
    own = {f"field_{name}" if str(name).isdigit() else name: text for name, text in inner(contact, "fields").items()}
    told = {str(name): value for name, value in {**own, **contact}.items()}
    return (record for record in _people([{**told, "date_time": row.get("date_time")}], context) if record.traits)


def _subscribed(row: Row, context: Context) -> Iterator[Record]:
    cells, keys, _ = _who(row, context)
    method = "form" if cells.text("initiated_from") == "public" else None
    at = cells.required_at("date_time")
    yield consent_change(keys, Consent(channel="email", state="granted", method=method), at, at)
    yield from _facts(row, context)


def _mail(kind: str, row: Row, context: Context) -> Record:
    cells, keys, flaws = _who(row, context)
    properties: dict[str, Json] = {**_said(row, context), **texts(cells, list_id="list"), **flaws}
    if kind == "bounce":
        told = cells_of(context, inner(row, "bounce"))
        stated = {"hard": messages.HARD, "soft": messages.SOFT}.get((told.text("type") or "").casefold())
        reason = told.text("reason", "description", "message")
        properties |= present(
            bounce_type=messages.bounce_type(stated, told.text("code"), reason), reason=reason or told.text("code")
        )
    at = cells.required_at("date_time")
    number = event_id(keys[0], _KINDS[kind], at, properties.get("campaign_id"), properties.get("link_url"))
    return mail_record(keys, _KINDS[kind], at, number, properties)


def _said(row: Row, context: Context) -> dict[str, Json]:
    campaign, link = cells_of(context, inner(row, "campaign")), cells_of(context, inner(row, "link"))
    return {
        **texts(campaign, campaign_id="id", campaign_name="name", subject="subject"),
        **texts(link, link_url="url"),
        **texts(cells_of(context, inner(row, "unsubscribe")), reason="reason"),
    }


def _who(row: Row, context: Context) -> tuple[Cells, tuple[str, ...], dict[str, Json]]:
    contact = inner(row, "contact")
    person = {name: contact.get(name) for name in ("id", "email", "phone")}
    told = {name: row.get(name) for name in ("date_time", "initiated_from", "list")}
    cells = cells_of(context, person, told)
    return cells, *identity(cells, ("email",), _IDS, ("phone",))


WEBHOOK = Webhook(
    name="activecampaign",
    title="ActiveCampaign",
    scheme="none: a secret in the address",
    secret="what stands in the address",  # noqa: S106 - what it is
    verify=passed_in_address,
    rows=form,
    map_row=_map,
    makes_secret=True,
)
