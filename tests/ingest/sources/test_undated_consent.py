"""When a contact last changed is the date of its traits: consent without a date of its own has none."""

from __future__ import annotations

import pytest

from shoal.ingest.sources import SOURCES

LATER = "2026-02-10 10:00:00"
ROWS = {
    "klaviyo_profiles": {"Email Marketing Consent": "SUBSCRIBED", "Email Suppressions": "", "Last Updated": LATER},
    "hubspot_contacts": {"Record ID": "1", "Unsubscribed from all email": "true", "Last Modified Date": LATER},
    "activecampaign_contacts": {"Status": "Active", "Date Updated": LATER},
    "customerio_people": {"id": "1", "unsubscribed": "true", "updated_at": LATER},
    "omnisend_contacts": {"Email status": "subscribed", "Updated at": LATER},
    "klaviyo_warehouse_person": {"id": "1", "custom_accepts_marketing": "true", "updated": LATER},
    "hubspot_warehouse_contact": {"id": "1", "property_hs_email_optout": "true", "property_lastmodifieddate": LATER},
    "shopify_warehouse_customer": {"id": "1", "accepts_marketing": "true", "updated_at": LATER},
    "mailchimp_warehouse_member": {"id": "1", "status": "subscribed", "last_changed": LATER},
}
ADDRESSES = {"mailchimp_warehouse_member": "email_address", "hubspot_warehouse_contact": "property_email"}


@pytest.mark.parametrize("name", ROWS)
def test_undated_consent_is_a_record_without_a_time(mapped, at, name):
    (source,) = (each for each in SOURCES if each.name == name)
    row = {ADDRESSES.get(name, "Email" if " " in str(ROWS[name]) else "email"): "ana@example.org", **ROWS[name]}
    found = mapped(source, [row | {"First Name": "Ana", "first_name": "Ana"}])
    facts = [each for each in found if each.traits]
    (stated,) = (each for each in found if each.consent)
    assert (stated.at, stated.traits, stated.name) == (None, {}, None)
    assert [each.at for each in facts] == [at("2026-02-10T10:00:00Z")] * len(facts)
    assert all("email:ana@example.org" in each.keys for each in found)


def test_a_mailchimp_export_dates_all_consent_by_itself(mapped, at):
    (source,) = (each for each in SOURCES if each.name == "mailchimp_members")
    row = {"Email Address": "ana@example.org", "OPTIN_TIME": "2026-01-01", "CONFIRM_TIME": "", "LAST_CHANGED": LATER}
    assert [each.at for each in mapped(source, [row]) if each.consent] == [at("2026-01-01")]
