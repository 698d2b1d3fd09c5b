"""The commands as a user types them."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

BOUGHT = 'did "Order Completed"'
NOW = "2026-02-01"


def command(folder, *words):
    given = [sys.executable, "-m", "shoal", *words]
    return subprocess.run(given, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_a_first_session(made, tmp_path):
    """In processes of their own, with the default workspace."""
    assert command(tmp_path, "init").returncode == 0
    imported = command(tmp_path, "import", str(made / "events.jsonl"))
    assert imported.returncode == 0
    assert "events.jsonl" in imported.stdout
    counted = command(tmp_path, "count", BOUGHT, "--as-of", NOW)
    assert counted.returncode == 0
    assert counted.stdout.startswith("2 of 3 people (66.7%) on 2026-02-01T00:00:00Z")
    wrong = command(tmp_path, "--json", "count", 'did "Order Complted"')
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert json.loads(wrong.stderr)["error"]["code"] == "unknown_event"
    assert (tmp_path / ".shoal" / "shoal.db").is_file()


def test_output_that_nobody_reads_to_its_end_is_no_error(shop):
    given = f"{sys.executable} -m shoal --home home members '{BOUGHT}' | true"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", given], cwd=shop, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0
    assert re.fullmatch("Warning: 2 of 2 may not be sent .*\n", ended.stderr)


def test_init_makes_a_workspace_once(shoal, tmp_path):
    assert shoal("init").status == 0
    (tmp_path / "home" / "settings.yaml").write_text("zone: Europe/Paris\n")
    again = shoal("init")
    assert again.status == 0
    assert "already" in again.out
    assert (tmp_path / "home" / "settings.yaml").read_text() == "zone: Europe/Paris\n"
    assert shoal("init", as_json=True).document == {"home": "home", "created": False}


def test_import_tells_what_became_of_every_row(shoal, shop):
    told = shoal("import", "events.jsonl", home="new")
    assert told.status == 2  # no workspace yet
    shoal("init", home="new")
    told = shoal("import", "events.jsonl", home="new")
    assert told.status == 0
    assert "events.jsonl  segment" in told.out
    assert "rejects" in told.out
    assert "secret" not in told.out
    again = shoal("import", "events.jsonl", home="new", as_json=True).document["files"]
    assert again[0]["again"] is True
    assert again[0]["rows"] == {"read": 9, "stored": 8, "skipped": 0, "rejected": 1}
    assert sum(again[0]["reasons"].values()) == 1


def test_an_account_is_kept_apart(shoal, shop):
    shoal("init", home="new")
    (file,) = shoal("import", "events.jsonl", "--account", "eu", home="new", as_json=True).document["files"]
    assert file["source"] == "segment@eu"
    assert "segment@us" in shoal("import", "--dry-run", "events.jsonl", "--account", "us", home="new").out
    refused = shoal("import", "events.jsonl", "--account", "e u", home="new")
    assert (refused.status, "--account eu" in refused.err) == (2, True)


def test_a_dry_run_imports_nothing(shoal, shop):
    (shop / "till.csv").write_text("when,e-mail,amount\n2026-01-01,a@example.org,5\n")
    before = shoal("count", BOUGHT, "--as-of", NOW, as_json=True).document
    told = shoal("import", "--dry-run", "till.csv")
    assert told.status == 0
    assert "source:" in told.out
    assert shoal("count", BOUGHT, "--as-of", NOW, as_json=True).document == before


ORDERS = """Kundennr;E-Mail;Bestelldatum;Betrag;Bestell-Nr;Newsletter;:tent: "x"
1;anna@example.org;03.04.2026 10:00;1.234,50 €;A1;ja;"two
lines"
2;max@example.org;13.04.2026;12,5;A2;nein;
"""


def test_what_a_dry_run_prints_is_a_mapping_to_import_with(shoal, tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    proposed = shoal("import", "--dry-run", "orders.csv")
    assert (proposed.status, proposed.err) == (0, "")
    assert not (tmp_path / "home").exists()
    assert "# With it the first rows would become:" in proposed.out
    assert "'nein' is denied" in proposed.out
    (tmp_path / "map.yaml").write_text(proposed.out)
    shoal("init")
    (file,) = shoal("import", "orders.csv", "--map", "map.yaml", as_json=True).document["files"]
    assert file["rows"] == {"read": 2, "stored": 2, "skipped": 0, "rejected": 0}
    assert shoal("count", f"{BOUGHT} where total > 1000", as_json=True).document["count"] == 1
    assert shoal("count", 'consent to email marketing is "denied"', as_json=True).document["count"] == 1


def test_a_dry_run_of_two_files_is_no_mapping(shoal, tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("Email,City\na@example.org,Bonn\n")
    (tmp_path / "map.yaml").write_text(shoal("import", "--dry-run", "a.csv", "b.csv").out)
    refused = shoal("import", "--dry-run", "a.csv", "--map", "map.yaml")
    assert (refused.status, "mapping" in refused.err) == (2, True)


def test_a_dry_run_with_a_mapping_tells_of_consent_that_is_a_trait(shoal, tmp_path):
    (tmp_path / "a.csv").write_text("Email,Unsubscribed\na@example.org,yes\n")
    (tmp_path / "map.yaml").write_text("source: a\nkeys: {email: Email}\ntraits: {unsubscribed: Unsubscribed}\n")
    assert "no consent" in shoal("import", "--dry-run", "a.csv", "--map", "map.yaml").out


def test_an_import_needs_a_workspace_and_says_how_to_make_one(shoal, tmp_path):
    (tmp_path / "a.csv").write_text("Email,City\na@example.org,Bonn\n")
    told = shoal("import", "a.csv")
    assert (told.status, "shoal init" in told.err) == (2, True)


def test_sources_are_listed(shoal):
    assert "shopify_orders" in shoal("sources").out
    names = [each["name"] for each in shoal("sources", as_json=True).document]
    assert {"segment", "shopify_orders", "klaviyo_events"} <= set(names)


def test_count_says_how_many_and_why(shoal, shop):
    told = shoal("count", f'{BOUGHT} where total > 60 and plan is "paid"', "--as-of", NOW)
    assert told.status == 0
    assert told.out.startswith("1 of 3 people")
    assert 'did "Order Completed" where total is more than 60' in told.out
    found = shoal("count", BOUGHT, "--as-of", "2026-01-04", as_json=True).document
    assert (found["count"], found["of"], found["as_of"]) == (1, 3, "2026-01-04T00:00:00Z")
    assert found["conditions"] == [{"place": "", "sentence": BOUGHT, "own": 1, "kept": None}]


@pytest.mark.parametrize("text", ['{"did": "Order Completed"}', 'name: mine\nwhen: did "Order Completed"\n'])
def test_a_definition_may_be_a_file(shoal, shop, text):
    name = "mine.json" if text.startswith("{") else "mine.yaml"
    (shop / name).write_text(text)
    assert shoal("count", f"@{name}", "--as-of", NOW, as_json=True).document["count"] == 2


def test_segments_of_the_workspace_stand_beside_the_starters(shoal, shop):
    (shop / "home" / "segments").mkdir(exist_ok=True)
    (shop / "home" / "segments" / "a.yaml").write_text(f"name: buyers\nwhen: {BOUGHT}\n")
    (shop / "home" / "segments" / "b.yaml").write_text('name: more\nwhen: in segment "buyers" and in segment "mine"\n')
    (shop / "home" / "segments" / "c.yaml").write_text('name: mine\nwhen: not in segment "repeat-buyers"\n')
    listed = {each["name"]: each["when"] for each in shoal("segments", as_json=True).document}
    assert {"buyers", "more", "at-risk-customers"} <= set(listed)
    same = f'{BOUGHT} and not in segment "repeat-buyers"'
    count = shoal("count", same, "--as-of", NOW, as_json=True).document["count"]
    assert shoal("count", "more", "--as-of", NOW, as_json=True).document["count"] == count
    assert "buyers" in shoal("segments").out


def test_members_in_every_format(shoal, shop):
    lines = shoal("members", BOUGHT, "--as-of", NOW).out.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["email"] for row in sorted(rows, key=lambda row: row["user_id"])] == [
        "ana@example.org",
        "=cmd@example.org",
    ]
    assert rows == sorted(rows, key=lambda row: row["subscriber"])
    assert shoal("members", BOUGHT, "--as-of", NOW, as_json=True).document == rows
    listed = list(csv.DictReader(io.StringIO(shoal("members", BOUGHT, "--as-of", NOW, "--format", "csv").out)))
    assert {row["email"] for row in listed} == {"ana@example.org", "'=cmd@example.org"}  # no formula for a spreadsheet
    for form, name in (("csv", "m.csv"), ("jsonl", "m.jsonl"), ("parquet", "m.parquet")):
        told = shoal("members", BOUGHT, "--as-of", NOW, "--format", form, "--out", name)
        assert (told.status, told.out) == (0, "")
    assert pq.read_table(shop / "m.parquet").to_pylist() == rows
    assert [json.loads(line) for line in (shop / "m.jsonl").read_text().splitlines()] == rows
    assert len((shop / "m.csv").read_text().splitlines()) == 3
    assert shoal("members", BOUGHT, "--as-of", NOW, "--reading", "oracle", as_json=True).document == rows


def test_members_who_may_not_be_mailed_are_told_and_left_out_on_request(shoal, shop):
    told = shoal("members", BOUGHT, "--as-of", NOW)
    assert "2 of 2 may not be sent marketing mail" in told.err
    only = shoal("members", BOUGHT, "--as-of", NOW, "--mailable")
    assert (only.out, only.err) == ("", "")


def test_explain_says_why_and_why_not(shoal, shop):
    told = shoal("explain", "ana@example.org", f"{BOUGHT} at least 2 times", "--as-of", NOW)
    assert told.status == 0
    assert told.out.startswith("yes")
    assert told.out.count("2026-01-0") >= 2
    found = shoal("explain", "u2", BOUGHT, "--as-of", NOW, as_json=True).document
    assert (found["holds"], found["value"]) == (False, "0")


def test_one_subscriber(shoal, shop):
    found = shoal("subscribers", "show", "ANA@example.org", "--as-of", NOW, as_json=True).document
    assert found["traits"]["plan"]["value"] == "paid"
    assert {each["key"] for each in found["identities"]} == {"user:u1", "email:ana@example.org"}
    assert found["events"] == 2
    assert shoal("subscribers", "show", found["subscriber"], "--as-of", NOW, as_json=True).document == found
    assert "ana@example.org" in shoal("subscribers", "show", "u1").out


def test_merging_and_taking_it_back(shoal, shop):
    before = shoal("count", BOUGHT, "--as-of", NOW, as_json=True).document
    merged = shoal("duplicates", "merge", "u1", "u3", as_json=True)
    assert merged.status == 0
    assert shoal("count", BOUGHT, "--as-of", NOW, as_json=True).document["count"] == 1
    undone = shoal("duplicates", "unmerge", merged.document["decision"])
    assert undone.status == 0
    assert shoal("count", BOUGHT, "--as-of", NOW, as_json=True).document == before
    assert shoal("duplicates", as_json=True).document == {"open": 0, "pairs": []}


def test_splitting_what_keys_had_joined(shoal, shop):
    before = shoal("subscribers", "show", "u1", "--as-of", NOW, as_json=True).document
    split = shoal("duplicates", "split", "u1", "--from", "ana@example.org", as_json=True)
    assert split.status == 0
    parted = [shoal("subscribers", "show", who, as_json=True).document for who in ("u1", "ana@example.org")]
    assert parted[0]["subscriber"] != parted[1]["subscriber"]
    assert shoal("duplicates", "unmerge", split.document["decision"]).status == 0
    assert shoal("subscribers", "show", "u1", "--as-of", NOW, as_json=True).document == before
    assert shoal("duplicates", "split", "u1", "--from", "nobody@example.org").status == 2


def test_audit(shoal, shop):
    told = shoal("audit", "--html", "audit.html")
    assert told.status == 0
    assert "segment" in told.out
    page = (shop / "audit.html").read_text()
    assert page.lower().startswith("<!doctype html>")
    assert "secret" not in page
    assert isinstance(shoal("audit", as_json=True).document, dict)


def test_the_next_step_is_about_an_event_that_is_there(shoal, shop):
    told = shoal("analyse", "events.jsonl", home="fresh").out
    assert """count 'did "Order Completed" at least 2 times in the last 90 days'""" in told
    odd = r"""Lid's \"Closing\" """.strip()
    lines = (shop / "events.jsonl").read_text().replace("Order Completed", odd).splitlines()
    (shop / "other.jsonl").write_text("\n".join(lines))
    told = shoal("analyse", "other.jsonl", home="other").out
    (step,) = [line for line in told.splitlines() if " count " in line]
    words = shlex.split(step)[3:]
    assert "Lid's" in words[1]
    assert shoal(*words, home="other").status == 0
    (shop / "people.jsonl").write_text("\n".join(lines[:3]))
    told = shoal("analyse", "people.jsonl", home="people")
    assert told.status == 0
    assert " count " not in told.out


def test_the_whole_job(shoal, shop):
    told = shoal("analyse", "events.jsonl", "--report", "r.html", home="fresh", as_json=True)
    assert told.status == 0
    found = told.document
    assert (found["files"], found["rows"], found["report"]) == (1, 9, "r.html")
    assert (shop / "r.html").read_text().lower().startswith("<!doctype html>")
    second = shoal("analyse", "events.jsonl", "--report", "r.html", home="fresh")
    assert second.status == 0
    assert "imported before" in second.out


@pytest.mark.parametrize("words", [("--help",), ("import", "--help"), ("members", "--help"), ("duplicates", "--help")])
def test_help(shoal, words):
    told = shoal(*words)
    assert told.status == 0
    assert "Usage:" in told.out


@pytest.mark.parametrize("words", [("nonsense",), ("import",), ("count",), ("members", BOUGHT, "--format", "xml")])
def test_wrong_use(shoal, words):
    told = shoal(*words)
    assert (told.status, told.out) == (2, "")
    assert "Usage:" in told.err
