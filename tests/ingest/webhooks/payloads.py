"""Real payloads, kept outside the project, as a vendor would deliver them, and what each of them becomes."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

_SHOPIFY = {
    "admin_order": "orders/create",
    "admin_orders": "orders/updated",
    "admin_customer": "customers/create",
    "admin_customers_search": "customers/update",
    "admin_customer_saved_search_customers": "customers/update",
    "admin_checkouts": "checkouts/create",
    "admin_refund": "refunds/create",
    "admin_draft_order": "draft_orders/create",
}
_WOOCOMMERCE = {
    "order": "order.created",
    "order_2": "order.updated",
    "customer": "customer.created",
    "customer_2": "customer.updated",
}
_STRIPE = {
    "charge": "charge.succeeded",
    "customer": "customer.created",
    "subscription": "customer.subscription.created",
    "dispute": "charge.dispute.created",
    "invoice": "invoice.paid",
    "payment_intent": "payment_intent.succeeded",
    "checkout_session": "checkout.session.completed",
}


def delivered(file: Path) -> tuple[dict[str, str], bytes]:
    """Headers that say what it is, and the body; a bare object of Stripe in the event that it comes in."""
    vendor, body, kind = file.parent.name, file.read_bytes(), "application/json"
    if vendor == "mandrill":
        return {"content-type": "application/x-www-form-urlencoded"}, urlencode({"mandrill_events": body}).encode()
    headers = {"content-type": kind}
    if vendor == "shopify":
        headers["x-shopify-topic"] = _SHOPIFY.get(file.stem, f"{file.stem.removeprefix('admin_')}/update")
    if vendor == "woocommerce":
        headers["x-wc-webhook-topic"] = _WOOCOMMERCE.get(file.stem, "")
    if vendor == "stripe" and file.stem != "event":
        found = json.loads(body)
        event = {"object": "event", "id": "evt_1", "type": _STRIPE.get(file.stem, f"{file.stem}.created")}
        body = json.dumps({**event, "created": found["created"], "data": {"object": found}}).encode()
    return headers, body


EXPECTED = {
    "amazon_ses/bounce_event": ["Email Bounced of email: bounce_type=hard"],
    "amazon_ses/click_event": ["Email Link Clicked of email: link=docs.aws.amazon.com"],
    "amazon_ses/complaint_event": ["Email Marked as Spam of email: email denied spam_complaint"],
    "amazon_ses/delivery_event": ["Email Delivered of email"],
    "amazon_ses/incorrect_received_event": ["skipped: inbound_message"],
    "amazon_ses/multiple_bounce_event": [
        "Email Bounced of email: bounce_type=hard",
        "Email Bounced of email: bounce_type=hard",
    ],
    "amazon_ses/open_event": ["Email Opened of email"],
    "amazon_ses/reject_event": ["Email Dropped of email"],
    "amazon_ses/rendering_failure_event": ["Email Dropped of email"],
    "amazon_ses/send_event": ["Email Sent of email"],
    "brevo/blocked": ["Email Dropped of email: email denied suppressed"],
    "brevo/clicked_event": ["Email Link Clicked of email: link=example.com"],
    "brevo/complaint": ["Email Marked as Spam of email: email denied spam_complaint"],
    "brevo/deferred_event": ["Email Deferred of email"],
    "brevo/delivered_event": ["Email Delivered of email"],
    "brevo/error_email": ["Email Dropped of email"],
    "brevo/hard_bounce": ["Email Bounced of email: bounce_type=hard"],
    "brevo/invalid_email": ["Email Dropped of email"],
    "brevo/opened_event": ["Email Opened of email"],
    "brevo/proxy_open_event": ["Email Opened of email: machine=True"],
    "brevo/sent_event": ["Email Sent of email"],
    "brevo/soft_bounce_event": ["Email Bounced of email: bounce_type=soft"],
    "brevo/spam": ["Email Marked as Spam of email: email denied spam_complaint"],
    "brevo/unique_opened_event": ["Email Opened of email"],
    "brevo/unique_proxy_open_event": ["Email Opened of email: machine=True"],
    "brevo/unsubscribe": ["Unsubscribed of email: email denied"],
    "hubspot/contacts_api_example": ["skipped: not_an_event"],
    "hubspot/contacts_api_example_2": ["facts of user: 7 traits"],
    "hubspot/contacts_api_example_3": ["refused: no_identity"],
    "hubspot/webhooks_example": ["skipped: not_an_event"],
    "klaviyo/campaign_values_report_request": ["skipped: not_an_event"],
    "klaviyo/campaign_values_report_response": ["skipped: not_an_event"],
    "klaviyo/create_event_request": ["Product Viewed of email phone"],
    "klaviyo/create_profile_request": ["skipped: not_an_event"],
    "klaviyo/create_profile_response": ["skipped: not_an_event"],
    "klaviyo/list_campaigns": ["skipped: not_an_event"],
    "klaviyo/list_events": ["refused: no_event_name"],
    "klaviyo/list_flows": ["skipped: not_an_event"],
    "klaviyo/list_lists": ["skipped: not_an_event"],
    "klaviyo/list_metrics": ["skipped: not_an_event"],
    "klaviyo/list_profiles": ["skipped: not_an_event"],
    "klaviyo/list_segments": ["skipped: not_an_event"],
    "klaviyo/subscribe_profiles_request": ["skipped: not_an_event"],
    "mailgun/alt_smtp_code": ["Email Bounced of email: bounce_type=hard"],
    "mailgun/clicked_event": ["Email Link Clicked of email: link=example.com"],
    "mailgun/complained_event": ["Email Marked as Spam of email: email denied spam_complaint"],
    "mailgun/delivered_event": ["Email Delivered of email"],
    "mailgun/delivered_event_2": ["Email Delivered of email"],
    "mailgun/delivery_status_is_none_event": ["refused: no_identity"],
    "mailgun/dropped_bounce": ["Email Dropped of email"],
    "mailgun/dropped_spam": ["Email Dropped of email: email denied suppressed"],
    "mailgun/dropped_timed_out": ["Email Dropped of email"],
    "mailgun/failed_greylisted_event": ["Email Deferred of email"],
    "mailgun/failed_permanent_event": ["Email Bounced of email: bounce_type=hard"],
    "mailgun/failed_temporary_event": ["Email Deferred of email"],
    "mailgun/invalid_mailbox": ["Email Bounced of email: bounce_type=hard"],
    "mailgun/metadata_key_conflicts": ["Email Link Clicked of email: link=clicked.example.com"],
    "mailgun/metadata_message_headers": ["refused: no_identity"],
    "mailgun/metadata_post_fields": ["refused: no_identity"],
    "mailgun/misconfigured_inbound": ["skipped: inbound_message"],
    "mailgun/opened_event": ["Email Opened of email"],
    "mailgun/rejected_event": ["Email Dropped of email"],
    "mailgun/unsubscribed_event": ["Unsubscribed of email: email denied"],
    "mandrill/click_event": ["Email Link Clicked of email: link=example.com"],
    "mandrill/hard_bounce_event": ["Email Bounced of email: bounce_type=hard"],
    "mandrill/old_tracking_url": ["Email Sent of email"],
    "mandrill/send_event": ["Email Sent of email"],
    "mandrill/sync_event": ["facts of email: email denied suppressed"],
    "postmark/bounce_event": ["Email Bounced of email: bounce_type=hard"],
    "postmark/bounce_unsubscribe_variant": ["refused: no_identity"],
    "postmark/click_event": ["Email Link Clicked of email: link=example.com"],
    "postmark/delivered_event": ["Email Delivered of email"],
    "postmark/open_event": ["Email Opened of email"],
    "postmark/resubscribe": ["Subscribed of email: email granted"],
    "postmark/spam_event": ["Email Marked as Spam of email: email denied spam_complaint"],
    "postmark/subscription_change_bounce": ["facts of email: email denied cleaned"],
    "postmark/unsubscribe": ["Unsubscribed of email: email denied"],
    "sendgrid/bounce_event": ["Email Bounced of email: bounce_type=hard"],
    "sendgrid/click_event": ["Email Link Clicked of email: link=www.example.com"],
    "sendgrid/compatibility_message_id_from_smtp_id": ["Email Delivered of email"],
    "sendgrid/deferred_event": ["Email Deferred of email"],
    "sendgrid/delivered_event": ["Email Delivered of email"],
    "sendgrid/dropped_bounced": ["Email Dropped of email"],
    "sendgrid/dropped_invalid_event": ["refused: no_identity"],
    "sendgrid/dropped_unsubscribed_event": ["Email Dropped of email: email denied suppressed"],
    "sendgrid/mailcoach_bouncepayload": ["Email Bounced of email: bounce_type=hard"],
    "sendgrid/mailcoach_clickpayload": ["Email Link Clicked of email: link=example.com"],
    "sendgrid/mailcoach_complaintpayload": ["Email Marked as Spam of email: email denied spam_complaint"],
    "sendgrid/mailcoach_multipleeventspayload": [
        "Email Bounced of email: bounce_type=hard",
        "Email Bounced of email: bounce_type=hard",
    ],
    "sendgrid/mailcoach_nosenduuidpayload": ["Email Delivered of email"],
    "sendgrid/mailcoach_openpayload": ["Email Opened of email"],
    "sendgrid/mailcoach_otherpayload": ["Email Sent of email"],
    "sendgrid/open_event": ["Email Opened of email"],
    "sendgrid/processed_event": ["Email Sent of email"],
    "shopify/admin_checkouts": ["Checkout Started of user email phone: link=checkout.local, total=409.94"],
    "shopify/admin_customer": ["facts of user email: 11 traits", "facts of user email: email denied"],
    "shopify/admin_customer_saved_search_customers": [
        "facts of user email: 12 traits",
        "facts of user email: email granted",
    ],
    "shopify/admin_customers_search": ["facts of user email: 10 traits", "facts of user email: email denied"],
    "shopify/admin_discount_code": ["skipped: not_about_a_person"],
    "shopify/admin_draft_order": ["skipped: not_about_a_person"],
    "shopify/admin_events": ["skipped: not_about_a_person"],
    "shopify/admin_gift_card": ["skipped: not_about_a_person"],
    "shopify/admin_marketing_event": ["skipped: not_about_a_person"],
    "shopify/admin_marketing_events": ["skipped: not_about_a_person"],
    "shopify/admin_order": [
        "Order Completed of user email phone: order_id=450789469, total=409.94",
        "facts of user email phone: 6 traits",
    ],
    "shopify/admin_orders": [
        "Order Completed of user email phone: order_id=450789469, total=598.94",
        "facts of user email phone: 6 traits",
    ],
    "shopify/admin_price_rule": ["skipped: not_about_a_person"],
    "shopify/admin_product": ["skipped: not_about_a_person"],
    "shopify/admin_refund": ["skipped: not_about_a_person"],
    "sparkpost/amp_events": ["refused: no_identity", "refused: no_identity", "refused: no_identity"],
    "sparkpost/bounce_challenge_response": ["skipped: automatic_reply"],
    "sparkpost/bounce_event": ["Email Bounced of email: bounce_type=hard"],
    "sparkpost/click_event": ["Email Link Clicked of email: link=example.com"],
    "sparkpost/delay_event": ["Email Deferred of email"],
    "sparkpost/delivery_event": ["Email Delivered of email"],
    "sparkpost/generation_failure_event": ["Email Dropped of email"],
    "sparkpost/generation_rejection_event": ["Email Dropped of email: email denied suppressed"],
    "sparkpost/initial_open_event_as_opened": ["Email Opened of email"],
    "sparkpost/initial_open_event_as_unknown": ["Email Opened of email"],
    "sparkpost/injection_event": ["Email Sent of email"],
    "sparkpost/open_event": ["Email Opened of email"],
    "sparkpost/unsubscribe_event": ["Unsubscribed of email: email denied"],
    "stripe/charge": ["refused: no_identity"],
    "stripe/checkout_session": ["skipped: told_by_charge"],
    "stripe/coupon": ["skipped: unknown_event"],
    "stripe/customer": ["facts of user: 3 traits"],
    "stripe/dispute": ["skipped: unknown_event"],
    "stripe/event": ["skipped: unknown_event"],
    "stripe/invoice": ["skipped: told_by_charge"],
    "stripe/payment_intent": ["skipped: told_by_charge"],
    "stripe/price": ["skipped: unknown_event"],
    "stripe/product": ["skipped: unknown_event"],
    "stripe/promotion_code": ["skipped: unknown_event"],
    "stripe/refund": ["skipped: told_by_charge"],
    "stripe/subscription": ["Subscription Started of user: subscription_id=sub_1Pgc6rB7WZ01zgkWNy0Cn5nw"],
    "woocommerce/customer": ["facts of user email phone: 9 traits"],
    "woocommerce/customer_2": ["facts of user email phone: 9 traits"],
    "woocommerce/order": [
        "Order Completed of email phone: order_id=727, total=29.35",
        "facts of email phone: 6 traits",
    ],
    "woocommerce/order_2": [
        "Order Completed of email phone: order_id=727, total=29.35",
        "facts of email phone: 6 traits",
    ],
    "woocommerce/refund": ["skipped: unknown_event"],
    "woocommerce/refund_2": ["skipped: unknown_event"],
    "woocommerce/webhook": ["skipped: unknown_event"],
    "woocommerce/webhook_2": ["skipped: unknown_event"],
}

FILES = {
    **{f"export_headers/{name}.csv": name for name in ("hubspot_contacts", "klaviyo_campaigns", "klaviyo_profiles")},
    **{f"export_headers/{name}.csv": name for name in ("shopify_customers", "shopify_orders", "stripe_customers")},
    "export_headers/klaviyo_profiles_consent.csv": "klaviyo_profiles",
    "export_headers/mailchimp_audience_members.csv": "mailchimp_members",
    "export_headers/mailchimp_audience_unsubscribed_extra.csv": "mailchimp_members",
    "export_headers/shopify_customers_old.csv": "shopify_customers",
    **{f"ga4_bigquery/first_visit{number}.json": "ga4" for number in ("", *(f"_{each}" for each in range(2, 10)))},
    "snowplow/enriched_page_view_fields.json": "generic",
    "snowplow/enriched_page_view.tsv": "snowplow",
}
"""What no vendor delivers: the source that reads the file."""

STORED = {"snowplow/enriched_page_view.tsv": ["Page Viewed of user anonymous anonymous"]}
"""What becomes of the files of these that are no header only and that are read as they are."""
