"""Customer.io: people, deliveries, and the reporting webhook's events as JSON lines.

Sources: https://docs.customer.io/integrations/api/app/tag/exports/exportDeliveriesData/ and
https://docs.customer.io/api/webhooks. Times are seconds since 1970. The columns of the exports of people and
deliveries are documented nowhere in full: those here are the names of the same facts in the interfaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError, Source
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells, parsed_json, read
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import Contacts, identity, mapper
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import mail_id, mail_record, texts
from shoal.ingest.values import boolean

METRICS: Final = {
    ("email", "sent"): events.EMAIL_SENT,
    ("email", "delivered"): events.EMAIL_DELIVERED,
    ("email", "deferred"): events.EMAIL_DEFERRED,
    ("email", "opened"): events.EMAIL_OPENED,
    ("email", "clicked"): events.EMAIL_LINK_CLICKED,
    ("email", "converted"): events.EMAIL_CONVERTED,
    ("email", "bounced"): events.EMAIL_BOUNCED,
    ("email", "dropped"): events.EMAIL_DROPPED,
    ("email", "suppressed"): events.EMAIL_DROPPED,
    ("email", "undeliverable"): events.EMAIL_DROPPED,
    ("email", "failed"): events.EMAIL_DROPPED,
    ("email", "spammed"): events.EMAIL_MARKED_AS_SPAM,
    ("email", "unsubscribed"): events.UNSUBSCRIBED,
    ("customer", "unsubscribed"): events.UNSUBSCRIBED,
    ("customer", "subscribed"): events.SUBSCRIBED,
    ("sms", "sent"): events.SMS_SENT,
    ("sms", "delivered"): events.SMS_DELIVERED,
    ("sms", "clicked"): events.SMS_LINK_CLICKED,
    ("sms", "bounced"): events.SMS_FAILED,
    ("sms", "failed"): events.SMS_FAILED,
    ("push", "sent"): events.PUSH_SENT,
    ("push", "delivered"): events.PUSH_DELIVERED,
    ("push", "opened"): events.PUSH_OPENED,
    ("push", "bounced"): events.PUSH_BOUNCED,
    ("in_app", "sent"): events.IN_APP_SENT,
    ("in_app", "opened"): events.IN_APP_OPENED,
    ("in_app", "clicked"): events.IN_APP_CLICKED,
}
"""Kind of message and metric to the canonical name; any other pair is named after its words."""

# Not yet sent; or the same open and click a second time, as Customer.io judges them.
_SILENT: Final = frozenset(
    {"drafted", "attempted", "created", "human_opened", "human_clicked"}
    | {"machine_opened", "prefetch_opened", "machine_clicked"}
)
_AGAIN: Final = ("human", "machine", "prefetch")
_STAMPS: Final = (
    *("sent", "delivered", "opened", "clicked", "converted", "bounced", "dropped", "failed", "spammed"),
    *("unsubscribed", "suppressed", "undeliverable"),
)
_PERSON: Final = {"customer_id": None, "cio_id": "customerio"}
_DELIVERY: Final = frozenset(
    {"delivery_id", "id", "customer_id", "cio_id", "email", "recipient", "subject", "campaign_id", "newsletter_id"}
    | {"campaign_name", "type", "delivery_type", "message_type", "created", "created_at", "metric"}
    | {stamp for metric in _STAMPS for stamp in (metric, f"{metric}_at")}
    | {"drafted", "attempted", "human_opened", "human_clicked", "machine_opened", "prefetch_opened", "machine_clicked"}
)
_DATA: Final = frozenset(
    {"identifiers", "customer_id", "email_address", "recipient", "subject", "campaign_id", "newsletter_id", "href"}
    | {"broadcast_id", "link_id", "delivery_id", "transactional_message_id"}
)


def _consent(cells: Cells) -> list[Stated]:
    """Everyone starts as not unsubscribed, so "false" states nothing; who left one topic is not mailed about others."""
    stated = consents.refused(cells, "unsubscribed")
    left = any(_has_no(parsed_json(cells.value(name))) for name in _PEOPLE.consenting(cells))
    return stated or ([(Consent(channel="email", state="denied"), None)] if left else [])


def _has_no(preferences: object) -> bool:
    if isinstance(preferences, dict):
        return any(map(_has_no, preferences.values()))
    return preferences is not None and boolean(preferences) is False


_PEOPLE = Contacts(
    phone=("phone",),
    ids={"id": None, "cio_id": "customerio"},
    times={"created_at": "created_at"},
    updated=("updated_at",),
    consent=_consent,
    consent_columns=frozenset({"unsubscribed"}),
    consent_pattern=re.compile("cio_subscription_preferences"),
)


def _deliveries(group: Sequence[Row], context: Context) -> Iterator[Record]:
    """One row tells when each thing happened to one message: an event for each."""
    for row in group:
        cells = read(row, context)
        keys, flaws = identity(cells, ("email", "recipient"), _PERSON)
        number = cells.text("delivery_id", "id")
        kind = (cells.text("type", "delivery_type", "message_type") or "email").casefold()
        properties = {**cells.rest(_DELIVERY), **_message(cells), **flaws}
        stamped = [(metric, at) for metric in _STAMPS if (at := cells.at(metric, f"{metric}_at")) is not None]
        if not stamped:
            raise RowSkippedError("not_sent")
        for metric, at in stamped:
            name = _name(kind, metric)
            written = cells.unzoned().at(metric, f"{metric}_at")
            known_by = f"{number}:{metric}" if number else mail_id(keys, name, written, properties)
            yield mail_record(keys, name, at, known_by, properties)


def _webhooks(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        metric = (cells.text("metric") or "").casefold()
        if metric in _SILENT:
            raise RowSkippedError("counted_already" if metric.startswith(_AGAIN) else "not_sent")
        if not metric:
            raise RowRejectedError("no_event_name", "The row names no event: 'metric' is blank.")
        data, identifiers = _nested(cells, "data"), _nested(_nested(cells, "data"), "identifiers")
        person = {**{key: identifiers.get(key) for key in ("id", "email", "cio_id")}}
        row_of_person = {
            "customer_id": person["id"] or data.get("customer_id"),
            "cio_id": person["cio_id"],
            "email": person["email"] or data.get("email_address") or data.get("recipient"),
        }
        keys, flaws = identity(read(row_of_person, context), ("email",), _PERSON)
        inner = read(data, context)
        properties = {**inner.rest(_DATA), **_message(inner), **texts(inner, link_url="href"), **flaws}
        kind = (cells.text("object_type") or "email").casefold()
        yield mail_record(keys, _name(kind, metric), cells.required_at("timestamp"), cells.text("event_id"), properties)


def _nested(cells: Cells | dict[str, object], name: str) -> dict[str, object]:
    found = cells.value(name) if isinstance(cells, Cells) else cells.get(name)
    return found if isinstance(found, dict) else {}


def _message(cells: Cells) -> dict[str, Json]:
    return texts(
        cells,
        campaign_id=("campaign_id", "newsletter_id", "broadcast_id", "transactional_message_id"),
        campaign_name="campaign_name",
        subject="subject",
        delivery_id=("delivery_id", "id"),
    )


def _name(kind: str, metric: str) -> str:
    """
    >>> _name("email", "opened"), _name("slack", "sent")
    ('Email Opened', 'Slack Sent')
    """
    return METRICS.get((kind, metric)) or f"{kind} {metric}".replace("_", " ").title()


PEOPLE = Source(
    name="customerio_people",
    title="Customer.io people export",
    recognise=lambda head: max(
        by_columns({"cio_id", "email"}, _PEOPLE.known())(head),
        by_columns({"id", "email", "created_at", "unsubscribed"}, _PEOPLE.known())(head),
    ),
    map_rows=mapper(_PEOPLE),
)
DELIVERIES = Source(
    name="customerio_deliveries",
    title="Customer.io deliveries export",
    recognise=lambda head: max(
        by_columns({"delivery_id", "customer_id", opened}, _DELIVERY)(head) for opened in ("opened", "opened_at")
    ),
    map_rows=_deliveries,
)
WEBHOOKS = Source(
    name="customerio_webhooks",
    title="Customer.io reporting webhook events",
    recognise=by_columns({"event_id", "metric", "timestamp", "data"}, {"object_type"}, formats=("jsonl", "parquet")),
    map_rows=_webhooks,
)
SOURCES = (PEOPLE, DELIVERIES, WEBHOOKS)
