"""The files are what the tools would write, and say only what is true of somebody."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

from shoal.shop import Shop, rates, simulate, write_exports, write_truth
from shoal.shop.exports.email_platform import EVENT_HEADER, PROFILE_HEADER
from shoal.shop.exports.people_tools import ANSWER_HEADER, CONTACT_HEADER, TICKET_HEADER
from shoal.shop.exports.segment_wire import BROKEN_LINES, CLOCKS_AHEAD
from shoal.shop.exports.shopify import HEADER
from shoal.shop.mail import READ

FILES = {
    "crm_contacts.csv",
    "email_events.csv",
    "email_profiles.csv",
    "shopify_orders.csv",
    "sms_and_ads.jsonl",
    "survey_answers.csv",
    "tickets.csv",
    "web_events.jsonl",
}


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def number(tables: duckdb.DuckDBPyConnection, query: str) -> int:
    row = tables.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        shop = simulate(400, 60, seed)
        assert {file.name for file in write_exports(shop, tmp_path / name)} == FILES
        write_truth(shop, tmp_path / name / "truth.parquet")
        found.append(digests(tmp_path / name))
    assert found[0] == found[1]
    assert not set(found[0].values()) & set(found[2].values())


def test_a_shop_of_one_writes_all_files(tmp_path: Path) -> None:
    assert {file.name for file in write_exports(simulate(1, 14), tmp_path)} == FILES


@pytest.mark.parametrize(
    ("name", "header", "extra"),
    [
        ("shopify_orders", HEADER, ()),
        ("klaviyo_profiles_consent", PROFILE_HEADER, ("Klaviyo ID",)),
        ("hubspot_contacts", CONTACT_HEADER, ("Lead Score", "Last Modified Date")),
    ],
)
def test_headers_are_those_of_the_tools(
    shared_data: Path, name: str, header: tuple[str, ...], extra: tuple[str, ...]
) -> None:
    real = (shared_data / "payloads" / "export_headers" / f"{name}.csv").read_text().strip().split(",")
    assert header == (*real, *extra)


def test_files_begin_with_their_header(folder: Path) -> None:
    headers = {
        "email_events.csv": EVENT_HEADER,
        "email_profiles.csv": PROFILE_HEADER,
        "shopify_orders.csv": HEADER,
        "crm_contacts.csv": CONTACT_HEADER,
        "tickets.csv": TICKET_HEADER,
        "survey_answers.csv": ANSWER_HEADER,
    }
    for name, header in headers.items():
        with (folder / name).open() as lines:
            assert lines.readline().rstrip("\n") == ",".join(header)


def test_every_event_is_written_once(shop: Shop, tables: duckdb.DuckDBPyConnection) -> None:
    assert number(tables, 'SELECT count(DISTINCT "Event ID") FROM email_events') == (shop.mail.kind != READ).sum()
    assert number(tables, 'SELECT count(DISTINCT "Name") FROM shopify_orders') == len(shop.orders)
    assert number(tables, "SELECT count(*) FROM shopify_orders") == len(shop.orders.line_order)
    assert number(
        tables, "SELECT count(DISTINCT row->>'messageId') FROM web_events WHERE (row->>'type') <> 'identify'"
    ) == len(shop.web)
    assert number(tables, "SELECT count(*) FROM sms_and_ads") == len(shop.touches) + (shop.mail.kind == READ).sum()
    assert number(tables, "SELECT count(*) FROM tickets") == len(shop.tickets)
    assert number(tables, "SELECT count(*) FROM survey_answers") == len(shop.answers)


def test_every_person_is_in_the_truth_once(shop: Shop, tables: duckdb.DuckDBPyConnection) -> None:
    assert number(tables, "SELECT count(DISTINCT person) FROM truth") == len(shop.people)
    assert number(tables, "SELECT count(*) FROM truth") == len(shop.people)


def test_no_order_ticket_or_answer_is_an_orphan(tables: duckdb.DuckDBPyConnection) -> None:
    tables.execute("CREATE OR REPLACE TEMP TABLE known AS SELECT unnest(emails) AS email FROM truth")
    for table, column in (
        ("shopify_orders", "Email"),
        ("tickets", "Requester email"),
        ("survey_answers", "Email"),
        ("email_profiles", "Email"),
    ):
        query = f'SELECT count(*) FROM {table} WHERE "{column}" IS NULL OR "{column}" NOT IN (SELECT email FROM known)'
        assert number(tables, query) == 0, table
    assert number(tables, 'SELECT count(*) FROM email_events WHERE "Email" NOT IN (SELECT email FROM known)') == 0
    ids = "SELECT unnest(klaviyo_ids) FROM truth"
    assert number(tables, f'SELECT count(*) FROM email_events WHERE "Profile ID" NOT IN ({ids})') == 0
    users = "SELECT user_id FROM truth"
    assert number(tables, f"SELECT count(*) FROM web_events WHERE (row->>'userId') NOT IN ({users})") == 0
    browsers = "SELECT unnest(anonymous_ids) FROM truth"
    assert number(tables, f"SELECT count(*) FROM web_events WHERE (row->>'anonymousId') NOT IN ({browsers})") == 0


def test_second_identities_belong_to_one_person(tables: duckdb.DuckDBPyConnection) -> None:
    pairs = tables.execute("SELECT duplicate, emails FROM truth").fetchall()
    owners = [email.lower() for _, emails in pairs for email in {email.lower() for email in emails}]
    assert len(owners) == len(set(owners))
    for kind, emails in pairs:
        assert len(emails) == (1 if kind == "none" else 2)
        if kind == "case":
            assert emails[0] != emails[1]
            assert emails[0] == emails[1].lower()
        if kind == "tag":
            assert emails[1] == emails[0].replace("@", "+shop@")
        if kind == "typo":
            assert abs(len(emails[0]) - len(emails[1])) <= 1


def test_second_identities_are_used(tables: duckdb.DuckDBPyConnection) -> None:
    second = "SELECT emails[2] FROM truth WHERE len(emails) = 2"
    for table, column in (("shopify_orders", "Email"), ("crm_contacts", "Email"), ("email_profiles", "Email")):
        assert number(tables, f'SELECT count(*) FROM {table} WHERE "{column}" IN ({second})') > 50, table


def test_addresses_are_of_domains_kept_for_examples(tables: duckdb.DuckDBPyConnection) -> None:
    domains = {row[0].split("@")[1].lower() for row in tables.execute("SELECT unnest(emails) FROM truth").fetchall()}
    for domain in domains:
        assert domain.endswith((".example", "example.com", "example.org", "example.net"))


def test_amounts_of_an_order_agree(tables: duckdb.DuckDBPyConnection) -> None:
    """Lines less discount are the subtotal; subtotal, shipping and taxes are the total; on the first line only."""
    wrong = """
      SELECT count(*) FROM (
        SELECT sum("Lineitem price"::DECIMAL(18, 2) * "Lineitem quantity"::INT) AS lines, count("Total") AS totals,
          max("Subtotal"::DECIMAL(18, 2)) AS subtotal, max("Discount Amount"::DECIMAL(18, 2)) AS discount,
          max("Total"::DECIMAL(18, 2)) AS total,
          max("Subtotal"::DECIMAL(18, 2) + "Shipping"::DECIMAL(18, 2) + "Taxes"::DECIMAL(18, 2)) AS parts
        FROM shopify_orders GROUP BY "Name")
      WHERE lines - discount <> subtotal OR total <> parts OR totals <> 1
    """
    assert number(tables, wrong) == 0
    assert number(tables, 'SELECT count(*) FROM shopify_orders WHERE "Total" IS NULL') > 1_000


def test_the_web_file_has_the_flaws_of_its_kind(shop: Shop, tables: duckdb.DuckDBPyConnection) -> None:
    lines = number(tables, "SELECT count(*) FROM web_events_lines")
    sound = number(tables, "SELECT count(*) FROM web_events")
    assert lines - sound == BROKEN_LINES
    ahead = "SELECT count(DISTINCT row->>'messageId') FROM web_events WHERE (row->>'timestamp') > (row->>'sentAt')"
    assert number(tables, ahead) == CLOCKS_AHEAD
    twice = number(tables, "SELECT count(*) - count(DISTINCT row->>'messageId') FROM web_events")
    expected = len(shop.web) * rates.REPEATED_EVENT
    assert abs(twice - expected) < 3 * expected**0.5


def test_the_crm_is_stale_and_has_slips(shop: Shop, tables: duckdb.DuckDBPyConnection) -> None:
    youngest = tables.execute('SELECT max("Last Modified Date"::TIMESTAMP)::VARCHAR FROM crm_contacts').fetchone()
    assert youngest is not None
    assert youngest[0] < "2026-09-17"
    count = number(tables, "SELECT count(*) FROM crm_contacts")
    for condition, share in (
        ("\"Email\" NOT LIKE '%@%'", rates.BAD_EMAIL),
        ('try_cast("Create Date" AS TIMESTAMP) IS NULL', rates.IMPOSSIBLE_DATE),
        ('"First Name" IS NULL', rates.MISSING_NAME),
        ('"Phone Number" IS NULL', rates.MISSING_PHONE),
    ):
        found = number(tables, f"SELECT count(*) FROM crm_contacts WHERE {condition}")
        assert abs(found - count * share) < 3 * (count * share) ** 0.5, condition


def test_countries_disagree_between_sources(tables: duckdb.DuckDBPyConnection) -> None:
    differs = """
      SELECT count(*) FROM email_profiles JOIN truth ON "Klaviyo ID" = klaviyo_ids[1]
      WHERE email_profiles."Country" <> truth.country
    """
    assert number(tables, differs) > 300


def test_shared_keys_lead_to_two_people(tables: duckdb.DuckDBPyConnection) -> None:
    shared = "SELECT count(*) FROM (SELECT phone FROM truth GROUP BY phone HAVING count(*) = 2)"
    assert number(tables, shared) == number(tables, "SELECT count(shares_phone_with) FROM truth") > 100
    shared = (
        "SELECT count(*) FROM (SELECT unnest(anonymous_ids) AS id, person FROM truth) GROUP BY id HAVING count(*) > 9"
    )
    assert number(tables, shared) >= 10


def test_every_json_line_is_a_call(folder: Path) -> None:
    with (folder / "sms_and_ads.jsonl").open() as lines:
        for line in lines:
            call = json.loads(line)
            assert call["type"] == "track"
            assert {"event", "messageId", "timestamp", "sentAt", "properties"} <= call.keys()
            assert "userId" in call or "anonymousId" in call
