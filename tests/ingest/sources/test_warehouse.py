"""Rows of warehouse tables: what each becomes, with and without the tables beside it."""

import pytest
from msgspec import structs

from shoal.ingest.canonical import Consent, Record
from shoal.ingest.source import FileHead
from shoal.ingest.sources import SOURCES, shopify_payment
from shoal.ingest.sources.warehouse.tables import score, table_name

BY_NAME = {source.name: source for source in SOURCES}


def email(state: str, **more: str) -> Consent:
    return Consent(channel="email", state=state, **more)


@pytest.fixture
def table(mapped):
    def run(name: str, row: dict[str, str], **siblings: dict[str, dict[str, str]]) -> list[Record | str]:
        return mapped(BY_NAME[name], [row], siblings=siblings)

    return run


def test_klaviyo_events_are_named_by_their_metric(table, at):
    row = {
        "id": "e1",
        "person_id": "K1",
        "metric_id": "M1",
        "datetime": "2026-01-02 03:04:05.000",
        "type": "",
        "campaign_id": "C1",
        "property_value": "37.00",
        "property_currency_code": "EUR",
        "property_event_id": "1001",
        "property_items": '["Socks","Hat"]',
        "property_source_name": "web",
    }
    beside = {
        "metric": {"M1": {"id": "M1", "name": "Placed Order"}},
        "campaign": {"C1": {"id": "C1", "name": "Spring"}},
    }
    assert table("klaviyo_warehouse_event", row, **beside) == [
        Record(
            ("user:klaviyo/K1",),
            "Order Completed",
            at("2026-01-02T03:04:05Z"),
            "e1",
            {
                "total": 37.0,
                "revenue": 37.0,
                "currency": "EUR",
                "order_id": "1001",
                "products": ["Socks", "Hat"],
                "campaign_id": "C1",
                "campaign_name": "Spring",
                "source_name": "web",
            },
        )
    ]
    assert table("klaviyo_warehouse_event", row) == ["no_event_name"]


def test_klaviyo_people(table, at):
    row = {
        "id": "K1",
        "email": "ana@example.org",
        "updated": "2026-01-02 03:04:05",
        "organization": "Foot & Co",
        "latitude": "41.15",
        "custom_birthday": "1990-05-01",
        "custom_accepts_marketing": "true",
    }
    facts, consent = table("klaviyo_warehouse_person", row)
    traits = {"company": "Foot & Co", "latitude": 41.15, "birthday": "1990-05-01"}
    keys = ("user:klaviyo/K1", "email:ana@example.org")
    assert facts == Record(keys, at=at("2026-01-02T03:04:05Z"), traits=traits)
    assert consent == Record(keys, consent=(email("granted", changed=at("2026-01-02T03:04:05Z")),))


@pytest.mark.parametrize(
    ("status", "when", "consent"),
    [
        ("subscribed", "2026-01-02T03:04:05Z", (email("granted"),)),
        ("unsubscribed", "2026-02-01", (email("denied"),)),
        ("cleaned", "2026-02-01", (email("denied", method="cleaned"),)),
        ("pending", None, (email("pending"),)),
        ("transactional", None, ()),
    ],
)
def test_mailchimp_members_state_consent_and_make_up_no_event(table, at, status, when, consent):
    row = {
        "id": "m1",
        "email_address": "ana@example.org",
        "status": status,
        "merge_fname": "Ana",
        "timestamp_opt": "2026-01-02 03:04:05",
        "last_changed": "2026-02-01 00:00:00",
    }
    facts, *stated = table("mailchimp_warehouse_member", row)
    assert (facts.name, facts.at, facts.traits) == (None, at("2026-02-01"), {"first_name": "Ana"})
    shown = tuple(one if when else structs.replace(one, changed=at("2026-02-01")) for one in consent)
    assert [(each.name, each.at, each.consent) for each in stated] == (
        [(None, when and at(when), shown)] if consent else []
    )


def test_mailchimp_campaigns_tell_when_they_were_sent(table, at):
    row = {"campaign_id": "C1", "member_id": "m1", "combination_id": "", "list_id": "L1"}
    campaign = {"C1": {"id": "C1", "send_time": "2026-01-02 03:04:05", "title": "Spring", "subject_line": "Hello"}}
    mail = {"campaign_id": "C1", "campaign_name": "Spring", "subject": "Hello", "list_id": "L1"}
    sent = Record(("user:mailchimp/m1",), "Email Sent", at("2026-01-02T03:04:05Z"), "C1:m1:sent", mail)
    assert table("mailchimp_warehouse_campaign_recipient", row, campaign=campaign) == [sent]
    assert table("mailchimp_warehouse_campaign_recipient", row) == ["detail_of_campaign"]


def test_mailchimp_segments(table):
    row = {"member_id": "m1", "segment_id": "7", "list_id": "L1", "_fivetran_deleted": "false"}
    (joined,) = table("mailchimp_warehouse_segment_member", row, segment={"7": {"id": "7", "name": "VIP"}})
    assert (joined.name, joined.properties["list_name"]) == ("List Joined", "VIP")
    (left,) = table("mailchimp_warehouse_segment_member", {**row, "_fivetran_deleted": "true"})
    assert left.name == "List Left"


ORDER = {
    "id": "4001",
    "name": "#1001",
    "customer_id": "81",
    "email": "ana@example.org",
    "created_at": "2026-01-02 03:04:05",
    "currency": "EUR",
    "total_price": "37.00",
    "subtotal_price": "30.00",
    "financial_status": "paid",
    "total_shipping_price_set": '{"shop_money": {"amount": "4.90", "currency_code": "EUR"}}',
    "test": "false",
}
ANA = ("user:shopify/81", "email:ana@example.org")


def test_shopify_orders(table, at):
    properties = {
        "order_id": "4001",
        "order_name": "#1001",
        "currency": "EUR",
        "total": 37.0,
        "revenue": 30.0,
        "shipping": 4.9,
        "financial_status": "paid",
    }
    when = at("2026-01-02T03:04:05Z")
    version = when + shopify_payment.progress("paid")
    completed = Record(ANA, "Order Completed", when, "4001", properties, version=version)
    assert table("shopify_warehouse_order", ORDER) == [completed]
    assert table("shopify_warehouse_order", {**ORDER, "test": "true"}) == ["test_order"]
    assert table("shopify_warehouse_order", {**ORDER, "_fivetran_deleted": "TRUE"}) == ["deleted"]
    _, cancelled = table("shopify_warehouse_order", {**ORDER, "cancelled_at": "2026-01-05 09:00:00"})
    assert (cancelled.name, cancelled.at) == ("Order Cancelled", at("2026-01-05T09:00:00Z"))


@pytest.mark.parametrize("spelling", ["order", "shopify_order", "shopify_gql_order"])
def test_shopify_lines_and_refunds_find_their_order(table, at, spelling):
    beside = {spelling: {"4001": ORDER}}
    line = {"id": "1", "order_id": "4001", "product_id": "7", "title": "Socks", "price": "10.00", "quantity": "2"}
    product = {"product_id": "7", "name": "Socks", "price": 10.0, "quantity": 2, "order_id": "4001", "currency": "EUR"}
    when = at("2026-01-02T03:04:05Z")
    ordered = Record(ANA, "Product Ordered", when, "1", product, version=when)
    assert table("shopify_warehouse_order_line", line, **beside) == [ordered]
    assert table("shopify_warehouse_order_line", line) == ["detail_of_order"]
    refund = {"id": "9", "order_id": "4001", "created_at": "2026-01-05 09:00:00", "note": ""}
    payment = {"transaction": {"9": {"refund_id": "9", "amount": "20.00"}}}
    money = {"order_id": "4001", "total": 20.0, "currency": "EUR"}
    when = at("2026-01-05T09:00:00Z")
    refunded = Record(ANA, "Order Refunded", when, "9", money, version=when)
    assert table("shopify_warehouse_refund", refund, **beside, **payment) == [refunded]


def test_shopify_customers_of_graphql_date_their_consent(table, without_ids, at):
    row = {
        "id": "81",
        "email": "ana@example.org",
        "updated_at": "2026-02-01 00:00:00",
        "state": "enabled",
        "email_marketing_consent_state": "SUBSCRIBED",
        "email_marketing_consent_opt_in_level": "CONFIRMED_OPT_IN",
        "email_marketing_consent_updated_at": "2026-01-02 03:04:05",
    }
    facts, given = without_ids(table("shopify_warehouse_customer", row))
    assert facts == Record(ANA, at=at("2026-02-01"), traits={"account_state": "enabled"})
    consent = (email("granted", method="double_opt_in"),)
    assert given == Record(ANA, "Subscribed", at("2026-01-02T03:04:05Z"), consent=consent)
    (silent,) = table("shopify_warehouse_customer", {**row, "email_marketing_consent_state": "NOT_SUBSCRIBED"})
    assert silent.consent == ()


def test_shopify_checkouts_and_tags(table):
    row = {"id": "5", "customer_id": "81", "created_at": "2026-01-02", "currency": "eur", "total_price": "37.00"}
    (checkout,) = table("shopify_warehouse_abandoned_checkout", row)
    assert checkout.name == "Checkout Started"
    assert checkout.properties == {"checkout_id": "5", "currency": "EUR", "total": 37.0}
    (tag,) = table("shopify_warehouse_customer_tag", {"customer_id": "81", "index": "1", "value": "VIP"})
    assert tag == Record(("user:shopify/81",), traits={"tag: VIP": True})


def test_hubspot_email_events_take_details_from_beside(table, at):
    row = {
        "id": "e1",
        "recipient": "ana@example.org",
        "created": "2026-01-02 03:04:05.000",
        "type": "CLICK",
        "email_campaign_id": "7",
        "filtered_event": "false",
    }
    beside = {
        "email_campaign": {"7": {"id": "7", "name": "Spring", "subject": "Hello"}},
        "email_event_click": {"e1": {"id": "e1", "url": "https://shop.example.org", "user_agent": "Mozilla/5.0"}},
    }
    properties = {
        "campaign_id": "7",
        "campaign_name": "Spring",
        "subject": "Hello",
        "link_url": "https://shop.example.org",
        "user_agent": "Mozilla/5.0",
        "machine": True,
        "filtered_event": False,
    }
    keys = ("email:ana@example.org",)
    clicked = Record(keys, "Email Link Clicked", at("2026-01-02T03:04:05Z"), "e1", properties)
    assert table("hubspot_warehouse_email_event", row, **beside) == [clicked]
    change = {"email_event_status_change": {"e1": {"portal_subscription_status": "UNSUBSCRIBED", "bounced": ""}}}
    (gone,) = table("hubspot_warehouse_email_event", {**row, "type": "STATUSCHANGE"}, **change)
    assert (gone.name, gone.consent) == ("Unsubscribed", (email("denied"),))


def test_hubspot_deals_belong_to_their_contact(table, at):
    row = {
        "deal_id": "9",
        "deal_pipeline_stage_id": "won",
        "property_dealname": "Big one",
        "property_amount": "1200",
        "property_createdate": "2026-01-02 03:04:05",
        "property_closedate": "2026-02-01",
    }
    beside = {
        "deal_contact": {"9": {"contact_id": "101", "deal_id": "9"}},
        "deal_pipeline_stage": {"won": {"label": "Closed won", "is_closed": "true", "closed_won": "true"}},
    }
    created, closed = table("hubspot_warehouse_deal", row, **beside)
    properties = {"deal_id": "9", "deal_name": "Big one", "amount": 1200, "currency": "USD", "stage": "Closed won"}
    ana, when = ("user:hubspot/101",), at("2026-01-02T03:04:05Z")
    assert created == Record(ana, "Deal Created", when, "9:created", properties, version=at("2026-02-01"))
    assert (closed.name, closed.at, closed.properties["won"]) == ("Deal Closed", at("2026-02-01"), True)
    assert table("hubspot_warehouse_deal", row) == ["no_contact"]
    stage = {"deal_id": "9", "value": "won", "date_entered": "2026-01-31"}
    (changed,) = table("hubspot_warehouse_deal_stage", stage, **beside)
    assert (changed.name, changed.properties["stage"]) == ("Deal Stage Changed", "Closed won")


def test_hubspot_contacts_keep_the_ids_of_those_merged_into_them(table):
    row = {"id": "3", "property_email": "ana@example.org", "property_hs_calculated_merged_vids": "1:1660000000;2:17"}
    (record,) = table("hubspot_warehouse_contact", row)
    assert record.keys == ("user:hubspot/1", "user:hubspot/2", "user:hubspot/3", "email:ana@example.org")


def test_hubspot_history_becomes_traits_at_their_time(table, at):
    row = {"contact_id": "3", "name": "lifecyclestage", "value": "customer", "timestamp": "2026-01-02 03:04:05.001"}
    when = at("2026-01-02T03:04:05.001Z")
    (stage,) = table("hubspot_warehouse_contact_property_history", row)
    assert stage == Record(("user:hubspot/3",), at=when, traits={"lifecycle_stage": "customer"})
    (unset,) = table("hubspot_warehouse_contact_property_history", {**row, "value": ""})
    assert unset.traits == {"lifecycle_stage": None}
    out = {**row, "name": "hs_email_optout", "value": "true"}
    (denied,) = table("hubspot_warehouse_contact_property_history", out)
    assert denied.consent == (email("denied"),)


def test_zendesk_leaves_staff_out(table, at):
    row = {"id": "1", "email": "kim@example.org", "role": "agent", "name": "Kim"}
    assert table("zendesk_warehouse_user", row) == ["staff"]
    (user,) = table("zendesk_warehouse_user", {**row, "role": "end-user"})
    assert user == Record(("user:zendesk/1", "email:kim@example.org"), traits={"name": "Kim"})
    ticket = {"7": {"id": "7", "requester_id": "1", "subject": "Late"}}
    said = {"id": "70", "ticket_id": "7", "user_id": "1", "created": "2026-01-02"}
    (comment,) = table("zendesk_warehouse_ticket_comment", said, ticket=ticket)
    assert comment == Record(
        ("user:zendesk/1",), "Ticket Commented", at("2026-01-02"), "70", {"ticket_id": "7", "subject": "Late"}
    )
    assert table("zendesk_warehouse_ticket_comment", {**said, "user_id": "2"}, ticket=ticket) == ["detail_of_ticket"]


def test_zendesk_tickets(table, at):
    row = {
        "id": "7",
        "requester_id": "1",
        "subject": "Late",
        "status": "solved",
        "created_at": "2026-01-02",
        "updated_at": "2026-01-03",
    }
    created, solved = table("zendesk_warehouse_ticket", row)
    properties = {"ticket_id": "7", "subject": "Late", "status": "solved"}
    changed = at("2026-01-03")
    bo = ("user:zendesk/1",)
    assert created == Record(bo, "Ticket Created", at("2026-01-02"), "7:created", properties, version=changed)
    assert (solved.at, solved.properties["time_estimated"]) == (at("2026-01-03"), True)
    assert table("zendesk_warehouse_ticket", {**row, "status": "deleted"}) == ["deleted"]


@pytest.mark.parametrize(
    "name", ["shopify_gql_order_data.csv", "order.parquet", "SHOPIFY_ORDER_DATA.csv", "order_001.csv"]
)
def test_a_table_is_known_by_any_spelling_of_its_file(name):
    assert table_name(name, "shopify") == "order"


def test_a_name_or_a_connector_is_needed():
    columns = ("product_id", "media_id", "note")
    assert score(FileHead("mine.csv", "csv", columns), "shopify", "product_media", "product_id media_id") == 0
    assert score(FileHead("product_media.csv", "csv", columns), "shopify", "product_media", "product_id media_id") > 0.5
