"""Klaviyo: profiles, profiles with consent, events, and the campaign report (which names no people).

Metric names: https://help.klaviyo.com/hc/en-us/articles/360036974872 (e-mail) and those of Klaviyo's shop integrations.
Klaviyo marks opens by machines itself ("Apple Privacy Open", "Machine Open"):
https://help.klaviyo.com/hc/en-us/articles/4416791883163.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, Source
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells, read
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import Contacts, identity, mapper
from shoal.ingest.sources.headers import by_columns, reference
from shoal.ingest.sources.mail import mail_record, texts

METRICS: Final = {
    "received email": events.EMAIL_DELIVERED,
    "opened email": events.EMAIL_OPENED,
    "clicked email": events.EMAIL_LINK_CLICKED,
    "bounced email": events.EMAIL_BOUNCED,
    "dropped email": events.EMAIL_DROPPED,
    "marked email as spam": events.EMAIL_MARKED_AS_SPAM,
    "unsubscribed": events.UNSUBSCRIBED,
    "unsubscribed from email marketing": events.UNSUBSCRIBED,
    "subscribed to email marketing": events.SUBSCRIBED,
    "subscribed to list": events.LIST_JOINED,
    "unsubscribed from list": events.LIST_LEFT,
    "received sms": events.SMS_DELIVERED,
    "sent sms": events.SMS_REPLIED,
    "clicked sms": events.SMS_LINK_CLICKED,
    "failed to deliver sms": events.SMS_FAILED,
    "received push": events.PUSH_DELIVERED,
    "opened push": events.PUSH_OPENED,
    "bounced push": events.PUSH_BOUNCED,
    "opened app": events.APP_OPENED,
    "active on site": events.SITE_VISITED,
    "viewed page": events.PAGE_VIEWED,
    "viewed product": events.PRODUCT_VIEWED,
    "viewed collection": events.PRODUCT_LIST_VIEWED,
    "added to cart": events.PRODUCT_ADDED,
    "started checkout": events.CHECKOUT_STARTED,
    "checkout started": events.CHECKOUT_STARTED,
    "placed order": events.ORDER_COMPLETED,
    "ordered product": events.PRODUCT_ORDERED,
    "fulfilled order": events.ORDER_FULFILLED,
    "cancelled order": events.ORDER_CANCELLED,
    "refunded order": events.ORDER_REFUNDED,
    "submitted form": events.FORM_SUBMITTED,
    "filled out form": events.FORM_SUBMITTED,
    "clicked ad": events.AD_CLICKED,
}
"""Klaviyo's metric, in lower case, to the event's canonical name; any other keeps its own."""

_EVENT_COLUMNS = frozenset(
    {"event id", "timestamp", "event", "profile id", "email", "campaign name", "campaign id", "subject", "url"}
    | {"user agent", "ip", "bounce type"}
)
_EVENT_TEXTS: Final = {
    "campaign_id": "campaign id",
    "campaign_name": "campaign name",
    "subject": "subject",
    "link_url": "url",
    "user_agent": "user agent",
    "ip": "ip",
    "bounce_type": "bounce type",
}


def event_name(metric: str) -> str:
    """The canonical name of a metric.

    >>> event_name("Opened Email"), event_name("Finished Quiz")
    ('Email Opened', 'Finished Quiz')
    """
    return METRICS.get(metric.casefold(), metric)


def _consent(cells: Cells) -> list[Stated]:
    stated = _channel(cells, "email")
    if _suppressed(cells):
        stated = [(Consent(channel="email", state="denied", method="suppressed"), None)]
    return stated + _channel(cells, "sms")


def _channel(cells: Cells, channel: str) -> list[Stated]:
    column = f"{channel} marketing consent"
    stated = consents.statuses(cells, column, channel)
    when = cells.at(f"{column} timestamp")
    return [(consent, when if at is None else at) for consent, at in stated]


def _suppressed(cells: Cells) -> bool:
    listed = [reason.casefold() for reason in cells.listed("email suppressions")]
    return any(reason not in ("none", "no", "false", "never_subscribed", "not suppressed") for reason in listed)


def _events(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        metric = cells.text("event")
        if metric is None:
            raise RowRejectedError("no_event_name", "The row names no event: column 'event' is blank.")
        keys, flaws = identity(cells, ("email",), {"profile id": "klaviyo"})
        properties: dict[str, Json] = {**cells.rest(_EVENT_COLUMNS), **texts(cells, **_EVENT_TEXTS), **flaws}
        at = cells.required_at("timestamp")
        yield mail_record(keys, event_name(metric), at, cells.text("event id"), properties)


_PROFILES = Contacts(
    phone=("phone number", "phone"),
    ids={"klaviyo id": "klaviyo", "external id": None},
    texts={"source": "signup_source"},
    times={"profile created on": "created_at", "date added": "added_at"},
    updated=("last updated", "updated"),
    consent=_consent,
    consent_columns=frozenset(
        {"email marketing consent", "email marketing consent timestamp", "email suppressions"}
        | {"sms marketing consent", "sms marketing consent timestamp"}
    ),
)


def _recognise_profiles(head: FileHead) -> float:
    """Either marks it: Klaviyo's id, or its consent columns."""
    usual = _PROFILES.known()
    return max(
        by_columns({"email", "klaviyo id"}, usual)(head),
        by_columns({"email", "email marketing consent", "email suppressions"}, usual)(head),
        by_columns({"email", "email marketing consent", "email marketing consent timestamp"}, usual)(head),
    )


PROFILES = Source(
    name="klaviyo_profiles",
    title="Klaviyo profiles export",
    recognise=_recognise_profiles,
    map_rows=mapper(_PROFILES),
)
EVENTS = Source(
    name="klaviyo_events",
    title="Klaviyo events export",
    recognise=by_columns({"event id", "timestamp", "event", "profile id"}, _EVENT_COLUMNS),
    map_rows=_events,
)
CAMPAIGNS = reference(
    "klaviyo_campaigns",
    "Klaviyo campaign report",
    by_columns(
        {"campaign name", "campaign id", "total recipients", "unique opens", "successful deliveries"},
        {"tags", "subject", "list", "send time", "send weekday", "unique placed order", "placed order rate", "revenue"}
        | {"open rate", "total opens", "unique clicks", "click rate", "total clicks", "unsubscribes", "bounces"}
        | {"spam complaints", "spam complaints rate", "bounce rate", "campaign channel"},
    ),
)
SOURCES = (PROFILES, EVENTS, CAMPAIGNS)
