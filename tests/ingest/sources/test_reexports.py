"""What a second export of the same rows says: the newest state of each event, and no event twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from export_rows import SHOPIFY, STRIPE, WOO

from shoal.ingest.canonical import Record, content_id
from shoal.ingest.source import Row, Source
from shoal.ingest.sources import SOURCES

BY_NAME = {source.name: source for source in SOURCES}
Mapped = Callable[..., list[Record | str]]


def ids(records: Iterable[Record | str]) -> list[str]:
    """The message ids with which events reach the lake."""
    found = [each for each in records if isinstance(each, Record) and each.name]
    assert found
    return [each.message_id or content_id(each) for each in found]


def named(records: Iterable[Record | str], name: str) -> Record:
    (found,) = [each for each in records if isinstance(each, Record) and each.name == name]
    return found


TICKET = {
    "Id": "7",
    "Requester": "Ana",
    "Requester email": "ana@example.org",
    "Subject": "Late",
    "Status": "Open",
    "Created at": "2026-01-02 09:00",
    "Updated at": "2026-01-02 09:00",
}
DEAL = {
    "Record ID": "9",
    "Deal Name": "Big one",
    "Deal Stage": "Closed lost",
    "Create Date": "2026-01-02 09:00",
    "Close Date": "2026-02-01",
    "Last Modified Date": "2026-02-01 10:00",
    "Associated Contact IDs": "101",
}
HUBSPOT_TICKET = {
    "Ticket ID": "5",
    "Ticket name": "Late",
    "Ticket status": "New",
    "Create date": "2026-01-02 09:00",
    "Last modified date": "2026-01-02 09:00",
    "Associated Contact Emails": "ana@example.org",
}
WAREHOUSE_ORDER = {
    "id": "4001",
    "name": "#1001",
    "email": "ana@example.org",
    "created_at": "2026-01-02 09:00:00",
    "updated_at": "2026-01-02 09:00:00",
    "total_price": "37.00",
    "financial_status": "paid",
    "buyer_accepts_marketing": "true",
    "shipping_address_city": "Porto",
}
FULFILLMENT = {
    "id": "1",
    "order_id": "4001",
    "created_at": "2026-01-03",
    "updated_at": "2026-01-03",
    "status": "pending",
}
CHECKOUT = {"id": "5", "email": "ana@example.org", "created_at": "2026-01-02", "updated_at": "2026-01-02"}
WAREHOUSE_TICKET = {
    "id": "7",
    "requester_id": "1",
    "status": "solved",
    "subject": "Late",
    "created_at": "2026-01-02",
    "updated_at": "2026-01-03",
}
WAREHOUSE_DEAL = {
    "deal_id": "9",
    "deal_pipeline_stage_id": "won",
    "property_createdate": "2026-01-02",
    "property_closedate": "2026-02-01",
    "property_hs_lastmodifieddate": "2026-02-01",
}
HUBSPOT_WAREHOUSE_TICKET = {
    "id": "5",
    "property_createdate": "2026-01-02",
    "property_closed_date": "2026-01-04",
    "_fivetran_synced": "2026-01-04 10:00:00",
}
REFUND = {"id": "9", "order_id": "4001", "created_at": "2026-01-05", "_fivetran_synced": "2026-01-05 10:00:00"}
LINE = {"id": "1", "order_id": "4001", "quantity": "2", "_fivetran_synced": "2026-01-02 10:00:00"}
ANSWER = {
    "#": "r1",
    "Email": "ana@example.org",
    "Goal?": "Run",
    "Start Date (UTC)": "2026-01-02 09:00:00",
    "Submit Date (UTC)": "",
    "Network ID": "n1",
}
SIBLINGS = {
    "order": {"4001": WAREHOUSE_ORDER},
    "deal_contact": {"9": {"contact_id": "101"}},
    "deal_pipeline_stage": {"won": {"label": "Won", "is_closed": "true", "closed_won": "true"}},
    "ticket_contact": {"5": {"contact_id": "101"}},
}
CHANGING = [
    ("shopify_orders", SHOPIFY, {"Fulfilled at": "2026-01-04 09:00:00"}),
    ("shopify_orders", SHOPIFY, {"Cancelled at": "2026-01-04 09:00:00"}),
    ("shopify_orders", {**SHOPIFY, "Financial Status": "pending", "Paid at": ""}, {"Financial Status": "paid"}),
    ("shopify_orders", SHOPIFY, {"Financial Status": "partially_refunded"}),
    ("woocommerce_orders", WOO, {"status": "completed"}),
    ("woocommerce_orders", {**WOO, "status": "pending"}, {"status": "processing"}),
    ("stripe_payments", {**STRIPE, "Status": "Failed"}, {"Status": "Paid"}),
    ("stripe_payments", STRIPE, {"Status": "Refunded", "Refunded date (UTC)": "2026-01-05 09:00:00"}),
    ("zendesk_tickets", TICKET, {"Status": "Solved", "Updated at": "2026-01-03 09:00"}),
    ("hubspot_deals", DEAL, {"Deal Stage": "Closed won", "Last Modified Date": "2026-02-03 10:00"}),
    ("hubspot_tickets", HUBSPOT_TICKET, {"Ticket status": "Waiting", "Last modified date": "2026-01-03 09:00"}),
    ("shopify_warehouse_order", WAREHOUSE_ORDER, {"updated_at": "2026-01-05", "fulfillment_status": "fulfilled"}),
    ("shopify_warehouse_order_line", LINE, {"_fivetran_synced": "2026-01-06 10:00:00", "quantity": "1"}),
    ("shopify_warehouse_fulfillment", FULFILLMENT, {"updated_at": "2026-01-05", "status": "success"}),
    ("shopify_warehouse_refund", REFUND, {"_fivetran_synced": "2026-01-06 10:00:00", "note": "broken"}),
    ("shopify_warehouse_abandoned_checkout", CHECKOUT, {"completed_at": "2026-01-03"}),
    ("zendesk_warehouse_ticket", WAREHOUSE_TICKET, {"status": "closed", "updated_at": "2026-01-07"}),
    ("hubspot_warehouse_deal", WAREHOUSE_DEAL, {"property_hs_lastmodifieddate": "2026-02-05"}),
    ("hubspot_warehouse_ticket", HUBSPOT_WAREHOUSE_TICKET, {"_fivetran_synced": "2026-01-06 10:00:00"}),
    ("typeform_answers", ANSWER, {"Submit Date (UTC)": "2026-01-02 09:05:00", "Goal?": "Walk"}),
]


@pytest.mark.parametrize(("source", "row", "change"), CHANGING)
def test_a_later_state_has_the_same_id_and_a_greater_version(
    mapped: Mapped, source: str, row: dict[str, str], change: dict[str, str]
) -> None:
    before, after = (
        mapped(BY_NAME[source], [each], siblings={} if source == "shopify_warehouse_order" else SIBLINGS)
        for each in (row, {**row, **change})
    )
    first, later = before[0], after[0]
    assert isinstance(first, Record)
    assert isinstance(later, Record)
    assert first.message_id == later.message_id is not None
    assert first.version is not None
    assert later.version is not None
    assert first.version < later.version
    for record in (*before, *after):
        assert isinstance(record, Record)
        assert record.version is None or (record.name and not record.traits and not record.consent)


@pytest.mark.parametrize(
    ("source", "row", "column"),
    [
        ("shopify_orders", SHOPIFY, "Refunded Amount"),
        ("woocommerce_orders", WOO, "refunded_total"),
        ("stripe_payments", STRIPE, "Amount Refunded"),
    ],
)
def test_the_version_of_a_refund_is_the_sum_in_cents(
    mapped: Mapped, source: str, row: dict[str, str], column: str
) -> None:
    found = [named(mapped(BY_NAME[source], [{**row, column: sum_}]), "Order Refunded") for sum_ in ("10.00", "19.99")]
    assert [each.version for each in found] == [1_000, 1_999]
    assert len({each.message_id for each in found}) == 1


def test_facts_of_an_order_are_a_record_of_their_own(mapped: Mapped) -> None:
    first, facts = mapped(BY_NAME["shopify_orders"], [SHOPIFY])
    assert (facts.name, facts.version, facts.traits) == (None, None, {"name": "Ana Silva"})
    assert facts.message_id.startswith("5501:facts")
    assert facts.at == first.at
    assert [each.state for each in facts.consent] == ["granted"]
    renamed = mapped(BY_NAME["shopify_orders"], [{**SHOPIFY, "Billing Name": "Ana Sousa"}])[1]
    assert renamed.message_id != facts.message_id  # a fact that was corrected is stated anew


def test_two_shops_may_have_the_same_order_names(mapped: Mapped) -> None:
    other = {**SHOPIFY, "Id": "7702", "Email": "bo@example.org"}
    assert not {*ids(mapped(BY_NAME["shopify_orders"], [SHOPIFY]))} & {*ids(mapped(BY_NAME["shopify_orders"], [other]))}
    nameless = mapped(BY_NAME["shopify_orders"], [{**SHOPIFY, "Id": ""}])[0]
    assert (nameless.message_id, nameless.properties["order_id"]) == ("#1001", "#1001")
    first = mapped(BY_NAME["shopify_orders"], [SHOPIFY])[0]
    assert (first.properties["order_id"], first.properties["order_name"]) == ("5501", "#1001")


MEMBER = {
    "Email Address": "ana@example.org",
    "OPTIN_TIME": "2026-01-02 03:04:05",
    "CONFIRM_TIME": "2026-01-02 03:05:05",
    "UNSUB_TIME": "2026-03-02 03:04:05",
    "LEID": "77",
    "EUID": "e77",
}
OPENED = {
    "Email Address": "ana@example.org",
    "Action": "open",
    "Timestamp": "2026-01-02 03:04:05",
    "Campaign_ID": "C1",
}
GA4 = {
    "event_timestamp": "1767323045123456",
    "event_name": "page_view",
    "user_pseudo_id": "11.22",
    "event_params": [{"key": "page_location", "value": {"string_value": "https://shop.example.org/a"}}],
}
ACTIVITY = {"action": "click", "campaign_id": "C1", "member_id": "m1", "timestamp": "2026-01-02 03:04:05", "url": "/a"}
UNSUBSCRIBED = {"campaign_id": "C1", "member_id": "m1", "list_id": "L1", "timestamp": "2026-01-02 03:04:05"}
JOINED = {"contact_id": "3", "contact_list_id": "38", "added_at": "2026-01-02 03:04:05"}
STAGE = {"deal_id": "9", "value": "won", "date_entered": "2026-01-31 10:00:00"}
DELIVERY = {"delivery_id": "", "email": "ana@example.org", "sent": "2026-01-02 03:04:05", "campaign_id": "7"}
WITHOUT_IDS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # source, row, what another export has besides, what makes it another event
    ("mailchimp_members", MEMBER, {"MEMBER_RATING": "4", "UNSUB_CAMPAIGN_ID": "C9"}, {"EUID": "e78"}),
    ("mailchimp_activity", OPENED, {"User_Agent": "Mozilla/5.0", "IP": "10.0.0.1"}, {"Campaign_ID": "C2"}),
    ("mailchimp_activity", {**OPENED, "Action": "click", "URL": "/a"}, {"Subject": "Hi"}, {"URL": "/b"}),
    ("ga4_events", GA4, {"geo": {"country": "Portugal"}, "user_id": "u1"}, {"event_timestamp": "1767323045123457"}),
    ("ga4_events", GA4, {"device": {"category": "mobile"}}, {"items": [{"item_id": "7"}]}),
    ("ga4_events", GA4, {"is_active_user": True}, {"batch_event_index": 2}),
    ("mailchimp_warehouse_campaign_recipient_activity", ACTIVITY, {"ip": "10.0.0.1"}, {"url": "/b"}),
    ("mailchimp_warehouse_unsubscribe", UNSUBSCRIBED, {"reason": "too many"}, {"campaign_id": "C2"}),
    ("hubspot_warehouse_contact_list_member", JOINED, {"_fivetran_synced": "2026-02-01"}, {"contact_list_id": "39"}),
    ("hubspot_warehouse_deal_stage", STAGE, {"source": "CRM_UI"}, {"value": "lost"}),
    ("customerio_deliveries", DELIVERY, {"template": "welcome"}, {"campaign_id": "8"}),
]


@pytest.mark.parametrize(("source", "row", "more", "other"), WITHOUT_IDS)
def test_rows_without_an_id_are_known_by_who_what_and_when(
    mapped: Mapped, source: str, row: Row, more: Row, other: Row
) -> None:
    def found(row: Row, **settings: Any) -> list[str]:
        return ids(mapped(BY_NAME[source], [row], siblings=SIBLINGS, **settings))

    assert found(row) == found({**row, **more})
    assert not {*found(row)} & {*found({**row, **other})}
    assert found(row) == found(row, zone=ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize(
    ("source", "row"), [*((source, row) for source, row, _ in CHANGING), *((each[0], each[1]) for each in WITHOUT_IDS)]
)
def test_another_zone_makes_no_other_events(mapped: Mapped, source: str, row: Row) -> None:
    here, there = (
        ids(mapped(BY_NAME[source], [row], siblings=SIBLINGS, zone=ZoneInfo(zone))) for zone in ("UTC", "Asia/Tokyo")
    )
    assert here == there


def test_leaving_a_list_is_dated_by_whoever_noticed_first(mapped: Mapped) -> None:
    source = BY_NAME["hubspot_warehouse_contact_list_member"]
    gone = {**JOINED, "_fivetran_deleted": "true"}
    early, late = (
        named(mapped(source, [{**gone, "_fivetran_synced": when}]), "List Left")
        for when in ("2026-02-01", "2026-03-01")
    )
    assert early.message_id == late.message_id
    assert early.version > late.version


EVERY_STATUS = [
    ("shopify_orders", SHOPIFY, "Financial Status", "paid", ["Order Completed"]),
    ("shopify_orders", SHOPIFY, "Financial Status", "partially_paid", ["Order Completed"]),
    ("shopify_orders", SHOPIFY, "Financial Status", "authorized", ["Order Completed"]),
    ("shopify_orders", SHOPIFY, "Financial Status", "refunded", ["Order Completed"]),
    ("shopify_orders", {**SHOPIFY, "Paid at": ""}, "Financial Status", "pending", ["Order Placed"]),
    ("shopify_orders", {**SHOPIFY, "Paid at": ""}, "Financial Status", "expired", ["Order Placed"]),
    ("shopify_orders", {**SHOPIFY, "Paid at": ""}, "Financial Status", "", ["Order Placed"]),
    ("shopify_orders", SHOPIFY, "Financial Status", "", ["Order Completed"]),
    ("shopify_orders", {**SHOPIFY, "Paid at": ""}, "Financial Status", "voided", ["Order Placed", "Order Cancelled"]),
    ("shopify_warehouse_order", WAREHOUSE_ORDER, "financial_status", "PENDING", ["Order Placed"]),
    ("shopify_warehouse_order", WAREHOUSE_ORDER, "financial_status", "voided", ["Order Placed", "Order Cancelled"]),
    ("woocommerce_orders", WOO, "status", "wc-completed", ["Order Completed"]),
    ("woocommerce_orders", WOO, "status", "on-hold", ["Order Placed"]),
    ("woocommerce_orders", WOO, "status", "Pending payment", ["Order Placed"]),
    ("woocommerce_orders", WOO, "status", "failed", ["Payment Failed"]),
    ("woocommerce_orders", WOO, "status", "checkout-draft", ["Checkout Started"]),
    ("woocommerce_orders", WOO, "status", "cancelled", ["Order Placed", "Order Cancelled"]),
    (
        "woocommerce_orders",
        {**WOO, "paid_date": "2026-01-02 10:00:00"},
        "status",
        "cancelled",
        ["Order Completed", "Order Cancelled"],
    ),
    ("woocommerce_orders", WOO, "status", "packed", ["Order Placed"]),
    ("woocommerce_orders", {**WOO, "paid_date": "2026-01-02 10:00:00"}, "status", "packed", ["Order Completed"]),
    ("woocommerce_orders", WOO, "status", "trash", ["deleted"]),
    ("stripe_payments", STRIPE, "Status", "succeeded", ["Order Completed"]),
    ("stripe_payments", STRIPE, "Status", "Failed", ["Payment Failed"]),
    ("stripe_payments", STRIPE, "Status", "Uncaptured", ["Order Placed"]),
    ("stripe_payments", STRIPE, "Status", "processing", ["Order Placed"]),
    ("stripe_payments", STRIPE, "Status", "requires_payment_method", ["incomplete_payment"]),
    ("stripe_payments", STRIPE, "Status", "Canceled", ["cancelled_payment"]),
    ("stripe_payments", STRIPE, "Status", "", ["unknown_status"]),
]


@pytest.mark.parametrize(("source", "row", "column", "status", "names"), EVERY_STATUS)
def test_only_orders_that_were_paid_or_promised_are_completed(
    mapped: Mapped, source: str, row: Row, column: str, status: str, names: list[str]
) -> None:
    found = mapped(BY_NAME[source], [{**row, column: status}])
    assert [
        each if isinstance(each, str) else each.name for each in found if isinstance(each, str) or each.name
    ] == names


def test_confirming_alone_states_no_consent(mapped: Mapped) -> None:
    row = {"Email Address": "ana@example.org", "OPTIN_TIME": "", "CONFIRM_TIME": "2026-01-02 03:05:05"}
    (facts,) = mapped(BY_NAME["mailchimp_members"], [row])
    assert (facts.name, facts.consent) == (None, ())


@pytest.mark.parametrize("column", ["Apple Privacy Open", "Machine Open", "Bot Click"])
@pytest.mark.parametrize(("cell", "machine"), [("True", True), ("yes", True), ("False", None), ("", None)])
def test_klaviyo_says_which_opens_are_machines(mapped: Mapped, column: str, cell: str, machine: bool | None) -> None:
    row = {"Event ID": "e1", "Timestamp": "2026-01-02", "Event": "Opened Email", "Profile ID": "K1", column: cell}
    (opened,) = mapped(BY_NAME["klaviyo_events"], [row])
    assert opened.properties.get("machine") is machine
    table = {"id": "e1", "person_id": "K1", "type": "Opened Email", "datetime": "2026-01-02"}
    (opened,) = mapped(
        BY_NAME["klaviyo_warehouse_event"], [{**table, f"property_{column.lower().replace(' ', '_')}": cell}]
    )
    assert opened.properties.get("machine") is machine
    (delivered,) = mapped(BY_NAME["klaviyo_events"], [{**row, "Event": "Received Email"}])
    assert "machine" not in delivered.properties


def test_two_orders_of_one_name_in_succession_stay_two() -> None:
    from shoal.core.time import parse_instant
    from shoal.ingest.source import Context

    source: Source = BY_NAME["shopify_orders"]
    second = {"Name": "#1001", "Email": "ana@example.org", "Lineitem name": "Scarf", "Lineitem quantity": "1"}
    other = {**SHOPIFY, "Id": "7702", "Email": "bo@example.org"}
    found = list(source.map_rows([SHOPIFY, second, other], Context(received_at=parse_instant("2026-06-01"))))
    ana, bo = (each for each in found if each.name)
    assert [len(each.properties["products"]) for each in (ana, bo)] == [2, 1]
    assert (ana.keys, bo.keys) == (("email:ana@example.org",), ("email:bo@example.org",))
