"""The audit of the invented shop: the catalogue, the figures, the findings, the score."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from shoal.core.time import Instant
from shoal.measurement.audit import Audit, DuplicateFigures, Facts, ImportedFile, as_data, audit
from shoal.measurement.audit.checks import CHECKS
from shoal.measurement.audit.checks.check import Check
from shoal.measurement.audit.terminal import render
from shoal.segments import parse, sql

DOCS = Path(__file__).resolve().parents[2] / "docs/concepts/audit.md"
NAMES = """
rejected_rows repeated_rows no_own_time impossible_time stray_dates unidentified_events missing_traits
missing_properties email_format phone_format country_code country_forms unreadable_dates future_dates
birthday_plausible age_plausible mixed_types negative_amounts order_outliers repeated_orders orders_of_strangers
refunds_without_order clicks_without_delivery opens_without_delivery sources_disagree likely_duplicates shared_keys
shared_addresses late_arrival stale_sync missing_days machine_opens machine_clicks consent_unknown mail_after_refusal"""
MINUTE = 60_000
FACTS = Facts(
    imports=(
        ImportedFile("crm", "contacts.csv", 420, 12, 3, 400, 5, {"no_identity": 12, "blank": 3}, (), Instant(0)),
        ImportedFile("surveys", "empty.csv", 0, 0, 0, 0, 0, {}, (), Instant(0)),
    ),
    duplicates=DuplicateFigures(12, 9, {"same name and address": 9}, {"device": 2}),
)


@pytest.fixture(scope="module")
def found(shop_duck: duckdb.DuckDBPyConnection, now: Instant) -> Audit:
    return audit(shop_duck, now, FACTS)


def test_no_check_slips_out() -> None:
    assert [check.name for check in CHECKS] == NAMES.split()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_each_check_is_documented_with_its_weight(check: Check) -> None:
    row = f"| `{check.name}` | {check.question} | {check.unit} | {check.weight:g} | {check.full * 100:g} % |"
    assert row in DOCS.read_text()


def test_inventory_counts_exactly(found: Audit, shop_duck: duckdb.DuckDBPyConnection) -> None:
    by_name = {source.name: source for source in found.sources}
    assert set(by_name) == {"crm", "mail", "shop_orders", "web", "surveys"}
    for name, events in shop_duck.execute("SELECT source, count(*) FROM events GROUP BY source").fetchall():
        assert by_name[name].events == events == sum(count for _, count in by_name[name].daily)
    traits, people = shop_duck.execute(
        "SELECT count(*), count(DISTINCT subscriber) FROM traits WHERE source = 'crm'"
    ).fetchall()[0]
    assert (by_name["crm"].statements, by_name["crm"].people, by_name["crm"].events) == (traits, people, 0)
    assert by_name["surveys"].records == 0
    assert (found.people, found.identified) == (450, 400)


def test_the_worst_source_has_the_lowest_score_and_reasons_add_up(found: Audit) -> None:
    assert found.worst_sources == (found.sources[0].name,)
    assert [source.score for source in found.sources] == sorted(source.score for source in found.sources)
    for source in found.sources:
        assert source.score == pytest.approx(max(0, 100 - sum(loss.points for loss in source.losses)))
        assert len({loss.check for loss in source.losses}) == len(source.losses)


def test_consent_is_counted_as_segments_see_it(empty_shop: Any, now: Instant) -> None:
    empty_shop.people |= dict.fromkeys((1, 2, 3), ("email",))
    for who, source in ((1, "mail"), (2, "crm"), (3, "mail")):
        empty_shop.consents.append((who, "email", "denied", now - 9 * MINUTE, "mail"))
        empty_shop.consents.append((who, "email", "granted", now - 5 * MINUTE, source))
    empty_shop.undated |= {1, 2, 3}  # the first refusal is dated; the others are undated, and one takes its own back
    empty_shop.undated |= {4, 5}
    duck = empty_shop.load()
    (share,) = audit(duck, now).consent
    assert (share.granted, share.denied) == (1, 2)
    for state, count in (("granted", 1), ("denied", 2)):
        assert sql.count(duck, parse(f'consent to email marketing is "{state}"'), now) == count


def test_planted_flaws_are_found(found: Audit) -> None:
    seen = {(finding.check, finding.sources) for finding in found.findings}
    planted = {
        ("stale_sync", ("shop_orders",)),
        ("missing_days", ("web",)),
        ("mail_after_refusal", ("mail",)),
        ("negative_amounts", ("web",)),
        ("repeated_orders", ("shop_orders",)),
        ("machine_clicks", ("mail",)),
        ("country_code", ("crm",)),
        ("sources_disagree", ("crm", "shop_orders")),
        ("rejected_rows", ("crm",)),
        ("likely_duplicates", ()),
    }
    assert planted <= seen


def test_findings_stay_in_bounds(found: Audit) -> None:
    weights = {check.name: check.weight for check in CHECKS}
    for finding in found.findings:
        assert 0 <= finding.points <= weights[finding.check]
        assert finding.affected > 0
        assert 0 < finding.share <= 1
        assert finding.sentence.endswith(".")
        assert finding.fix.endswith(".")


def test_nothing_is_left_in_the_connection(found: Audit, shop_duck: duckdb.DuckDBPyConnection) -> None:
    left = shop_duck.execute(
        "SELECT table_name FROM information_schema.tables WHERE starts_with(table_name, 'audit_')"
    ).fetchall()
    assert left == []


def test_data_form_is_json_and_keeps_the_figures(found: Audit) -> None:
    told = json.loads(json.dumps(as_data(found)))
    assert told["as_of"] == "2026-05-01T00:00:00Z"
    assert tuple(told["worst_sources"]) == found.worst_sources
    assert told["findings"][0]["share"] == pytest.approx(found.findings[0].share, abs=1e-4)
    assert len(told["sources"]) == len(found.sources)


@pytest.mark.parametrize("width", [60, 140])
def test_terminal_names_the_worst_source_and_its_reason(found: Audit, width: int) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    render(found, console)
    text = console.export_text()
    assert f"Worst source: {found.worst_sources[0]}" in text
    assert "Findings" in text


def test_an_empty_list_gives_an_empty_audit(empty_shop: Any, now: Instant) -> None:
    nothing = audit(empty_shop.load(), now)
    assert nothing.sources == ()
    assert nothing.score is None
    assert nothing.worst_sources == ()
    console = Console(record=True, file=io.StringIO())
    render(nothing, console)
    assert "import files first" in console.export_text()


def test_what_comes_after_the_instant_is_not_seen(shop_duck: duckdb.DuckDBPyConnection, now: Instant) -> None:
    past = audit(shop_duck, Instant(now - 40 * 86_400_000))
    assert past.newest is not None
    assert past.newest <= now - 40 * 86_400_000
    assert past.events < audit(shop_duck, now).events


def test_it_is_quick(shop_duck: duckdb.DuckDBPyConnection, now: Instant) -> None:
    began = time.perf_counter()
    audit(shop_duck, now)
    assert time.perf_counter() - began < 5
