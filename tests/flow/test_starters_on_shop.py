"""The starters on the reference shop: who finds somebody, and what the linter says of them there."""

from __future__ import annotations

import pytest

from shoal.core.time import UNITS_MS, Instant, parse_instant
from shoal.shop import simulate, write_exports
from shoal.workspace import Workspace

UNTIL = parse_instant("2026-11-01T00:00:00Z")
SAID_OF_A_LIST = {"size", "overlap", "how_many", "everybody"}  # they depend on the list's size and habits


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_exports(simulate(1_000, 180, 7, until=UNTIL), folder / "exports")
    workspace = Workspace.create(folder / "home")
    workspace.import_files([folder / "exports"])
    return workspace


def test_the_linter_finds_nothing_that_a_starter_could_do_better(shop):
    found = [each for each in shop.lint(as_of=UNTIL) if each.check not in SAID_OF_A_LIST]
    assert [(each.segment, each.check, each.message) for each in found] == []


def test_the_report_tells_the_three_to_begin_with_and_a_few_of_each_type(shop):
    found = shop.analyse(as_of=Instant(UNTIL - UNITS_MS["h"]))
    full = [each for each in found.segments if each.in_full]
    assert {"high-intent-non-converters", "engaged-not-purchased", "at-risk-customers"} <= {each.name for each in full}
    assert all(each.members and len(each.series) == 8 for each in full)
    assert len(full) <= 10 < len(found.segments)
    page = found.html("Shop")
    assert all(f'id="segment-{each.name}"' in page for each in full)
    assert all(f'href="#segment-{each.name}"' not in page for each in found.segments if not each.in_full)
    assert page.index("Behavioural intent") < page.index("Engagement velocity") < page.index("Predictive lifecycle")
    assert found.not_applicable["customers-likely-to-churn"] == ("churn within 30 days",)
    assert found.not_applicable["downloaders-on-product-pages"] == ("File Downloaded",)
