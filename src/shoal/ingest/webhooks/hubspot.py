"""HubSpot's webhooks: what changed about contacts, one property at a time.

Sources: https://developers.hubspot.com/docs/api/webhooks and …/docs/api/webhooks/validating-requests (version 3: HMAC
over method, address, body and time). Versions 1 and 2 sign no time and are not believed. The number of an event is not
unique, so who, what, when and the value make the id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from shoal.core.time import Instant, format_instant
from shoal.ingest import events, values
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.keys import email_key, ordered, user_key
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import Cells, read, snake
from shoal.ingest.sources.contacts import NAMES
from shoal.ingest.sources.hubspot import OPTED_OUT
from shoal.ingest.sources.message_ids import event_id
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import inner, objects
from shoal.ingest.webhooks.signing import base64_hmac, content_proof, header, require_one, signed_time

_OPTED_OUT: Final = re.compile(OPTED_OUT)
_TRAITS: Final = {
    "firstname": "first_name",
    "lastname": "last_name",
    "jobtitle": "job_title",
    "state": "region",
    "zip": "postal_code",
    "lifecyclestage": "lifecycle_stage",
    "hs_lead_status": "lead_status",
    "hubspot_owner_id": "owner",
    "hs_language": "language",
}
_CONTACTS: Final = "0-1"


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    stated = header(delivery, "x-hubspot-signature-v3")
    time = header(delivery, "x-hubspot-request-timestamp")
    signed = f"POST{delivery.url}".encode() + delivery.body + time.encode()
    require_one([stated], secrets, base64_hmac(signed))
    return content_proof(signed, signed_time(time, unit_ms=1))


def _map(row: Row, context: Context) -> Iterable[Record]:
    cells = read(row, context)
    if "properties" in row:
        return _contact(cells, row)
    kind = cells.text("subscriptiontype", "eventtype")
    if kind is None:
        raise RowSkippedError("not_an_event")
    thing, _, what = kind.partition(".")
    if what == "privacyDeletion":
        raise RowRejectedError("privacy_request", "Somebody asks for the erasure of their data: see to it by hand.")
    if thing != "contact" and (thing, cells.text("objecttypeid")) != ("object", _CONTACTS):
        raise RowSkippedError("not_about_a_person")
    if what == "creation":
        return [_created(cells)]
    if what == "propertyChange":
        return [_changed(cells)]
    raise RowSkippedError("unknown_event")


def _key(cells: Cells, *names: str) -> str:
    key = user_key(cells.identifier(*names), "hubspot")
    if key is None:
        raise RowRejectedError("no_identity", "The contact has no id.")
    return key


def _created(cells: Cells) -> Record:
    key, at = _key(cells, "objectid"), cells.required_at("occurredat")
    return Record((key,), at=at, message_id=event_id(key, "creation", at), traits={"created_at": format_instant(at)})


def _changed(cells: Cells) -> Record:
    name, key, at = cells.text("propertyname"), _key(cells, "objectid"), cells.required_at("occurredat")
    if name is None:
        raise RowRejectedError("no_property", "The change names no property.")
    value = cells.value("propertyvalue")
    number = event_id(key, name, at, values.plain(value))
    if _OPTED_OUT.match(name):
        return _opted_out((key,), at, number, values.boolean(value))
    if name == "email":
        return Record(ordered([key, email_key(str(value))]), at=at, message_id=number, traits={})
    return Record((key,), at=at, message_id=number, traits={_trait(name): _plain(name, value)})


def _opted_out(keys: tuple[str, ...], at: Instant, number: str, told: bool | None) -> Record:
    """A refusal, also where it is of one type of mail, as of exports. The end of one is no yes."""
    if told is None:
        raise RowRejectedError("unknown_consent_word", "The opt-out is neither yes nor no.")
    if not told:
        raise RowSkippedError("opt_out_ended")
    refusal = Consent(channel="email", state="denied")
    return Record(keys, events.UNSUBSCRIBED, at, number, consent=(refusal,))


def _contact(cells: Cells, row: Row) -> Iterator[Record]:
    """A contact as a whole, as its interface tells it."""
    found = inner(row, "properties")
    email = found.get("email")
    keys = ordered([user_key(cells.identifier("id"), "hubspot"), email_key(email) if isinstance(email, str) else None])
    if not keys:
        raise RowRejectedError("no_identity", "The contact has neither an id nor an address.")
    at = cells.at("updatedat", "createdat")
    refused = [name for name, value in found.items() if _OPTED_OUT.match(name) and values.boolean(value)]
    traits = {_trait(name): _plain(name, value) for name, value in found.items() if not _is_known(name)}
    yield Record(keys, at=at, traits=traits)
    if refused:
        yield Record(keys, consent=(Consent(channel="email", state="denied", changed=at),))


def _is_known(name: str) -> bool:
    return name == "email" or _OPTED_OUT.match(name) is not None


def _trait(name: str) -> str:
    return _TRAITS.get(name) or NAMES.get(name) or snake(name)


def _plain(name: str, value: object) -> Json:
    """None, which unsets the trait, for a blank."""
    if value is None or value == "":
        return None
    return str(value) if name in _TRAITS or name in NAMES else values.plain(value)


WEBHOOK = Webhook(
    name="hubspot",
    title="HubSpot",
    scheme="HMAC-SHA256 over method, address, body and time (version 3)",
    secret="the client secret of the app",  # noqa: S106 - where it is
    verify=_verify,
    rows=objects,
    map_row=_map,
    signs_address=True,
)
