"""Counts, members and explanations over what was imported: exact, as of any instant, the same by both readings."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.ids import key_id, subscriber_text
from shoal.core.time import parse_instant
from shoal.flow import asking, auditing, people
from shoal.flow.importing import import_paths
from shoal.segments.json_form import from_data
from shoal.workspace import Workspace

NOW = parse_instant("2026-02-01")
SENTENCES = (
    'did "Order Completed"',
    'not did "Order Completed"',
    'did "Product Viewed" at least 3 times in the last 30 days and plan is "trial"',
    'did "Product Viewed" where price > 3 and not did "Order Completed" where total > 10',
    'any of (plan is "paid", did "Order Completed" in the last 14 days)',
    'in segment "repeat-buyers"',
    'did "Product Viewed" in the last 2 days including anonymous',
    'email ends with "7@example.org"',
)


@pytest.fixture
def filled(sqlite, write, shop, call):
    rows = [
        *shop,
        call(900, "u3", "2026-01-25T00:00:00Z", plan="paid"),
        {"type": "track", "event": "Product Viewed", "anonymousId": "x", "messageId": "901", "timestamp": "2026-01-31"},
    ]
    import_paths(sqlite, [write("events.jsonl", rows)])
    return sqlite


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("moment", ["2025-12-31", "2026-01-03T12:00:00Z", "2026-01-20T07:59:59.999Z", "2026-02-01"])
def test_both_readings_and_the_count_agree(filled, sentence, moment):
    at = parse_instant(moment)
    by_sql = asking.members(filled, sentence, at)
    assert by_sql == asking.members(filled, sentence, at, "oracle")
    counts = asking.count(filled, sentence, at).counts
    assert counts.members == by_sql.num_rows <= counts.eligible
    for row in by_sql.to_pylist()[:2]:
        assert asking.explain_one(filled, row["subscriber"], sentence, at).holds


def test_a_count_is_of_what_was_true_then(filled):
    bought, paid = 'did "Order Completed"', 'plan is "paid"'
    assert [asking.count(filled, bought, parse_instant(at)).counts.members for at in ("2026-01-20", "2026-01-21")] == [
        0,
        10,
    ]
    assert asking.count(filled, paid, parse_instant("2026-01-24")).counts.members == 15
    assert asking.count(filled, paid, NOW).counts.members == 16  # u3 changed on the 25th


def test_an_instant_belongs_to_its_past(filled):
    at = parse_instant("2026-01-20T08:00:00Z")
    assert asking.count(filled, 'did "Order Completed"', at).counts.members == 10
    assert asking.count(filled, 'did "Order Completed"', at - 1).counts.members == 0


def test_members_are_named_and_ordered(filled):
    found = asking.members(filled, 'did "Order Completed"', NOW)
    assert found.column_names == ["subscriber", "user_id", "email", "email_consent"]
    assert [str(kind) for kind in found.schema.types] == ["string"] * 4
    rows = found.to_pylist()
    assert [row["subscriber"] for row in rows] == sorted(row["subscriber"] for row in rows)
    assert {(row["user_id"], row["email"]) for row in rows} == {(f"u{n}", f"p{n}@example.org") for n in range(0, 30, 3)}
    assert all(row["subscriber"] == subscriber_text(key_id(f"user:{row['user_id']}")) for row in rows)


def test_members_without_a_name(filled):
    found = asking.members(filled, 'did "Product Viewed" in the last 2 days including anonymous', NOW).to_pylist()
    assert [(row["user_id"], row["email"]) for row in found] == [(None, None)]


def test_the_address_that_was_seen_first_and_the_own_id_name_a_member(sqlite, write, call):
    rows = [
        call(1, "u1", "2026-01-02", email="second@example.org"),
        call(2, "u1", "2026-01-01", email="first@example.org"),
        call(3, "u1", "2026-01-03", "Page Viewed"),
    ]
    import_paths(sqlite, [write("events.jsonl", rows)])
    (row,) = asking.members(sqlite, 'did "Page Viewed"', NOW).to_pylist()
    assert (row["user_id"], row["email"]) == ("u1", "first@example.org")


def test_one_definition_in_every_form(filled):
    node = from_data({"did": "Order Completed"})
    assert asking.count(filled, node, NOW).counts == asking.count(filled, 'did "Order Completed"', NOW).counts
    with pytest.raises(UserError) as error:
        asking.count(filled, from_data({"did": "Order Complted"}), NOW)
    assert error.value.fix == "Did you mean 'Order Completed'?"


def test_people_are_found_by_all_that_names_them(filled):
    subscriber = subscriber_text(key_id("user:u7"))
    for name in ("u7", "P7@Example.org", "user:u7", subscriber):
        assert asking.find(filled, name) == key_id("user:u7")
    found = people.profile(filled, "u7", NOW)
    assert found.traits["plan"].value == "trial"
    assert found.events == len(found.recent) == 3


def test_a_workspace_without_any_import_answers(opened):
    """Nothing is known, so names are refused, and the questions that need none get their nought."""
    answer = asking.count(opened, 'consent to email marketing is "granted"', NOW).counts
    assert (answer.members, answer.eligible) == (0, 0)
    assert asking.members(opened, 'not consent to email marketing is "granted"', NOW).num_rows == 0
    with pytest.raises(UserError) as error:
        asking.count(opened, 'did "Order Completed"', NOW)
    assert (error.value.code, error.value.fix) == ("unknown_event", "No event is known yet: import data first.")
    assert auditing.run_audit(opened, NOW).score is None
    workspace = Workspace(opened)
    assert workspace.analyse(NOW).segments == ()
    assert workspace.propose_duplicates().open == 0


def test_the_first_instant_of_all_is_not_now(filled):
    assert asking.count(filled, 'did "Order Completed"').counts.members > 0
    assert asking.count(filled, 'did "Order Completed"', parse_instant("1970-01-01")).counts.members == 0
