"""Every known header is recognised as the right source, and as that one only."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from shoal.ingest.formats.packed import FilePart
from shoal.ingest.parse import parse
from shoal.ingest.source import Context, FileHead
from shoal.ingest.sources import SOURCES

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
EXPORTS = sorted((DATA / "payloads/export_headers").glob("*.csv"))
SEEDS = sorted((DATA / "warehouse_seeds").glob("*/*.csv"))
BY_NAME = {source.name: source for source in SOURCES}

# Headers of exports for which there is no file: (source, format, columns).
HEADERS = [
    (
        "klaviyo_events",
        "csv",
        "Event ID,Timestamp,Event,Profile ID,Email,Campaign Name,Campaign ID,Subject,URL,User Agent,IP,Bounce Type",
    ),
    ("mailchimp_activity", "csv", "Email Address,Action,Timestamp,Campaign_ID,Campaign_Title,URL,IP,Bounce_Type"),
    ("hubspot_deals", "csv", "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Deal owner"),
    ("hubspot_tickets", "csv", "Ticket ID,Ticket name,Ticket status,Pipeline,Create date,Close date,Priority"),
    ("activecampaign_contacts", "csv", "Id,Email,First Name,Last Name,Phone,Date Created,IP Address,Tags,Lists,Status"),
    ("omnisend_contacts", "csv", "email,phone,first name,last name,email status,sms status,email opt-in date,tags"),
    ("omnisend_contacts", "csv", "Email,Email opt-in date,Email opt-out date,SMS opt-in date,SMS opt-out date"),
    ("customerio_people", "csv", "cio_id,id,email,created_at,unsubscribed,plan"),
    ("customerio_deliveries", "csv", "delivery_id,customer_id,email,subject,sent,delivered,opened,clicked,bounced"),
    ("customerio_webhooks", "jsonl", "event_id,object_type,metric,timestamp,data"),
    (
        "stripe_payments",
        "csv",
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Fee,Status,Customer ID,Customer Email",
    ),
    ("stripe_customers", "csv", "id,Email,Name,Created (UTC),Delinquent,Total Spend,Plan"),
    (
        "woocommerce_orders",
        "csv",
        "order_id,order_number,order_date,status,order_total,order_currency,customer_id,billing_email,line_items",
    ),
    ("woocommerce_orders", "csv", "order_number,order_id,order_date,status,order_total,customer_email,line_item_1"),
    ("woocommerce_customers", "csv", "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region"),
    ("woocommerce_customers", "csv", "customer_id,user_login,user_email,user_registered,billing_email"),
    (
        "zendesk_tickets",
        "csv",
        "Id,Requester,Requester email,Subject,Status,Priority,Created at,Updated at,Solved at,Satisfaction Score,Tags",
    ),
    ("typeform_answers", "csv", "#,What is your e-mail address?,Goal,Start Date (UTC),Submit Date (UTC),Network ID"),
    ("ga4_events", "jsonl", "event_date,event_timestamp,event_name,event_params,user_pseudo_id,device,geo,items"),
    ("snowplow", "csv", "event_id,event,collector_tstamp,v_collector,user_id,domain_userid,network_userid,page_url"),
]
STRANGERS = [
    "Email,First Name,Last Name",
    "id,name,email",
    "id,status,created_at,updated_at",
    "product_id,media_id",
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
    "customer_id,index,value",
    "Date,Amount,Description",
]


def ranked(name: str, kind: str, columns: list[str]) -> list[tuple[float, str]]:
    head = FileHead(name, kind, tuple(columns))
    return sorted(((source.recognise(head), source.name) for source in SOURCES), reverse=True)


def header(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return next(csv.reader(text))


def certain(found: list[tuple[float, str]]) -> str:
    """The best source; no other may score as high."""
    assert 0.5 <= found[0][0] <= 1
    assert found[0][0] - found[1][0] > 0.02, found[:2]
    return found[0][1]


def test_names_are_unique():
    assert Counter(source.name for source in SOURCES).most_common(1)[0][1] == 1


@pytest.mark.parametrize(("source", "kind", "columns"), HEADERS, ids=lambda value: value if len(value) < 40 else "")
def test_known_headers(source, kind, columns):
    assert certain(ranked(f"export.{kind}", kind, columns.split(","))) == source


@pytest.mark.parametrize("columns", STRANGERS)
def test_other_peoples_files_are_left_alone(columns):
    assert ranked("list.csv", "csv", columns.split(","))[0][0] < 0.5


@pytest.mark.skipif(not EXPORTS, reason="the real inputs (../shared/data) are not on this machine")
@pytest.mark.parametrize("file", EXPORTS, ids=lambda file: file.stem)
def test_export_headers(file):
    found = certain(ranked("export.csv", "csv", header(file)))
    meant = file.stem.replace("mailchimp_audience", "mailchimp")
    assert meant.startswith(found.removesuffix("_members"))


@pytest.mark.skipif(not SEEDS, reason="the real inputs (../shared/data) are not on this machine")
@pytest.mark.parametrize("vendor", ["klaviyo", "mailchimp", "shopify", "hubspot", "zendesk"])
def test_warehouse_tables_are_recognised_and_every_row_accounted_for(vendor):
    files = [file for file in SEEDS if file.parent.name == vendor]
    assert files
    for file in files:
        found = certain(ranked(file.name, "csv", header(file)))
        assert found.startswith(f"{vendor}_warehouse_"), file.name
        account(file, found)


def account(file: Path, source: str) -> None:
    chunks = list(parse(FilePart(file), BY_NAME[source], Context(received_at=1_780_000_000_000)))
    read = sum(chunk.rows_read for chunk in chunks)
    stored = sum(sum(chunk.stored.values()) for chunk in chunks)
    skipped = sum(sum(chunk.skipped.values()) for chunk in chunks)
    refused = [reject for chunk in chunks for reject in chunk.rejects]
    assert read == stored + skipped + len(refused)
    assert {reason for _, reason, _ in refused} <= {"no_identity"}
    if "_reference_table" in source or "_detail_of_" in source:
        assert (skipped, stored) == (read, 0)


@pytest.mark.skipif(not SEEDS, reason="the real inputs (../shared/data) are not on this machine")
def test_tables_about_people_give_records():
    wanted = {
        "klaviyo": ("person.csv", "event.csv"),
        "mailchimp": ("member.csv", "campaign_recipient.csv", "campaign_recipient_activity.csv", "unsubscribe.csv"),
        "shopify": ("shopify_customer_data.csv", "shopify_gql_customer_data.csv", "shopify_order_data.csv"),
        "hubspot": ("contact_data.csv", "contact_property_history_data.csv", "contact_form_submission_data.csv"),
        "zendesk": ("user_data.csv", "ticket_data.csv"),
    }
    for vendor, files in wanted.items():
        for name in files:
            file = DATA / "warehouse_seeds" / vendor / name
            source = BY_NAME[certain(ranked(name, "csv", header(file)))]
            chunks = list(parse(FilePart(file), source, Context(received_at=1_780_000_000_000)))
            assert sum(chunk.records.num_rows for chunk in chunks) > 0, name
