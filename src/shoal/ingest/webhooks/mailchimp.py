"""Mailchimp's audience webhooks: who subscribed, left, changed or was cleaned. Transactional mail is Mandrill's.

Source: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/. Nothing is signed, so a secret
stands in the address. Times name no zone and are UTC. Before it saves the address Mailchimp asks by GET for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from msgspec import structs

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.keys import ordered
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import Cells, read
from shoal.ingest.sources.contacts import Contacts, consent_change, identity, mapper
from shoal.ingest.sources.mail import mail_record, texts
from shoal.ingest.sources.message_ids import event_id
from shoal.ingest.webhook import Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import form, inner
from shoal.ingest.webhooks.signing import passed_in_address

_EUID: Final = "mailchimp-euid"
_ADDRESS: Final = ("addr1", "addr2", "city", "state", "zip", "country")
_PEOPLE: Final = Contacts(
    phone=("phone", "smsphone"),
    ids={"euid": _EUID},
    texts={"fname": "first_name", "lname": "last_name", "addr1": "address"},
    lists={"interests": "interests"},
    updated=("fired_at",),
    ignored=frozenset({"groupings", "addr2"}),
)
_facts: Final = mapper(_PEOPLE)


def _map(row: Row, context: Context) -> Iterable[Record]:
    kind, told = row.get("type"), inner(row, "data")
    if kind == "campaign":
        raise RowSkippedError("not_about_a_person")
    if kind not in _KINDS:
        raise RowSkippedError("unknown_event")
    plain = {**told, "euid": told.get("id"), "fired_at": row.get("fired_at")}
    return _KINDS[kind](plain, replace(context, zone=dt.UTC))


def _profile(told: Row, context: Context) -> Iterator[Record]:
    """What is known of a member; one of whom nothing is told but the address says nothing."""
    merges = inner(told, "merges")
    address = inner(merges, "ADDRESS")
    named = {str(name).casefold(): value for name, value in merges.items() if value is not address}
    flat = {**named, **{name: address[name] for name in _ADDRESS if name in address}, **_person(told)}
    yield from (record for record in _facts([flat], context) if record.traits)


def _person(told: Row) -> dict[str, Any]:
    return {name: told.get(name) for name in ("email", "euid", "fired_at")}


def _subscribe(told: Row, context: Context) -> Iterator[Record]:
    cells, keys, at = _who(told, context)
    given = Consent(channel="email", state="granted", method="form" if cells.text("ip_signup") else None)
    yield consent_change(keys, given, at, at)
    yield from _profile(told, context)


def _unsubscribe(told: Row, context: Context) -> Iterator[Record]:
    """Whoever is archived is on no list any more and has refused nothing."""
    cells, keys, at = _who(told, context)
    name = events.UNSUBSCRIBED
    if cells.text("reason") == "abuse":
        name = events.EMAIL_MARKED_AS_SPAM
    elif cells.text("action") == "archive":
        name = events.LIST_LEFT
    yield _event(keys, name, at, cells)


def _cleaned(told: Row, context: Context) -> Iterator[Record]:
    """The address gets no mail from Mailchimp any more, because it took none or somebody complained."""
    cells, keys, at = _who(told, context)
    if cells.text("reason") == "abuse":
        yield _event(keys, events.EMAIL_MARKED_AS_SPAM, at, cells)
        return
    bounced = _event(keys, events.EMAIL_BOUNCED, at, cells, bounce_type=messages.HARD)
    yield structs.replace(bounced, consent=(messages.CLEANED,))


def _upemail(told: Row, context: Context) -> Iterator[Record]:
    """One person with a new address: the record's two addresses join."""
    cells = read({**told, "email": told.get("new_email"), "euid": told.get("new_id")}, context)
    new, _ = identity(cells, ("email",), {"euid": _EUID})
    old, _ = identity(cells, ("old_email",), {})
    at = cells.required_at("fired_at")
    yield Record(ordered((*new, *old)), at=at, message_id=event_id(new[0], "upemail", at, *old))


def _who(told: Row, context: Context) -> tuple[Cells, tuple[str, ...], Instant]:
    cells = read(told, context)
    keys, _ = identity(cells, ("email",), {"euid": _EUID})
    if not cells.text("email"):
        raise RowRejectedError("no_identity", "The member has no address.")
    return cells, keys, cells.required_at("fired_at")


def _event(keys: tuple[str, ...], name: str, at: Instant, cells: Cells, **properties: Json) -> Record:
    said = texts(cells, list_id="list_id", campaign_id="campaign_id", reason="reason")
    return mail_record(keys, name, at, event_id(keys[0], name, at, said.get("list_id")), {**said, **properties})


_KINDS: Final[Mapping[object, Callable[[Row, Context], Iterator[Record]]]] = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "profile": _profile,
    "cleaned": _cleaned,
    "upemail": _upemail,
}

WEBHOOK = Webhook(
    name="mailchimp",
    title="Mailchimp",
    scheme="none: a secret in the address",
    secret="what stands in the address",  # noqa: S106 - what it is
    verify=passed_in_address,
    rows=form,
    map_row=_map,
    makes_secret=True,
)
