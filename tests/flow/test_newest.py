"""Questions as of the newest event, where customers were exported later and without dates."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.time import UNITS_MS, Instant, format_instant, now, parse_instant
from shoal.flow.analysing import analyse
from shoal.flow.importing import import_paths
from shoal.flow.newest import facts_as_of, newest_instant, undated_by
from shoal.flow.reading import open_reading
from shoal.workspace import Workspace

READINGS = ("sql", "live", "oracle")
ORDERED = "2026-01-03T10:00:00Z"
BOUGHT = 'did "Order Completed"'

CUSTOMERS = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,"
    "Tags"
)
KLAVIYO = "Email,Klaviyo ID,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions"
HUBSPOT = "Record ID,Email,Create Date,Unsubscribed from all email,Last Modified Date"


def put(opened, write, name, *lines):
    import_paths(opened, [write(name, lines)])


def customer(who, accepts, country):
    return f"{who},A,B,p{who}@example.org,{accepts},,Street,,City,,{country},10115,,,no,10,1,,no,"


def ordered(opened, write, call, *people, at=ORDERED):
    rows = [call(who, f"u{who}", at, "Order Completed", total=5) for who in people]
    seen = [call(100 + who, f"u{who}", at, email=f"p{who}@example.org") for who in people]
    import_paths(opened, [write("orders.jsonl", [*seen, *rows])])


@pytest.fixture
def shop(sqlite, write, call):
    """Two people who bought in January; an export of today says where they live, and that one takes no mail."""
    ordered(sqlite, write, call, 1, 2)
    put(sqlite, write, "customers.csv", CUSTOMERS, customer(1, "yes", "DE"), customer(2, "no", "FR"))
    return sqlite


def test_the_report_knows_what_an_export_without_dates_says(shop):
    found = analyse(shop)
    assert format_instant(found.as_of) == ORDERED
    assert found.overview.no_country == 0
    assert dict(found.overview.countries) == {"DE": 1, "FR": 1}
    (consent,) = [each for each in found.audit.consent if each.channel == "email"]
    assert (consent.granted, consent.denied) == (1, 1)


def test_numbers_of_the_report_can_be_asked_again(shop):
    workspace = Workspace(shop)
    for asked, expected in (
        ('country_code is "DE"', 1),
        ("can receive email marketing", 1),
        ('consent to email marketing is "denied"', 1),
        (f'{BOUGHT} in the last 1 day and country_code is "FR"', 1),
    ):
        assert workspace.count(asked, as_of="newest") == expected
        found = [workspace.members(asked, as_of="newest", reading=each) for each in READINGS]
        assert [each.num_rows for each in found] == [expected] * 3
        assert found[0] == found[1] == found[2]
        who = found[0]["email"][0].as_py()
        assert workspace.explain(who, asked, as_of="newest").holds
        assert workspace.count(asked, as_of=ORDERED) == 0


def test_the_word_stands_where_an_instant_may(shop):
    with pytest.raises(UserError, match="is not a date or time"):
        Workspace(shop).subscriber("p1@example.org", as_of="newest")


def test_facts_with_dates_are_not_moved(shop, write, call):
    import_paths(shop, [write("plans.jsonl", [call(200, "u1", "2026-02-01T10:00:00Z", plan="paid")])])
    workspace = Workspace(shop)
    assert workspace.count('plan is "paid"', as_of="newest") == 0
    assert workspace.count('plan is "paid"') == 1


def test_what_arrived_later_still_counts_and_no_undated_yes_lifts_a_dated_no(sqlite, write, call):
    ordered(sqlite, write, call, 1, 2)
    put(sqlite, write, "gone.csv", KLAVIYO, "p2@example.org,K2,UNSUBSCRIBED,2026-01-02 10:00:00,")
    for country in ("DE", "IT", "FR"):
        put(sqlite, write, f"{country}.csv", CUSTOMERS, *(customer(who, "yes", country) for who in (1, 2)))
    workspace = Workspace(sqlite)
    assert workspace.count('country_code is "FR"', as_of="newest") == 2
    assert workspace.count("can receive email marketing", as_of="newest") == 1
    assert workspace.count("can receive email marketing") == 1


def test_a_refusal_without_a_date_counts_for_who_may_be_mailed_whatever_the_instant(sqlite, write, call):
    ordered(sqlite, write, call, 1, 2)
    rows = [f"p{who}@example.org,K{who},SUBSCRIBED,2026-01-01 00:00:00," for who in (1, 2)]
    put(sqlite, write, "klaviyo.csv", KLAVIYO, *rows)
    put(sqlite, write, "hubspot.csv", HUBSPOT, "1,p1@example.org,2025-01-01,true,2025-03-01")
    workspace = Workspace(sqlite)
    for as_of in ("newest", ORDERED, None):
        for reading in READINGS:
            told = workspace.members(BOUGHT, as_of=as_of, reading=reading).to_pylist()
            assert {each["email"]: each["email_consent"] for each in told} == {
                "p1@example.org": "denied",
                "p2@example.org": "granted",
            }
        assert workspace.members(BOUGHT, as_of=as_of, mailable=True).num_rows == 1
    for found in (analyse(sqlite), analyse(sqlite, parse_instant(ORDERED))):
        assert found.overview.reachable == 1
        assert max(each.reach.refused for each in found.segments) == 1


def test_a_refusal_that_is_undated_is_not_lifted_by_a_dated_yes_of_before_its_arrival(sqlite, write, call):
    """Where the newest event is older than a dated yes, an undated no is judged at its arrival, not before the yes."""
    ordered(sqlite, write, call, 1)
    put(sqlite, write, "klaviyo.csv", KLAVIYO, "p1@example.org,K1,SUBSCRIBED,2026-02-01 00:00:00,")
    put(sqlite, write, "hubspot.csv", HUBSPOT, "1,p1@example.org,2025-01-01,true,2025-03-01")
    assert analyse(sqlite).overview.reachable == 0
    assert Workspace(sqlite).members(BOUGHT, as_of="newest", mailable=True).num_rows == 0


def test_the_reading_is_as_before_afterwards(shop):
    with open_reading(shop) as duck:
        asked = 'SELECT name, "at", received_at FROM traits ORDER BY ALL', "FROM scans ORDER BY ALL"
        before = [duck.execute(each).fetchall() for each in asked]
        with undated_by(duck, newest_instant(duck)):
            assert [duck.execute(each).fetchall() for each in asked] != before
        assert [duck.execute(each).fetchall() for each in asked] == before


def test_facts_of_the_same_days_need_no_other_date(sqlite, write, call):
    recent = format_instant(Instant((now() - UNITS_MS["d"]) // 1_000 * 1_000))
    ordered(sqlite, write, call, 1, at=recent)
    put(sqlite, write, "customers.csv", CUSTOMERS, customer(1, "yes", "DE"))
    with open_reading(sqlite) as duck, facts_as_of(duck, "newest") as instant:
        assert instant > parse_instant(recent)
        assert duck.execute("SELECT count(*) FROM arrivals").fetchall() == [(0,)]


def test_of_an_empty_workspace_the_newest_is_now(sqlite):
    assert analyse(sqlite).overview.people == 0


def test_the_linter_knows_what_an_export_without_dates_says(shop):
    asked = 'country_code is "FR"'
    assert "spelling" in [one.check for one in Workspace(shop).lint(asked, as_of=ORDERED)]
    assert "spelling" not in [one.check for one in Workspace(shop).lint(asked, as_of="newest")]
