from shoal.ingest.canonical import Consent, Record
from shoal.ingest.sources import hubspot

CONTACTS = """
Record ID,First Name,Last Name,Email,Phone Number,Job Title,Contact owner,Lifecycle Stage,Create Date,Last Activity Date,Company Name,Unsubscribed from all email
101,Ana,Silva,ana@example.org,+351912345678,Buyer,Kim,customer,2026-01-02 09:00,2026-03-01 10:00,Foot & Co,
102,Bo,,,,,,lead,,,,TRUE
,Cy,,broken@,,,,,,,,
"""  # noqa: E501
DEALS = """
Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Deal owner,Associated Contact IDs
9,Big one,Closed Won,Sales,1200.50,2026-02-01 00:00,2026-01-02 09:00,Kim,101;102
10,Open one,Appointment,Sales,,,2026-01-03 09:00,Kim,102
11,Nobody's,Appointment,Sales,,,2026-01-03 09:00,Kim,
"""
TICKETS = """
Ticket ID,Ticket name,Ticket status,Pipeline,Create date,Close date,Priority,Associated Contact Emails
5,Late parcel,Closed,Support,2026-01-02 09:00,2026-01-03 10:00,HIGH,ana@example.org
6,Question,New,Support,2026-01-04 09:00,,LOW,ana@example.org
"""


def test_contacts(rows, mapped):
    ana, bo, cy = mapped(hubspot.CONTACTS, rows(CONTACTS))
    assert ana == Record(
        ("user:hubspot/101", "email:ana@example.org", "phone:+351912345678"),
        traits={
            "first_name": "Ana",
            "last_name": "Silva",
            "job_title": "Buyer",
            "owner": "Kim",
            "lifecycle_stage": "customer",
            "company": "Foot & Co",
            "created_at": "2026-01-02T09:00:00Z",
            "last_activity_at": "2026-03-01T10:00:00Z",
        },
    )
    assert bo.consent == (Consent(channel="email", state="denied"),)
    assert cy == "no_identity"


def test_deals_are_created_and_closed(rows, mapped, at):
    created, closed, opened, nobody = mapped(hubspot.DEALS, rows(DEALS), currency="EUR")
    properties = {
        "deal_id": "9",
        "deal_name": "Big one",
        "stage": "Closed Won",
        "pipeline": "Sales",
        "owner": "Kim",
        "amount": 1200.5,
        "currency": "EUR",
    }
    ana, when = ("user:hubspot/101",), at("2026-02-01")
    assert created == Record(ana, "Deal Created", at("2026-01-02T09:00:00Z"), "9:created", properties, version=when)
    assert closed == Record(ana, "Deal Closed", when, "9:closed", {**properties, "won": True}, version=when)
    assert (opened.name, opened.keys, nobody) == ("Deal Created", ("user:hubspot/102",), "no_identity")


def test_tickets_are_created_and_solved(rows, mapped, at):
    created, solved, other = mapped(hubspot.TICKETS, rows(TICKETS))
    assert created == Record(
        ("email:ana@example.org",),
        "Ticket Created",
        at("2026-01-02T09:00:00Z"),
        "5:created",
        {"ticket_id": "5", "subject": "Late parcel", "status": "Closed", "pipeline": "Support", "priority": "HIGH"},
        version=at("2026-01-03T10:00:00Z"),
    )
    assert (solved.name, solved.at, solved.message_id) == ("Ticket Solved", at("2026-01-03T10:00:00Z"), "5:solved")
    assert other.name == "Ticket Created"


def test_a_deal_may_name_its_contact_in_brackets(mapped):
    row = {"Deal Name": "Big one", "Create Date": "2026-01-02", "Associated Contact": "Ana Silva (ana@example.org);Bo"}
    (created,) = mapped(hubspot.DEALS, [row])
    assert created.keys == ("email:ana@example.org",)
