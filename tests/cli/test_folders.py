"""A folder of exports with odd files in it, and warnings of imports that have not ended."""

from __future__ import annotations

import json

import pytest

from shoal.flow import importing

BOUGHT = 'did "Order Completed"'
NOW = "2026-02-01"


@pytest.fixture
def folder(shop):
    """A folder with one sound export."""
    made = shop / "exports"
    made.mkdir()
    (shop / "events.jsonl").rename(made / "events.jsonl")
    return made


def test_files_without_rows_are_named_and_do_no_harm(shoal, folder):
    (folder / "README.txt").write_text("Our exports.\n")
    (folder / "plan [old].pdf").write_bytes(b"%PDF")
    (folder / ".DS_Store").write_bytes(b"\0")
    told = shoal("import", "exports")
    assert told.status == 0
    assert "README.txt" in told.out
    assert "plan [old].pdf" in told.out
    assert "DS_Store" not in told.out
    assert "not imported" not in told.out


def test_files_that_may_hold_rows_are_listed_and_the_status_says_so(shoal, folder):
    (folder / "colours.csv").write_text("colour,shape\nred,round\n")
    (folder / "empty.csv").write_text("")
    told = shoal("import", "exports")
    assert told.status == 1
    assert "events.jsonl" in told.out
    assert "2 files were not imported:" in told.out
    assert "No known source has these columns: colour, shape." in told.out
    assert told.out.count("fix: ") == 2
    again = shoal("import", "exports", as_json=True)
    assert again.status == 1
    assert [each["file"] for each in again.document["files"]] == ["events.jsonl"]
    first = again.document["not_imported"][0]
    assert first == {
        "file": "colours.csv",
        "holds_data": True,
        "code": "unknown_source",
        "message": "No known source has these columns: colour, shape.",
        "where": "exports/colours.csv",
        "fix": first["fix"],
    }
    assert shoal("import", "exports/events.jsonl").status == 0


def test_what_a_file_says_does_not_reach_the_terminal_as_commands(shoal, folder):
    (folder / "odd\x1b[2J.csv").write_text("colour\x1b[31m,shape\x07\nred,round\n")
    told = shoal("import", "exports")
    assert told.status == 1
    assert "colour\ufffd[31m, shape\ufffd" in told.out
    assert "\x1b" not in told.out
    assert "\x07" not in told.out
    alone = shoal("import", "exports/odd\x1b[2J.csv")
    assert alone.status == 2
    assert "\x1b" not in alone.err


def test_a_dry_run_of_a_folder_lists_them(shoal, folder):
    (folder / "empty.csv").write_text("")
    told = shoal("import", "--dry-run", "exports")
    assert told.status == 0
    assert "1 file was not imported:" in told.out
    assert shoal("import", "--dry-run", "exports", as_json=True).document["not_imported"][0]["code"] == "empty_file"


def test_an_analysis_names_what_it_lacks(shoal, folder, shop):
    (folder / "colours.csv").write_text("colour,shape\nred,round\n")
    (folder / "logo.png").write_bytes(b"\x89PNG")
    told = shoal("analyse", "exports", home="fresh")
    assert told.status == 1
    assert "1 file was not imported:" in told.out
    page = (shop / "report.html").read_text()
    assert "Not part of this report: colours.csv (unknown source)." in page
    assert "logo.png" not in page
    found = shoal("analyse", "exports", home="fresh", as_json=True)
    assert found.status == 1
    assert [each["file"] for each in found.document["not_imported"]] == ["colours.csv", "logo.png"]


def test_a_folder_of_nothing_readable_is_an_error(shoal, folder):
    (folder / "events.jsonl").write_text("")
    (folder / "other.csv").write_text("")
    told = shoal("import", "exports", as_json=True)
    assert (told.status, told.out) == (2, "")
    assert json.loads(told.err)["error"]["code"] == "nothing_to_import"


@pytest.mark.parametrize("asked", [("count", BOUGHT, "--as-of", NOW), ("audit",), ("explain", "u1", BOUGHT)])
def test_an_import_that_has_not_ended_is_told(shoal, shop, monkeypatch, asked):
    (shop / "more.jsonl").write_text((shop / "events.jsonl").read_text().replace('"m', '"n'))
    assert shoal(*asked).err == ""
    with monkeypatch.context() as patch:
        patch.setattr(importing.ledger, "finish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shoal("import", "more.jsonl")
    told = shoal(*asked)
    assert told.status == 0
    assert told.err.startswith("Warning: The import of more.jsonl has not ended")
    as_json = shoal(*asked, as_json=True)
    assert as_json.err == ""
    assert "more.jsonl" in as_json.document["warnings"][0]
    listed = shoal("members", BOUGHT, "--as-of", NOW, as_json=True)
    assert "more.jsonl" in json.loads(listed.err)["warnings"][0]
    assert isinstance(listed.document, list)
    shoal("import", "more.jsonl")
    assert shoal(*asked).err == ""
