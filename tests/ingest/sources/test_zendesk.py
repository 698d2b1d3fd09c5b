from shoal.ingest.canonical import Record
from shoal.ingest.sources import zendesk

TICKETS = """
Id,Requester,Requester email,Subject,Status,Priority,Created at,Updated at,Solved at,Satisfaction Score,Tags,Channel
7,Ana Silva,ana@example.org,Late parcel,Solved,High,2026-01-02 09:00,2026-01-03 10:00,2026-01-03 10:00,Good,delivery late_parcel,Email
8,Bo,bo@example.org,Question,Open,,2026-01-04 09:00,,,,,Web
9,Cy,,Question,Open,,2026-01-04 09:00,,,,,Web
10,Dee,dee@example.org,Question,Open,,whenever,,,,,Web
"""  # noqa: E501


def test_tickets_are_created_and_solved(rows, mapped, at):
    created, solved, facts, opened, about_bo, nobody, timeless = mapped(zendesk.SOURCE, rows(TICKETS))
    properties = {
        "ticket_id": "7",
        "subject": "Late parcel",
        "status": "Solved",
        "priority": "High",
        "channel": "Email",
        "satisfaction": "Good",
        "tags": ["delivery", "late_parcel"],
    }
    keys = ("email:ana@example.org",)
    asked, when = at("2026-01-02T09:00:00Z"), at("2026-01-03T10:00:00Z")
    assert created == Record(keys, "Ticket Created", asked, "7:created", properties, version=when)
    assert solved == Record(keys, "Ticket Solved", when, "7:solved", properties, version=when)
    assert (facts.name, facts.at, facts.traits, about_bo.traits) == (None, asked, {"name": "Ana Silva"}, {"name": "Bo"})
    assert (opened.name, nobody, timeless) == ("Ticket Created", "no_identity", "bad_time")
