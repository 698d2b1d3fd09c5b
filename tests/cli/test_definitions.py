"""plan, apply, history, rollback and lint as a user types them."""

from __future__ import annotations

import json

import pytest

NOW = "2026-02-01"
BOUGHT = 'did "Order Completed"'


@pytest.fixture
def folder(shop):
    """The workspace's segment files: one."""
    found = shop / "home" / "segments"
    found.mkdir(exist_ok=True)
    (found / "buyers.yaml").write_text(f"name: buyers\nwhen: {BOUGHT}\n")
    return found


def test_plan_apply_plan(shoal, folder):
    planned = shoal("plan", "--as-of", NOW)
    assert planned.status == 0
    assert "buyers   new     " in planned.out
    assert '{+did "Order Completed"+}' in planned.out
    document = shoal("plan", "--as-of", NOW, as_json=True).document
    (step,) = document["segments"]
    assert (step["name"], step["change"], step["version"]) == ("buyers", "new", {"before": None, "after": 1})
    assert step["members"] == {"before": 0, "after": 2, "enter": 2, "leave": 0, "stay": 0}
    assert document["plan"] in planned.out  # the instant has no part in it
    told = shoal("apply", "--plan", document["plan"])
    assert (told.status, told.out) == (0, "buyers is now version 1 (new).\n")
    again = shoal("plan", "--as-of", NOW, as_json=True)
    assert (again.status, again.document["changes"]) == (0, 0)
    assert "Nothing to apply." in shoal("apply").out


def test_a_plan_that_is_out_of_date_is_refused_with_status_1(shoal, folder):
    plan = shoal("plan", as_json=True).document["plan"]
    (folder / "buyers.yaml").write_text("name: buyers\nwhen: plan is set\n")
    for as_json in (False, True):
        told = shoal("apply", "--plan", plan, as_json=as_json)
        assert (told.status, told.out) == (1, "")
    assert json.loads(told.err)["error"]["code"] == "world_moved"
    assert shoal("history", "buyers").status == 2  # nothing was applied


def test_deleting_needs_a_plan_or_a_flag(shoal, folder):
    shoal("apply")
    (folder / "buyers.yaml").unlink()
    told = shoal("apply", as_json=True)
    assert (told.status, json.loads(told.err)["error"]["code"]) == (1, "would_delete")
    assert shoal("apply", "--delete", as_json=True).document["applied"][0]["change"] == "deleted"
    assert shoal("history", "buyers", as_json=True).document[0]["sentence"] is None


def test_on_a_terminal_it_asks(shoal, folder, monkeypatch):
    import typer

    class Terminal:
        def isatty(self):
            return True

    answers = []
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(typer, "confirm", lambda text, err: answers.append(text) or len(answers) > 1)
    told = shoal("apply")
    assert told.status == 1
    assert "Nothing was applied." in told.err
    assert shoal("apply").out.endswith("buyers is now version 1 (new).\n")
    assert answers == ["Apply 1 new?"] * 2
    assert shoal("apply").status == 0  # with nothing to do it does not ask
    assert len(answers) == 2


def test_history_and_rollback(shoal, folder):
    shoal("apply")
    (folder / "buyers.yaml").write_text("name: buyers\nwhen: plan is set\ntitle: Plans\n")
    shoal("apply")
    told = shoal("rollback", "buyers", 1)
    assert told.out.startswith("buyers is now version 3 (meaning changed, as in version 1).")
    versions = shoal("history", "buyers", as_json=True).document
    assert [(each["version"], each["restores"], each["labels"]) for each in versions] == [
        (3, 1, {}),
        (2, None, {"title": "Plans"}),
        (1, None, {}),
    ]
    assert versions[0]["definition"] == versions[2]["definition"] == {"did": "Order Completed"}
    assert BOUGHT in shoal("history", "buyers").out
    assert shoal("rollback", "buyers", 9).status == 2
    (row,) = [each for each in shoal("segments", as_json=True).document if each["name"] == "buyers"]
    assert row["version"] == 3


def test_members_under_any_version(shoal, folder):
    shoal("apply")
    then = shoal("history", "buyers", as_json=True).document[0]["at"]
    (folder / "buyers.yaml").write_text('name: buyers\nwhen: plan is set and not in segment "others"\n')
    (folder / "others.yaml").write_text('name: others\nwhen: plan is "paid"\n')
    shoal("apply")

    def count(*words):
        return shoal("count", *words, "--as-of", NOW, as_json=True).document["count"]

    assert count("buyers") == 1
    assert count("buyers@1") == count("buyers", "--version-at", then) == 2
    listed = shoal("members", "buyers", "--version-at", then, "--as-of", NOW)
    assert len(listed.out.splitlines()) == 2
    told = shoal("explain", "u1", "buyers@1", "--as-of", NOW)
    assert BOUGHT in told.out
    assert shoal("count", "buyers", "--version-at", "2020-01-01").status == 2


def test_lint_ends_with_status_1_only_for_an_error(shoal, folder):
    told = shoal("lint", "--as-of", NOW)
    assert told.status == 0
    assert "warning goal: buyers buyers.yaml:1 goal" in told.out
    wrong = shoal("lint", 'did "Order Complted"', as_json=True)
    assert (wrong.status, wrong.document["errors"]) == (1, 1)
    (finding,) = wrong.document["findings"]
    assert (finding["check"], finding["place"], finding["fix"]) == ("names", "$", "Did you mean 'Order Completed'?")
    (folder / "buyers.yaml").write_text('name: buyers\nwhen: did "Order Complted"\n')
    assert shoal("plan").status == 1


GOOD = """
name: on-trial
when: plan is "trial"
goal: {metric: trial to paid, target: 20 % upgrade, by: 14d}
size: {at_least: 1, at_most: 10}
content: {knows: a, pain: b, objection: c, proof: d, next_action: e}
"""


def test_nothing_found(shoal, folder):
    (folder.parent.parent / "on-trial.yaml").write_text(GOOD)
    told = shoal("lint", "on-trial.yaml", "--as-of", NOW)
    assert (told.status, told.out) == (0, "Nothing found.\n")
