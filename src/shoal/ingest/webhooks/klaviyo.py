"""Klaviyo's system webhooks: its events, each as its interface tells it.

Source: https://developers.klaviyo.com/en/docs/working_with_system_webhooks (HMAC over body and time). How old a
delivery is, is read from the body, which is signed too: the time in the header is not always that of its zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shoal.core.time import Instant
from shoal.ingest import values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import Cells, present
from shoal.ingest.sources.contacts import identity
from shoal.ingest.sources.klaviyo import event_name
from shoal.ingest.sources.mail import mail_record, texts
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import cells_of, document, inner, listed, one_object
from shoal.ingest.webhooks.signing import bad, content_proof, header, hex_hmac, require_one

_TOPIC: Final = "event:"
_TEXTS: Final = {
    "campaign_name": "campaign name",
    "subject": "subject",
    "link_url": "url",
    "user_agent": "user agent",
    "bounce_type": "bounce type",
}
_KNOWN: Final = frozenset({*_TEXTS.values(), "$value", "$event_id", "email_address", "recipient email address"})
_EMAIL: Final = ("profile email", "email_address", "recipient email address")


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    stated, time = header(delivery, "klaviyo-signature"), header(delivery, "klaviyo-timestamp")
    signed = delivery.body + time.encode()
    require_one([stated], secrets, hex_hmac(signed))
    return content_proof(signed, _signed_at(delivery, time))


def _signed_at(delivery: Delivery, stated: str) -> Instant:
    told = inner(document(delivery.body), "meta").get("timestamp") or stated
    try:
        return values.instant(told, Context(received_at=delivery.received_at))
    except RowRejectedError:
        raise bad("The time of the signature is none.") from None


def _rows(delivery: Delivery) -> list[Any]:
    """Each event with its topic and what belongs to it; of answers of the interface too, which hold the same events."""
    found = one_object(document(delivery.body))
    items = found.get("data")
    return [_row(each, found) for each in (items if isinstance(items, list) else [items])]


def _row(item: object, found: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(item, Mapping) and "payload" in item:
        payload = inner(item, "payload")
        return {"topic": item.get("topic"), "event": payload.get("data"), "included": payload.get("included")}
    return {"topic": None, "event": item, "included": found.get("included")}


def _map(row: Row, context: Context) -> Iterator[Record]:
    event = inner(row, "event")
    if event.get("type") != "event":
        raise RowSkippedError("not_an_event")
    told, profile = inner(event, "attributes", "event_properties"), _profile(row, event)
    told = told or inner(event, "attributes", "properties")
    cells = cells_of(context, told, profile, inner(event, "attributes"), {"event id": event.get("id")})
    name = event_name(_metric(row, event))
    keys, flaws = identity(cells, _EMAIL, {"profile id": "klaviyo", "profile own id": None}, ("profile phone",))
    properties: dict[str, Json] = {**_told(cells, told), **flaws}
    number = cells.text("event id", "uuid")
    yield mail_record(keys, name, cells.required_at("datetime", "timestamp", "time"), number, properties)


def _profile(row: Row, event: Row) -> dict[str, Any]:
    """Who it is about: the number is always there, the address only where the profile is told besides."""
    own = inner(event, "attributes", "profile", "data")
    number = inner(event, "relationships", "profile", "data").get("id") or own.get("id")
    besides = [each for each in listed(row, "included") if (each.get("type"), each.get("id")) == ("profile", number)]
    found = inner(besides[0] if besides else own, "attributes")
    named = {"email": "email", "phone_number": "phone", "external_id": "own id"}
    return {"profile id": number, **{f"profile {mine}": found.get(theirs) for theirs, mine in named.items()}}


def _metric(row: Row, event: Row) -> str:
    """The metric's own name, or else the words of the topic."""
    besides = [inner(each, "attributes") for each in listed(row, "included") if each.get("type") == "metric"]
    name = (besides or [inner(event, "attributes", "metric", "data", "attributes")])[0].get("name")
    if isinstance(name, str) and name.strip():
        return name.strip()
    topic = row.get("topic")
    if not isinstance(topic, str) or not topic.startswith(_TOPIC):
        raise RowRejectedError("no_event_name", "The event names neither a metric nor a topic.")
    return topic.removeprefix(_TOPIC).rpartition(".")[2].replace("_", " ").title()


def _told(cells: Cells, told: Row) -> dict[str, Json]:
    """What is said of the event itself; people and numbers of the envelope left out."""
    own = cells_of(cells.context, told)
    return {
        **own.rest(_KNOWN),
        **texts(own, **_TEXTS),
        **present(value=own.number("$value") if own.value("$value") is not None else cells.number("value")),
    }


WEBHOOK = Webhook(
    name="klaviyo",
    title="Klaviyo",
    scheme="HMAC-SHA256 over body and time",
    secret="the secret key of the webhook",  # noqa: S106 - what it is
    verify=_verify,
    rows=_rows,
    map_row=_map,
)
