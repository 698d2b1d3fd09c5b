"""What single events of vendors become, where no real payload says it."""

from __future__ import annotations

import json

import pytest
from told import told

ANA = "ana@example.org"
AT = 1_788_000_000
SHOPIFY = {"x-shopify-topic": "orders/updated"}


def sendgrid(**event):
    return "sendgrid", {}, json.dumps([{"email": ANA, "timestamp": AT, "sg_event_id": "e", **event}]).encode()


def mailgun(**event):
    return "mailgun", {}, json.dumps({"event-data": {"recipient": ANA, "timestamp": AT, "id": "e", **event}}).encode()


def postmark(**event):
    return "postmark", {}, json.dumps({"Email": ANA, "BouncedAt": "2026-08-01T10:00:00Z", "ID": 1, **event}).encode()


def sparkpost(**event):
    return "sparkpost", {}, json.dumps([{"msys": {"e": {"rcpt_to": ANA, "timestamp": str(AT), **event}}}]).encode()


def mandrill(event):
    from urllib.parse import urlencode

    return "mandrill", {}, urlencode({"mandrill_events": json.dumps([event])}).encode()


def ses(message):
    return "amazon_ses", {}, json.dumps({"Type": "Notification", "Message": json.dumps(message)}).encode()


def hubspot(**event):
    change = {"subscriptionType": "contact.propertyChange", "objectId": 7, "occurredAt": AT * 1_000}
    return "hubspot", {}, json.dumps([{**change, **event}]).encode()


def klaviyo(topic, included=(), **told_of):
    profile = {"data": {"type": "profile", "id": "p1"}}
    event = {"type": "event", "id": "e", "attributes": {"timestamp": AT, "event_properties": told_of}}
    payload = {"data": {**event, "relationships": {"profile": profile}}, "included": list(included)}
    return "klaviyo", {}, json.dumps({"data": [{"topic": topic, "payload": payload}]}).encode()


def stripe(kind, **found):
    charge = {"id": "ch_1", "amount": 500, "currency": "jpy", "created": AT, "customer": "cus_1", **found}
    return (
        "stripe",
        {},
        json.dumps({"object": "event", "type": kind, "created": AT, "data": {"object": charge}}).encode(),
    )


def shopify(headers=SHOPIFY, **order):
    found = {"id": 1, "created_at": "2026-08-01T10:00:00Z", "email": ANA, "financial_status": "paid", "total_price": 9}
    return "shopify", headers, json.dumps({**found, **order}).encode()


def shopify_customer(**customer):
    headers = {"x-shopify-topic": "customers/update"}
    return "shopify", headers, json.dumps({"id": 5, "updated_at": "2026-08-01T10:00:00Z", **customer}).encode()


def woocommerce(**order):
    found = {"id": 1, "status": "completed", "total": "9.00", "billing": {"email": ANA}, "line_items": []}
    headers = {"x-wc-webhook-topic": "order.updated"}
    return "woocommerce", headers, json.dumps({**found, "date_created_gmt": "2026-08-01T10:00:00", **order}).encode()


def form(vendor, **fields):
    from urllib.parse import urlencode

    return vendor, {}, urlencode(fields).encode()


def mailchimp(kind, **member):
    told = {f"data[{name}]": text for name, text in {"email": ANA, "id": "e1", "list_id": "l1", **member}.items()}
    return form("mailchimp", type=kind, fired_at="2026-08-01 10:00:00", **told)


def activecampaign(kind, **fields):
    contact = {"contact[id]": "7", "contact[email]": ANA}
    return form("activecampaign", type=kind, date_time="2026-08-01T10:00:00-05:00", **contact, **fields)


def customerio(metric, kind="email", **data):
    event = {"event_id": "e1", "object_type": kind, "metric": metric, "timestamp": AT}
    return "customerio", {}, json.dumps({**event, "data": {"identifiers": {"email": ANA}, **data}}).encode()


def bigcommerce(scope, **data):
    return "bigcommerce", {}, json.dumps({"scope": scope, "created_at": AT, "data": data}).encode()


def typeform(*answers, kind="form_response", **response):
    told = {"token": "t1", "submitted_at": "2026-08-01T10:00:00Z", "answers": list(answers), **response}
    return "typeform", {}, json.dumps({"event_type": kind, "form_response": told}).encode()


def zendesk(kind, event=None, **detail):
    told = {"id": "e1", "type": f"zen:event-type:{kind}", "time": "2026-08-01T10:00:00Z", "event": event or {}}
    return "zendesk", {}, json.dumps({**told, "detail": {"id": "35", **detail}}).encode()


def twilio(**fields):
    return form("twilio", **{"MessageSid": "SM1", "From": "+14155552671", "To": "+14155550100", **fields})


QUESTIONS = {"fields": [{"id": "f1", "title": "How was it?"}, {"id": "f2", "title": "First name"}]}
HOW = {"type": "choice", "choice": {"label": "Good"}, "field": {"id": "f1"}}
NAME = {"type": "text", "text": "Ana", "field": {"id": "f2"}}
MINE = {"type": "email", "email": ANA, "field": {"id": "f3"}}
CALL = {"type": "phone_number", "phone_number": "+14155552671", "field": {"id": "f4"}}
REFUND = [{"created_at": "2026-08-02T10:00:00Z", "transactions": [{"kind": "refund", "amount": "4.50"}]}]
BO = {"type": "profile", "id": "p1", "attributes": {"email": "bo@example.org", "phone_number": "+14155552671"}}
BOUNCE = {"bouncedRecipients": [{"emailAddress": ANA, "status": "5.7.1"}], "bounceType": "Permanent"}
COMPLAINT = {"complainedRecipients": [{"emailAddress": ANA}], "complaintSubType": "OnAccountSuppressionList"}
TOPICS = {"newTopicPreferences": {"unsubscribeAll": True}}

CASES = [
    (sendgrid(event="open", sg_machine_open=True), ["Email Opened of email: machine=True"]),
    (sendgrid(event="open", useragent="Mozilla/5.0"), ["Email Opened of email: machine=True"]),
    (sendgrid(event="bounce", type="blocked"), ["Email Bounced of email: bounce_type=blocked"]),
    (sendgrid(event="bounce", type="bounce", status="4.2.2"), ["Email Bounced of email: bounce_type=soft"]),
    (sendgrid(event="bounce", type="bounce", status="5.7.1"), ["Email Bounced of email: bounce_type=blocked"]),
    (sendgrid(event="group_unsubscribe"), ["Unsubscribed of email: email denied"]),
    (sendgrid(event="group_resubscribe"), ["List Joined of email"]),
    (sendgrid(event="account_status_change"), ["skipped: unknown_event"]),
    (sendgrid(), ["refused: no_event"]),
    (sendgrid(event="open", timestamp="soon"), ["refused: bad_time"]),
    (mailgun(event="opened", **{"client-info": {"bot": "apple"}}), ["Email Opened of email: machine=True"]),
    (mailgun(event="opened", **{"client-info": {"bot": "gmail"}}), ["Email Opened of email"]),
    (
        mailgun(event="failed", severity="permanent", reason="suppress-unsubscribe"),
        ["Email Dropped of email: email denied suppressed"],
    ),
    (mailgun(event="failed", severity="permanent", reason="suppress-bounce"), ["Email Dropped of email"]),
    (postmark(RecordType="Bounce", Type="SoftBounce"), ["Email Bounced of email: bounce_type=soft"]),
    (postmark(RecordType="Bounce", Type="SpamNotification"), ["Email Bounced of email: bounce_type=blocked"]),
    (postmark(RecordType="Bounce", Type="AutoResponder"), ["skipped: automatic_reply"]),
    (postmark(RecordType="Bounce", Type="Unsubscribe"), ["Unsubscribed of email: email denied"]),
    (
        postmark(RecordType="SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression"),
        ["facts of email: email denied suppressed"],
    ),
    (
        postmark(RecordType="SubscriptionChange", SuppressSending=True, SuppressionReason="SpamComplaint"),
        ["facts of email: email denied spam_complaint"],
    ),
    (postmark(RecordType="SubscriptionChange", SuppressSending=False, Origin="Admin"), ["skipped: reactivated"]),
    (sparkpost(type="bounce", bounce_class="90"), ["Unsubscribed of email: email denied"]),
    (
        sparkpost(type="open", user_agent_parsed={"is_prefetched": True}),
        ["Email Opened of email: machine=True"],
    ),
    (("sparkpost", {}, b'[{"msys": {}}]'), ["skipped: ping"]),
    (mandrill({"event": "inbound", "msg": {}}), ["skipped: inbound_message"]),
    (
        mandrill({"type": "blacklist", "action": "add", "reject": {"email": ANA, "reason": "hard-bounce"}}),
        ["facts of email: email denied cleaned"],
    ),
    (mandrill({"type": "whitelist", "action": "add", "reject": {"email": ANA}}), ["skipped: list_changed"]),
    (ses({"eventType": "Bounce", "bounce": BOUNCE}), ["Email Bounced of email: bounce_type=blocked"]),
    (ses({"eventType": "Complaint", "complaint": COMPLAINT}), ["Email Dropped of email: email denied suppressed"]),
    (
        ses({"eventType": "Subscription", "subscription": TOPICS, "mail": {"destination": [ANA]}}),
        ["Unsubscribed of email: email denied"],
    ),
    (("amazon_ses", {}, b'{"Type": "Notification", "Message": "Successfully validated"}'), ["skipped: not_an_event"]),
    (hubspot(propertyName="hs_email_optout", propertyValue="true"), ["Unsubscribed of user: email denied"]),
    (hubspot(propertyName="hs_email_optout_3", propertyValue="true"), ["Unsubscribed of user: email denied"]),
    (hubspot(propertyName="hs_email_optout", propertyValue="false"), ["skipped: opt_out_ended"]),
    (hubspot(propertyName="hs_email_optout", propertyValue="maybe"), ["refused: unknown_consent_word"]),
    (hubspot(propertyName="firstname", propertyValue="Ana"), ["facts of user: 1 traits"]),
    (hubspot(propertyName="email", propertyValue=ANA), ["facts of user email"]),
    (hubspot(subscriptionType="contact.creation"), ["facts of user: 1 traits"]),
    (hubspot(subscriptionType="contact.privacyDeletion"), ["refused: privacy_request"]),
    (hubspot(subscriptionType="deal.creation"), ["skipped: not_about_a_person"]),
    (klaviyo("event:klaviyo.opened_email", machine_open=True), ["Email Opened of user: machine=True"]),
    (
        klaviyo("event:klaviyo.unsubscribed_from_email_marketing", email_address=ANA),
        ["Unsubscribed of user email: email denied"],
    ),
    (
        klaviyo("event:klaviyo.clicked_email", [BO], URL="https://example.org/a"),
        ["Email Link Clicked of user email phone: link=example.org"],
    ),
    (klaviyo("event:api.finished_quiz"), ["Finished Quiz of user"]),
    (stripe("charge.succeeded", status="succeeded"), ["Order Completed of user: order_id=ch_1, total=500"]),
    (stripe("charge.failed", status="failed"), ["Payment Failed of user: order_id=ch_1, total=500"]),
    (
        stripe("charge.refunded", status="succeeded", amount_refunded=200),
        [
            "Order Completed of user: order_id=ch_1, total=500",
            "Order Refunded of user: order_id=ch_1, total=200",
        ],
    ),
    (stripe("customer.deleted"), ["skipped: unknown_event"]),
    (
        shopify(cancelled_at="2026-08-03T10:00:00Z", refunds=REFUND),
        [
            "Order Completed of email: order_id=1, total=9",
            "Order Cancelled of email: order_id=1, total=9",
            "Order Refunded of email: order_id=1, total=4.5",
        ],
    ),
    (shopify(test=True), ["skipped: test_order"]),
    (
        shopify(buyer_accepts_marketing=True),
        ["Order Completed of email: order_id=1, total=9", "facts of email: email granted checkout"],
    ),
    (shopify({"x-shopify-topic": "customers/update"}, line_items=[]), ["refused: wrong_topic"]),
    (shopify({"x-shopify-topic": "customers/redact"}), ["refused: privacy_request"]),
    (
        shopify_customer(
            email_marketing_consent={"state": "unsubscribed", "consent_updated_at": "2026-07-01T10:00:00Z"}
        ),
        ["Unsubscribed of user: email denied"],
    ),
    (shopify_customer(email_marketing_consent={"state": "not_subscribed"}), ["facts of user"]),
    (
        woocommerce(status="refunded"),
        ["Order Completed of email: order_id=1, total=9.0", "Order Refunded of email: order_id=1, total=9.0"],
    ),
    (woocommerce(status="trash"), ["skipped: deleted"]),
    (
        mailchimp("subscribe", **{"ip_signup": "192.0.2.1", "merges][FNAME": "Ana", "merges][PHONE": "+14155552671"}),
        ["Subscribed of user email: email granted form", "facts of user email phone: 1 traits"],
    ),
    (mailchimp("subscribe"), ["Subscribed of user email: email granted"]),
    (
        mailchimp("profile", **{"merges][ADDRESS][city": "Bonn", "merges][LNAME": "B"}),
        ["facts of user email: 2 traits"],
    ),
    (mailchimp("unsubscribe", action="unsub", reason="manual"), ["Unsubscribed of user email: email denied"]),
    (mailchimp("unsubscribe", action="delete"), ["Unsubscribed of user email: email denied"]),
    (mailchimp("unsubscribe", action="archive"), ["List Left of user email"]),
    (
        mailchimp("unsubscribe", action="unsub", reason="abuse"),
        ["Email Marked as Spam of user email: email denied spam_complaint"],
    ),
    (mailchimp("cleaned", reason="hard"), ["Email Bounced of user email: bounce_type=hard, email denied cleaned"]),
    (mailchimp("cleaned", reason="abuse"), ["Email Marked as Spam of user email: email denied spam_complaint"]),
    (mailchimp("upemail", new_email=ANA, new_id="e2", old_email="a@example.org"), ["facts of user email email"]),
    (mailchimp("campaign", status="sent"), ["skipped: not_about_a_person"]),
    (mailchimp("mystery"), ["skipped: unknown_event"]),
    (mailchimp("unsubscribe", email=""), ["refused: no_identity"]),
    (
        activecampaign("click", **{"link[url]": "https://example.org/a", "campaign[id]": "5"}),
        ["Email Link Clicked of user email: link=example.org"],
    ),
    (
        activecampaign("bounce", **{"bounce[type]": "hard", "bounce[code]": "5.7.1"}),
        ["Email Bounced of user email: bounce_type=blocked"],
    ),
    (activecampaign("bounce", **{"bounce[type]": "hard"}), ["Email Bounced of user email: bounce_type=hard"]),
    (activecampaign("unsubscribe", list="2"), ["Unsubscribed of user email: email denied"]),
    (
        activecampaign("subscribe", initiated_from="public", **{"contact[first_name]": "Ana"}),
        ["Subscribed of user email: email granted form", "facts of user email: 1 traits"],
    ),
    (
        activecampaign("update", **{"contact[tags]": "a, b", "contact[fields][1]": "red"}),
        ["facts of user email: 2 traits"],
    ),
    (activecampaign("deal_add"), ["skipped: unknown_event"]),
    (form("activecampaign", type="sent", date_time="2026-08-01"), ["skipped: not_about_a_person"]),
    (customerio("clicked", href="https://example.org/a"), ["Email Link Clicked of email: link=example.org"]),
    (customerio("spammed"), ["Email Marked as Spam of email: email denied spam_complaint"]),
    (customerio("unsubscribed", "customer"), ["Unsubscribed of email: email denied"]),
    (customerio("drafted"), ["skipped: not_sent"]),
    (("customerio", {}, b'{"hello": 1}'), ["skipped: not_an_event"]),
    (bigcommerce("store/customer/created", id=32), ["Signed Up of user"]),
    (bigcommerce("store/order/created", id=250), ["skipped: tells_only_a_number"]),
    (bigcommerce("store/customer/created"), ["refused: no_identity"]),
    (typeform(HOW, NAME, MINE, definition=QUESTIONS), ["Survey Answered of email: 2 traits"]),
    (typeform(CALL, hidden={"user_id": "42"}), ["Survey Answered of user phone"]),
    (typeform(HOW, hidden={"email": ANA}), ["Survey Answered of email"]),
    (typeform(HOW), ["refused: no_identity"]),
    (typeform(MINE, kind="form_response_partial"), ["skipped: unknown_event"]),
    (zendesk("ticket.created", requester_id="9"), ["Ticket Created of user"]),
    (zendesk("ticket.status_changed", {"current": "SOLVED"}, requester_id="9"), ["Ticket Solved of user"]),
    (zendesk("ticket.status_changed", {"current": "OPEN"}, requester_id="9"), ["skipped: unknown_event"]),
    (
        zendesk("ticket.comment_added", {"comment": {"author": {"id": "9", "is_staff": False}}}),
        ["Ticket Commented of user"],
    ),
    (
        zendesk("ticket.comment_added", {"comment": {"author": {"id": "9", "is_staff": True}}}, requester_id="8"),
        ["skipped: by_staff"],
    ),
    (zendesk("ticket.created"), ["refused: no_identity"]),
    (zendesk("user.name_changed", {"current": "Ana"}, email=ANA), ["facts of user email: 1 traits"]),
    (zendesk("user.created", external_id="42", role="agent"), ["skipped: staff"]),
    (zendesk("user.deleted"), ["skipped: deleted"]),
    (zendesk("organization.created"), ["skipped: not_about_a_person"]),
    (twilio(MessageStatus="queued"), ["skipped: not_sent"]),
    (twilio(MessageStatus="sent"), ["SMS Sent of phone"]),
    (twilio(MessageStatus="failed", ErrorCode="30003"), ["SMS Failed of phone"]),
    (twilio(MessageStatus="failed", ErrorCode="21610"), ["SMS Failed of phone: sms denied suppressed"]),
    (twilio(SmsStatus="received", Body="Thanks"), ["SMS Replied of phone"]),
    (twilio(SmsStatus="received", Body=" Stop. "), ["SMS Unsubscribed of phone: sms denied keyword"]),
    (
        twilio(SmsStatus="received", Body="ABMELDEN", OptOutType="STOP"),
        ["SMS Unsubscribed of phone: sms denied keyword"],
    ),
    (twilio(SmsStatus="received", Body="Stop", OptOutType="HELP"), ["SMS Replied of phone"]),
    (twilio(SmsStatus="received", Body="Don't stop"), ["SMS Replied of phone"]),
    (twilio(SmsStatus="received", Body="START"), ["SMS Replied of phone: sms granted keyword"]),
    (twilio(SmsStatus="received", Body="YES"), ["SMS Replied of phone"]),
    (
        twilio(SmsStatus="received", From="whatsapp:+14155552671", Body="STOP"),
        ["facts of phone: whatsapp denied keyword"],
    ),
    (twilio(MessageStatus="sent", To="whatsapp:+14155552671"), ["skipped: other_channel"]),
    (twilio(MessageStatus="delivered", To="12"), ["refused: no_identity"]),
]


@pytest.mark.parametrize(("delivery", "expected"), CASES, ids=range(len(CASES)))
def test_kind(delivery, expected):
    assert told(*delivery) == expected
