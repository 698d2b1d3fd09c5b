"""Two files that state a fact of the same instant: whichever is imported first, the same is true."""

from __future__ import annotations

import itertools

import pytest

from homes import create
from shoal.core.time import now
from shoal.flow.asking import members
from shoal.flow.home import open_home
from shoal.flow.importing import import_paths
from shoal.flow.people import profile
from shoal.ingest.mapping import mapping_from

FILES = {
    "crm": ["when,mail,plan,news", "2026-01-02T09:00:00Z,a@example.org,paid,yes"],
    "till": ["when,mail,plan,news", "2026-01-02T09:00:00Z,a@example.org,trial,no"],
    "form": ["when,mail,plan,news", "2026-01-02T09:00:00Z,a@example.org,free,yes"],
}
SHOWN = ["mail,news", "a@example.org,yes"]


def _said(folder, write, order):
    create(folder)
    opened = open_home(folder)
    for source in order:
        mapping = {"source": source, "keys": {"email": "mail"}, "consent": [{"column": "news", "channel": "email"}]}
        dated = {**mapping, "at": "when", "traits": {"plan": "plan"}}
        shown = SHOWN if source == "export" else FILES[source]
        how = mapping_from(mapping if source == "export" else dated)
        import_paths(opened, [write(f"{folder.name}/{source}.csv", shown)], source=how)
    found = profile(opened, "a@example.org", now())
    reached = members(opened, "can receive email marketing", now()).num_rows
    by_plan = members(opened, f'plan is "{found.traits["plan"].value}"', now()).num_rows
    opened.database.close()
    consent = found.consents["email", "marketing"]
    return found.traits["plan"].value, consent.state, consent.source, reached, by_plan


def test_the_order_of_imports_changes_no_trait_and_no_consent(tmp_path, write):
    orders = list(itertools.permutations([*FILES, "export"]))[::5]
    told = {_said(tmp_path / f"w{number}", write, order) for number, order in enumerate(orders)}
    assert len(told) == 1
    ((_, state, source, reached, by_plan),) = told
    assert (state, source, reached, by_plan) == ("denied", "till", 0, 1)


@pytest.mark.parametrize("order", [("crm", "form"), ("form", "crm")])
def test_the_sql_reading_sees_the_trait_that_the_profile_shows(tmp_path, write, order):
    assert _said(tmp_path / "w", write, order)[-1] == 1
