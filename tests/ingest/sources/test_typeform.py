from shoal.ingest.canonical import Record
from shoal.ingest.sources import typeform

ANSWERS = """
#,What is *your* goal?,How many pairs do you own?,First name,What is your email address?,Start Date (UTC),Submit Date (UTC),Network ID
r1,Run a marathon,12,Ana,ana@example.org,2026-01-02 09:00:00,2026-01-02 09:05:00,n1
r2,,,,bo@example.org,2026-01-02 09:00:00,2026-01-02 09:05:00,n2
r3,Walk,1,Cy,,2026-01-02 09:00:00,2026-01-02 09:05:00,n3
"""  # noqa: E501


def test_answers_become_traits_and_one_event(rows, mapped, at):
    ana, facts, bo, nobody = mapped(typeform.SOURCE, rows(ANSWERS))
    assert ana == Record(
        ("email:ana@example.org",),
        "Survey Answered",
        at("2026-01-02T09:05:00Z"),
        "r1",
        {
            "answers": {"What is your goal?": "Run a marathon", "How many pairs do you own?": 12},
            "started_at": "2026-01-02T09:00:00Z",
            "response_id": "r1",
        },
        version=at("2026-01-02T09:05:00Z"),
    )
    assert (facts.name, facts.at) == (None, ana.at)
    assert facts.traits == {
        "first_name": "Ana",
        "answer: What is your goal?": "Run a marathon",
        "answer: How many pairs do you own?": 12,
    }
    assert (bo.name, bo.traits) == ("Survey Answered", {})
    assert nobody == "no_identity"
