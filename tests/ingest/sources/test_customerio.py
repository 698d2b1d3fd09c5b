from shoal.ingest.canonical import Consent, Record
from shoal.ingest.sources import customerio

PEOPLE = """
cio_id,id,email,created_at,unsubscribed,plan
c1,u1,ana@example.org,1767323045,true,pro
c2,,bo@example.org,,false,
"""
DELIVERIES = """
delivery_id,customer_id,email,subject,campaign_id,created,sent,delivered,opened,clicked,bounced,template
d1,u1,ana@example.org,Hello,7,1767323000,1767323045,1767323050,1767323100,,,welcome
d2,u1,ana@example.org,Hello,7,1767323000,,,,,,welcome
"""
DENIED = (Consent(channel="email", state="denied"),)


def webhook(metric: str, kind: str = "email", **data: object) -> dict:
    identifiers = {"id": "u1", "email": "ana@example.org", "cio_id": "c1"}
    return {
        "event_id": f"e-{metric}",
        "object_type": kind,
        "metric": metric,
        "timestamp": 1767323045,
        "data": {"identifiers": identifiers, "delivery_id": "d1", "campaign_id": 7, **data},
    }


def test_people(rows, mapped):
    ana, bo = mapped(customerio.PEOPLE, rows(PEOPLE))
    traits = {"created_at": "2026-01-02T03:04:05Z", "plan": "pro"}
    keys = ("user:customerio/c1", "user:u1", "email:ana@example.org")
    assert ana == Record(keys, traits=traits, consent=DENIED)
    assert bo.consent == ()  # everyone starts as not unsubscribed


def test_a_delivery_is_an_event_for_each_stamp(rows, mapped, at):
    sent, delivered, opened, unsent = mapped(customerio.DELIVERIES, rows(DELIVERIES))
    mail = {"campaign_id": "7", "subject": "Hello", "delivery_id": "d1", "template": "welcome"}
    keys = ("user:u1", "email:ana@example.org")
    assert sent == Record(keys, "Email Sent", at("2026-01-02T03:04:05Z"), "d1:sent", mail)
    assert [delivered.name, opened.name] == ["Email Delivered", "Email Opened"]
    assert unsent == "not_sent"


def test_webhook_events(mapped, at):
    found = mapped(
        customerio.WEBHOOKS,
        [
            webhook("clicked", href="https://shop.example.org"),
            webhook("unsubscribed", "customer"),
            webhook("sent", "slack"),
            webhook("drafted"),
            webhook("human_opened"),
            {"metric": "opened", "timestamp": 1767323045, "data": "nothing"},
        ],
    )
    keys = ("user:customerio/c1", "user:u1", "email:ana@example.org")
    mail = {"campaign_id": "7", "delivery_id": "d1"}
    link = {**mail, "link_url": "https://shop.example.org"}
    when = at("2026-01-02T03:04:05Z")
    assert found == [
        Record(keys, "Email Link Clicked", when, "e-clicked", link),
        Record(keys, "Unsubscribed", when, "e-unsubscribed", mail, consent=DENIED),
        Record(keys, "Slack Sent", when, "e-sent", mail),
        "not_sent",
        "counted_already",
        "no_identity",
    ]
