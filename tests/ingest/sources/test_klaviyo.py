import pytest

from shoal.ingest.canonical import Consent, Record
from shoal.ingest.sources import klaviyo

PROFILES = """
Email,Klaviyo ID,First Name,Last Name,City,State / Region,Country,Zip Code,Source,Email Marketing Consent,Profile Created On,Date Added,Shoe Size
ana@example.org,K1,Ana,Silva,Porto,,Portugal,0123,Popup,SUBSCRIBED,2026-01-02 03:04:05,,41
bo@example.org,K2,,,,,,,,UNSUBSCRIBED,,,
cy@example.org,K3,,,,,,,,NEVER_SUBSCRIBED,,,
not an address,K4,,,,,,,,,,,
not an address,,,,,,,,,,,,
dee@example.org,K5,,,,,,,,2026-02-01T10:00:00+00:00,,,
"""  # noqa: E501
EVENTS = """
Event ID,Timestamp,Event,Profile ID,Email,Campaign Name,Campaign ID,Subject,URL,User Agent,IP,Bounce Type,Discount
e1,2026-01-02 03:04:05+00:00,Opened Email,K1,ana@example.org,Spring,C1,Hello,,Mozilla/5.0,10.0.0.1,,
e2,2026-01-02 03:05:05,Clicked Email,K1,ana@example.org,Spring,C1,Hello,https://shop.example.org/a,Mozilla/5.0 (X11; Linux),,,
e3,1767323105,Unsubscribed,K1,ana@example.org,,,,,,,,
e4,2026-01-02 03:06:05,Marked Email as Spam,,bo@example.org,,,,,,,,
e5,2026-01-02 03:07:05,Bounced Email,K2,,,,,,,,Hard,
e6,2026-01-02 03:08:05,Finished Quiz,K2,,,,,,,,,12.5
e7,some day,Opened Email,K1,,,,,,,,,
e8,2026-01-02 03:08:05,,K1,,,,,,,,,
e9,2026-01-02 03:08:05,Opened Email,,,,,,,,,,
"""  # noqa: E501
MAIL = {"campaign_id": "C1", "campaign_name": "Spring", "subject": "Hello"}


def email(state: str, **more: str) -> Consent:
    return Consent(channel="email", state=state, **more)


def test_profiles_give_traits_and_consent(rows, mapped, without_ids, at):
    traits = {
        "first_name": "Ana",
        "last_name": "Silva",
        "city": "Porto",
        "country": "Portugal",
        "postal_code": "0123",
        "signup_source": "Popup",
        "created_at": "2026-01-02T03:04:05Z",
        "shoe_size": 41,
    }
    assert without_ids(mapped(klaviyo.PROFILES, rows(PROFILES))) == [
        Record(("user:klaviyo/K1", "email:ana@example.org"), traits=traits, consent=(email("granted"),)),
        Record(("user:klaviyo/K2", "email:bo@example.org"), consent=(email("denied"),)),
        Record(("user:klaviyo/K3", "email:cy@example.org")),
        Record(("user:klaviyo/K4",), traits={"email_invalid": True}),
        "no_identity",
        Record(
            ("user:klaviyo/K5", "email:dee@example.org"),
            name="Subscribed",
            at=at("2026-02-01T10:00:00Z"),
            consent=(email("granted"),),
        ),
    ]


@pytest.mark.parametrize(
    ("cells", "name", "consent"),
    [
        ({"Email Marketing Consent": "SUBSCRIBED", "Email Suppressions": "[]"}, "Subscribed", (email("granted"),)),
        (
            {"Email Marketing Consent": "SUBSCRIBED", "Email Suppressions": "['USER_SUPPRESSED']"},
            None,
            (email("denied", method="suppressed"),),
        ),
        ({"Email Marketing Consent": "UNSUBSCRIBED", "Email Suppressions": ""}, "Unsubscribed", (email("denied"),)),
    ],
)
def test_consent_export_dates_consent_and_obeys_suppression(mapped, without_ids, at, cells, name, consent):
    row = {"Email": "ana@example.org", "Email Marketing Consent Timestamp": "2026-03-01 10:00:00", **cells}
    when = at("2026-03-01T10:00:00Z") if name else None
    wanted = Record(("email:ana@example.org",), name=name, at=when, consent=consent)
    assert without_ids(mapped(klaviyo.PROFILES, [row])) == [wanted]


def test_events_are_named_and_machines_marked(rows, mapped, at):
    ana = ("user:klaviyo/K1", "email:ana@example.org")
    link = {"link_url": "https://shop.example.org/a", "user_agent": "Mozilla/5.0 (X11; Linux)"}
    assert mapped(klaviyo.EVENTS, rows(EVENTS)) == [
        Record(
            ana,
            "Email Opened",
            at("2026-01-02T03:04:05Z"),
            "e1",
            {**MAIL, "user_agent": "Mozilla/5.0", "ip": "10.0.0.1", "machine": True},
        ),
        Record(ana, "Email Link Clicked", at("2026-01-02T03:05:05Z"), "e2", {**MAIL, **link}),
        Record(ana, "Unsubscribed", at("2026-01-02T03:05:05Z"), "e3", consent=(email("denied"),)),
        Record(
            ("email:bo@example.org",),
            "Email Marked as Spam",
            at("2026-01-02T03:06:05Z"),
            "e4",
            consent=(email("denied", method="spam_complaint"),),
        ),
        Record(("user:klaviyo/K2",), "Email Bounced", at("2026-01-02T03:07:05Z"), "e5", {"bounce_type": "Hard"}),
        Record(("user:klaviyo/K2",), "Finished Quiz", at("2026-01-02T03:08:05Z"), "e6", {"discount": 12.5}),
        "bad_time",
        "no_event_name",
        "no_identity",
    ]


def test_the_campaign_report_names_no_people(mapped):
    assert mapped(klaviyo.CAMPAIGNS, [{"Campaign Name": "Spring"}]) == ["reference_table"]


def test_consent_to_text_messages_has_its_own_time(mapped, at):
    row = {
        "Email": "ana@example.org",
        "SMS Marketing Consent": "SUBSCRIBED",
        "SMS Marketing Consent Timestamp": "2026-03-01 10:00:00",
    }
    (record,) = mapped(klaviyo.PROFILES, [row])
    sms = (Consent(channel="sms", state="granted"),)
    assert record == Record(("email:ana@example.org",), at=at("2026-03-01T10:00:00Z"), consent=sms)
