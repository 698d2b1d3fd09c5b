"""ActiveCampaign and Omnisend: exports of people with a state for each channel."""

import pytest

from shoal.ingest.canonical import Consent, Record
from shoal.ingest.sources import activecampaign, omnisend

ACTIVECAMPAIGN = """
Id,Email,First Name,Last Name,Phone,Date Created,IP Address,Tags,Lists,Status,Score
1,ana@example.org,Ana,Silva,+351912345678,2026-01-02 03:04:05,10.0.0.1,"vip, spring",Main,Active,12
2,bo@example.org,,,,,,,,2,
3,cy@example.org,,,,,,,,Unconfirmed,
4,dee@example.org,,,,,,,,,
,,Eve,,,,,,,,
"""
OMNISEND = """
email,phone,first name,email status,email opt-in date,email opt-out date,sms status,date added,tags,shoe size
ana@example.org,+351912345678,Ana,Subscribed,2026-01-02T03:04:05Z,,Non-subscribed,2026-01-01,vip;spring,41
bo@example.org,,,Unsubscribed,,,Subscribed,,,
cy@example.org,,,Non-subscribed,,,,,,
"""


def email(state: str) -> Consent:
    return Consent(channel="email", state=state)


def test_activecampaign(rows, mapped):
    ana, bo, cy, dee, nobody = mapped(activecampaign.SOURCE, rows(ACTIVECAMPAIGN))
    assert ana == Record(
        ("user:activecampaign/1", "email:ana@example.org", "phone:+351912345678"),
        traits={
            "first_name": "Ana",
            "last_name": "Silva",
            "created_at": "2026-01-02T03:04:05Z",
            "ip": "10.0.0.1",
            "tags": ["vip", "spring"],
            "lists": ["Main"],
            "score": 12,
        },
        consent=(email("granted"),),
    )
    assert [bo.consent, cy.consent, dee.consent] == [(email("denied"),), (email("pending"),), ()]
    assert nobody == "no_identity"


def test_omnisend(rows, mapped, without_ids, at):
    ana, given, bo, cy = without_ids(mapped(omnisend.SOURCE, rows(OMNISEND)))
    assert ana == Record(
        ("email:ana@example.org", "phone:+351912345678"),
        traits={"first_name": "Ana", "created_at": "2026-01-01T00:00:00Z", "tags": ["vip", "spring"], "shoe_size": 41},
    )
    assert given == Record(ana.keys, "Subscribed", at("2026-01-02T03:04:05Z"), consent=(email("granted"),))
    assert bo.consent == (email("denied"), Consent(channel="sms", state="granted"))
    assert cy.consent == ()


def test_omnisends_status_may_refuse_what_a_date_allowed(mapped):
    row = {"Email": "ana@example.org", "Email subscription status": "Unsubscribed", "Email opt-in date": "2026-01-02"}
    facts, given = mapped(omnisend.SOURCE, [{**row, "SMS subscription status": "Non-subscribed"}])
    assert (facts.at, facts.consent) == (None, (email("denied"),))  # no date: it counts from its arrival
    assert given.consent == (email("granted"),)


@pytest.mark.parametrize("spelling", ["emailStatus", "email_status", "Email subscription status"])
def test_omnisend_spells_its_columns_in_several_ways(mapped, spelling):
    (record,) = mapped(omnisend.SOURCE, [{"email": "ana@example.org", spelling: "Unsubscribed"}])
    assert record.consent == (email("denied"),)
