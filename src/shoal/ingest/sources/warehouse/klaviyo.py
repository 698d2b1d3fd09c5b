"""Klaviyo's tables in a warehouse: person, event (named by its metric), and what they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shoal.ingest import events, values
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.source import RowRejectedError
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells, present, snake
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import NAMES, Contacts, identity, people
from shoal.ingest.sources.klaviyo import event_name
from shoal.ingest.sources.mail import mail_record, texts
from shoal.ingest.sources.warehouse.tables import REFERENCE, Table, sibling, sources

VENDOR: Final = "klaviyo"
_MONEY: Final = frozenset(
    {events.ORDER_COMPLETED, events.ORDER_REFUNDED, events.ORDER_CANCELLED, events.ORDER_FULFILLED}
    | {events.CHECKOUT_STARTED}
)
_PRODUCT: Final = {"property_product_id": "product_id", "property_sku": "sku", "property_name": "name"} | {
    "property_brand": "brand",
    "property_vendor": "brand",
    "property_categories": "category",
    "property_collections": "category",
}
_EVENT: Final = frozenset(
    {"id", "uuid", "person_id", "metric_id", "type", "datetime", "timestamp", "campaign_id", "flow_id", "_variation"}
    | {"flow_message_id", "property_value", "property_currency_code", "property_event_id", "property_items"}
    | {"property_subject", "property_campaign_name", "property_url", "property_bounce_type", "property_price"}
    | {"property_quantity", "property_discount_codes", "property_page", *_PRODUCT}
)


def _accepted(cells: Cells) -> list[Stated]:
    """Shopify's flag as Klaviyo keeps it, and the channels of a sign-up form."""
    suppressed = consents.refused(cells, "custom_suppress", method="suppressed")
    if suppressed:
        return suppressed
    stated = consents.stated(cells, "custom_accepts_marketing")
    method = cells.text("custom_consent_method")
    channels = [channel.casefold() for channel in cells.listed("custom_consent")]
    stated += [
        (Consent(channel=channel, state="granted", method=method), None)
        for channel in channels
        if channel in ("email", "sms")
    ]
    return stated


_PERSON = Contacts(
    phone=("phone_number", "custom_phone"),
    ids={"id": VENDOR, "external_id": None},
    times={"created": "created_at", "last_event_date": "last_event_at"},
    updated=("updated",),
    ignored=frozenset({"custom_email", "custom_object", "longitude", "latitude"}),
    consent=_accepted,
    consent_columns=frozenset(
        {"custom_accepts_marketing", "custom_consent", "custom_consent_method", "custom_suppress"}
    ),
)
_PERSON_KNOWN: Final = _PERSON.known()


def _person(cells: Cells) -> Iterator[Record]:
    place = present(latitude=cells.number("latitude"), longitude=cells.number("longitude"))
    for record in people(cells, _PERSON, _PERSON_KNOWN, NAMES):
        own = {name: value for name, value in record.traits.items() if not name.startswith("custom_")}
        custom = {name.removeprefix("custom_"): value for name, value in record.traits.items()}
        yield Record(record.keys, record.name, record.at, traits={**custom, **own, **place}, consent=record.consent)
        place = {}  # told once, by the first record


def _event(cells: Cells) -> Iterator[Record]:
    metric = sibling(cells, VENDOR, "metric", cells.text("metric_id"))
    stated = (metric and metric.text("name")) or cells.text("type")
    if stated is None:
        raise RowRejectedError(
            "no_event_name", "The event has no 'type', and its metric is in no table 'metric' beside it."
        )
    name = event_name(stated)
    keys, _ = identity(cells, (), {"person_id": VENDOR})
    campaign = sibling(cells, VENDOR, "campaign", cells.text("campaign_id"))
    properties: dict[str, Json] = {
        **_unknown(cells),
        **(texts(campaign, campaign_name="name", subject="subject") if campaign else {}),
        **texts(cells, campaign_id="campaign_id", flow_id="flow_id", flow_message_id="flow_message_id"),
        **texts(cells, campaign_name="property_campaign_name", subject="property_subject"),
        **texts(cells, bounce_type="property_bounce_type", variation="_variation"),
        **_bought(cells, name),
    }
    yield mail_record(keys, name, cells.required_at("datetime", "timestamp"), cells.text("id", "uuid"), properties)


def _unknown(cells: Cells) -> dict[str, Json]:
    left = cells.rest(_EVENT)
    url = cells.text("property_url", "property_page")
    return {snake(name.removeprefix("property_")): value for name, value in left.items()} | present(link_url=url)


def _bought(cells: Cells, name: str) -> dict[str, Json]:
    value = values.number(cells.value("property_value"))
    if name in _MONEY:
        return {
            **present(total=value, revenue=value, products=list(cells.listed("property_items"))),
            **texts(cells, currency="property_currency_code", order_id="property_event_id"),
            **texts(cells, coupon="property_discount_codes"),
        }
    return {
        **{trait: text for column, trait in _PRODUCT.items() if (text := cells.text(column))},
        **texts(cells, currency="property_currency_code", external_event_id="property_event_id"),
        **present(price=cells.number("property_price"), quantity=cells.number("property_quantity"), value=value),
    }


SOURCES = sources(
    VENDOR,
    "Klaviyo",
    [
        Table("person", "id email first_name last_name phone_number organization created updated", _person),
        Table(
            "event",
            "id person_id metric_id datetime flow_id campaign_id",
            _event,
            {"metric": "id", "campaign": "id"},
        ),
    ],
    {
        REFERENCE: {
            "campaign": "id campaign_type status_id from_email subject",
            "flow": "id name status created trigger_type",
            "metric": "id name integration_id",
            "list": "id name created updated list_type",
            "segment": "id name created updated is_active",
        }
    },
)
