from shoal.ingest.canonical import Consent, Record
from shoal.ingest.sources import mailchimp

MEMBERS = """
Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER
ana@example.org,Ana,Silva,4,2026-01-02 03:04:05,10.0.0.1,2026-01-02 03:05:05,10.0.0.1,41.15,-8.61,0,1,Europe/Lisbon,PT,13,2026-02-01 00:00:00,77,e77,,\"\"\"VIP\"\",\"\"Spring\"\"\",,,,,
bo@example.org,Bo,,2,,,,,,,,,,,,2026-02-01 00:00:00,78,e78,,,2026-01-31 09:00:00,Winter,C9,NORMAL,too many
cy@example.org,Cy,,2,,,,,,,,,,,,,79,e79,,,,,,,
,,,2,,,,,,,,,,,,,,,,,,,,,
"""  # noqa: E501
ACTIVITY = """
Email Address,Action,Timestamp,Campaign_ID,Campaign_Title,URL,IP,Bounce_Type
ana@example.org,open,2026-01-02 03:04:05,C1,Spring,,10.0.0.1,
ana@example.org,click,2026-01-02 03:05:05,C1,Spring,https://shop.example.org,,
bo@example.org,bounce,2026-01-02 03:04:05,C1,Spring,,,hard
bo@example.org,unsub,2026-01-03 03:04:05,C1,Spring,,,
bo@example.org,,2026-01-03 03:04:05,C1,Spring,,,
"""


def subscribed(row):
    """The row as the file of subscribed members has it."""
    return {name: cell for name, cell in row.items() if not name.startswith("UNSUB")}


def test_members_give_traits_and_dated_consent(rows, mapped, without_ids, at):
    found = rows(MEMBERS)
    facts, given = without_ids(mapped(mailchimp.MEMBERS, [subscribed(found[0])]))
    bo, gone, cy, nobody = without_ids(mapped(mailchimp.MEMBERS, found[1:]))
    keys = ("user:mailchimp-euid/e77", "user:mailchimp-leid/77", "email:ana@example.org")
    traits = {
        "first_name": "Ana",
        "last_name": "Silva",
        "member_rating": 4,
        "latitude": 41.15,
        "longitude": -8.61,
        "timezone": "Europe/Lisbon",
        "country_code": "PT",
        "region": "13",
        "optin_ip": "10.0.0.1",
        "tags": ["VIP", "Spring"],
    }
    assert facts == Record(keys, at=at("2026-02-01"), traits=traits)
    granted = (Consent(channel="email", state="granted", method="form"),)
    assert given == Record(keys, "Subscribed", at("2026-01-02T03:04:05Z"), consent=granted)
    assert bo.traits == {"first_name": "Bo", "member_rating": 2}
    assert gone == Record(
        bo.keys,
        "Unsubscribed",
        at("2026-01-31T09:00:00Z"),
        properties={"campaign_id": "C9", "campaign_name": "Winter", "reason": "too many"},
        consent=(Consent(channel="email", state="denied"),),
    )
    assert (cy.name, cy.at, cy.consent, nobody) == (None, None, gone.consent, "no_identity")


def test_cleaned_addresses_may_not_be_mailed(mapped, at):
    row = {"Email Address": "ana@example.org", "CLEAN_TIME": "2026-01-31 09:00:00", "CLEAN_CAMPAIGN_ID": "C9"}
    (record,) = mapped(mailchimp.MEMBERS, [row])
    assert (record.name, record.at) == ("Unsubscribed", at("2026-01-31T09:00:00Z"))
    assert record.consent == (Consent(channel="email", state="denied", method="cleaned"),)


def test_activity(rows, mapped, without_ids, at):
    opened, clicked, bounced, gone, nothing = without_ids(mapped(mailchimp.ACTIVITY, rows(ACTIVITY)))
    mail = {"campaign_id": "C1", "campaign_name": "Spring"}
    ana = ("email:ana@example.org",)
    assert opened == Record(ana, "Email Opened", at("2026-01-02T03:04:05Z"), properties={**mail, "ip": "10.0.0.1"})
    link = {**mail, "link_url": "https://shop.example.org"}
    assert clicked == Record(ana, "Email Link Clicked", at("2026-01-02T03:05:05Z"), properties=link)
    assert (bounced.name, bounced.properties["bounce_type"]) == ("Email Bounced", "hard")
    assert (gone.name, gone.consent) == ("Unsubscribed", (Consent(channel="email", state="denied"),))
    assert nothing == "no_event_name"
