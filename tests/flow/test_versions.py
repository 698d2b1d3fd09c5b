"""Laws of definitions as code: plan, apply, history, rollback, and the past that stays as it was."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.flow import applying, asking, weighing
from shoal.flow.defining import known
from shoal.flow.home import open_home
from shoal.flow.importing import import_paths
from shoal.segments import versions
from shoal.workspace import Workspace

NOW = parse_instant("2026-02-01")
BOUGHT, TRIAL = 'did "Order Completed"', 'plan is "trial"'


@pytest.fixture
def filled(opened, write, shop):
    import_paths(opened, [write("events.jsonl", shop)])
    return opened


@pytest.fixture
def on_sqlite(sqlite, write, shop):
    import_paths(sqlite, [write("events.jsonl", shop)])
    return sqlite


def files(opened, **sentences):
    """Make exactly these the workspace's segment files."""
    for file in opened.home.segments.glob("*.yaml"):
        file.unlink()
    for name, sentence in sentences.items():
        (opened.home.segments / f"{name}.yaml").write_text(f"name: {name}\nwhen: {sentence}\n")


def apply(opened, **sentences):
    files(opened, **sentences)
    return applying.apply(opened, applying.decide(opened), actor="ana")


def changes(opened):
    return {step.name: step.change for step in applying.decide(opened).steps}


def ids(opened, what, **named):
    return asking.members(opened, what, NOW, **named)["subscriber"].to_pylist()


def test_what_was_planned_is_applied_and_then_nothing_is_left(filled):
    files(filled, bought=BOUGHT, trial=f'{TRIAL} and not in segment "bought"')
    planned = weighing.plan(filled, as_of=NOW)
    assert {step.name: (step.change, step.number) for step in planned.decision.changes} == {
        "bought": ("new", 1),
        "trial": ("new", 1),
    }
    assert known(filled).versions == ()  # a plan writes nothing
    made = applying.apply(filled, planned.decision, actor="ana")
    assert [(each.name, each.number, each.change, each.actor) for each in made] == [
        ("bought", 1, "new", "ana"),
        ("trial", 1, "new", "ana"),
    ]
    again = weighing.plan(filled, as_of=NOW)
    assert again.decision.changes == ()
    assert again.decision.id != planned.decision.id  # the world moved on
    assert applying.apply(filled, again.decision, actor="ana") == ()


def test_a_plan_counts_exactly_who_enters_leaves_and_stays(filled):
    apply(filled, a=TRIAL, b='in segment "a"', c=BOUGHT, d=BOUGHT)
    before = {name: set(ids(filled, name)) for name in "abcd"}
    files(filled, a=BOUGHT, b='in segment "a"', c=BOUGHT)
    planned = weighing.plan(filled, as_of=NOW)
    assert {step.name: step.change for step in planned.decision.steps} == {
        "a": "meaning",
        "b": "meaning",
        "c": "unchanged",
        "d": "deleted",
    }
    applying.apply(filled, planned.decision, actor="ana")
    after = {name: set(ids(filled, name)) for name in "abc"} | {"d": set()}
    for name, moved in planned.moved.items():
        old, new = before[name], after[name]
        numbers = (moved.before, moved.after, moved.enter, moved.leave, moved.stay)
        assert numbers == (len(old), len(new), len(new - old), len(old - new), len(new & old))
    assert planned.moved["a"].enter == 5  # the 10 who bought, of whom 5 were on trial
    (shared, _) = planned.overlaps["a"]
    assert (shared.other, shared.shared, shared.share) == ("b", 10, 1.0)


def test_an_edit_never_rewrites_the_past(on_sqlite):
    """Any series of edits: every version keeps its members, and every plan that was applied leaves nothing to do."""
    draw = random.Random(7)
    choices = [BOUGHT, TRIAL, f"not {TRIAL}", 'did "Product Viewed" at least 3 times', 'plan is "paid"']
    seen: dict[str, list[str]] = {}
    for _ in range(4):
        a, b = draw.sample(choices, 2)
        sentences = {"a": a, "b": draw.choice([b, f'{b} and not in segment "a"'])}
        if draw.random() < 0.5:
            sentences["c"] = 'in segment "b"'
        for each in apply(on_sqlite, **sentences):
            if not each.is_deletion:
                seen[f"{each.name}@{each.number}"] = ids(on_sqlite, each.name)
        assert set(changes(on_sqlite).values()) == {"unchanged"}
    assert len(seen) > 4
    assert {name: ids(on_sqlite, name) for name in seen} == seen


def test_a_definition_as_it_was_at_an_instant(on_sqlite):
    (first,) = apply(on_sqlite, a=TRIAL)
    (second,) = apply(on_sqlite, a=BOUGHT)
    assert ids(on_sqlite, "a") == ids(on_sqlite, BOUGHT)
    assert ids(on_sqlite, "a", version_at=second.at) == ids(on_sqlite, BOUGHT)
    if first.at < second.at:
        assert ids(on_sqlite, "a", version_at=Instant(second.at - 1)) == ids(on_sqlite, TRIAL)
    assert ids(on_sqlite, "a@1") == ids(on_sqlite, TRIAL)
    assert ids(on_sqlite, "a@1", reading="oracle") == ids(on_sqlite, TRIAL)
    assert asking.count(on_sqlite, "a@1", NOW).counts.members == len(ids(on_sqlite, TRIAL))
    for wrong, code in (("a@3", "unknown_version"), ("a@0", "unknown_version"), ("nobody@1", "unknown_version")):
        with pytest.raises(UserError) as caught:
            ids(on_sqlite, wrong)
        assert caught.value.code == code
    with pytest.raises(UserError) as caught:
        ids(on_sqlite, "a", version_at=Instant(first.at - 1))
    assert caught.value.code == "no_version"


def test_a_rollback_restores_the_members_as_a_new_version(filled):
    apply(filled, a=TRIAL, b='in segment "a"')
    was = ids(filled, "a"), ids(filled, "b")
    apply(filled, a=BOUGHT, b='in segment "a"')
    made = applying.rollback(filled, "a", 1, actor="ben")
    assert [(each.name, each.number, each.change, each.restores, each.actor) for each in made] == [
        ("a", 3, "meaning", 1, "ben"),
        ("b", 3, "meaning", None, "ben"),
    ]
    assert (ids(filled, "a"), ids(filled, "b")) == was
    assert [each.number for each in applying.history(filled, "a")] == [1, 2, 3]
    assert changes(filled) == {"a": "meaning", "b": "meaning"}  # the file still says otherwise
    for number, code in ((1, "nothing_to_do"), (9, "unknown_version")):
        with pytest.raises(UserError) as caught:
            applying.rollback(filled, "a", number, actor="ben")
        assert caught.value.code == code


def test_a_deleted_segment_comes_back_by_rollback_and_only_then(on_sqlite):
    apply(on_sqlite, trial=TRIAL)
    apply(on_sqlite)
    assert "trial" not in known(on_sqlite).segments
    assert ids(on_sqlite, "trial@1") == ids(on_sqlite, TRIAL)
    for what, code in (("trial@2", "deleted_segment"), ("trial", "unknown_segment")):
        with pytest.raises(UserError) as caught:
            ids(on_sqlite, what)
        assert caught.value.code == code
    applying.rollback(on_sqlite, "trial", 1, actor="ana")
    assert ids(on_sqlite, "trial") == ids(on_sqlite, TRIAL)
    assert [each.change for each in applying.history(on_sqlite, "trial")] == ["new", "deleted", "new"]


def test_a_rollback_brings_back_what_its_version_needs_and_nobody_has_any_more(on_sqlite):
    vip = 'in segment "buyers" and in segment "viewers"'
    viewers = 'did "Product Viewed" at least 3 times'
    apply(on_sqlite, paid='plan is "paid"', buyers=f'{BOUGHT} and in segment "paid"', viewers=viewers, vip=vip)
    was = ids(on_sqlite, "vip")
    apply(on_sqlite, viewers='did "Product Viewed"', vip=TRIAL)
    made = applying.rollback(on_sqlite, "vip", 1, actor="ben")
    assert [(each.name, each.number, each.change, each.restores) for each in made] == [
        ("buyers", 3, "new", 1),
        ("paid", 3, "new", 1),
        ("vip", 3, "meaning", 1),
    ]
    # viewers is meant as it is now; what was deleted, as it was.
    assert ids(on_sqlite, "vip") == ids(on_sqlite, f'{BOUGHT} and plan is "paid" and did "Product Viewed"')
    assert ids(on_sqlite, "vip@1") == was


def test_a_starter_that_a_version_refers_to_is_there_for_a_rollback(on_sqlite):
    apply(on_sqlite, a='in segment "repeat-buyers"')
    apply(on_sqlite, a=TRIAL)
    made = applying.rollback(on_sqlite, "a", 1, actor="ben")
    assert [(each.name, each.number, each.restores) for each in made] == [("a", 3, 1), ("repeat-buyers", 3, None)]


def test_nothing_is_applied_when_the_world_moved(on_sqlite):
    files(on_sqlite, a=TRIAL)
    planned = applying.decide(on_sqlite)
    files(on_sqlite, a=BOUGHT)
    _refused(on_sqlite, planned)  # a file
    files(on_sqlite, a=TRIAL)
    assert applying.decide(on_sqlite).id == planned.id
    applying.apply(on_sqlite, planned, actor="ben")
    _refused(on_sqlite, planned)  # a version
    assert [each.number for each in applying.history(on_sqlite, "a")] == [1]


def _refused(opened, planned):
    with pytest.raises(UserError) as caught:
        applying.apply(opened, planned, actor="ana")
    assert caught.value.code == "world_moved"


def test_of_two_who_apply_at_once_one_is_refused(filled):
    files(filled, a=TRIAL, b=BOUGHT)
    planned, start, ended = applying.decide(filled), threading.Barrier(2), []

    def run():
        start.wait()
        try:
            ended.append(len(applying.apply(filled, planned, actor="ana")))
        except UserError as error:
            ended.append(error.code)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(map(str, ended)) == ["2", "world_moved"]
    assert len(applying.history(filled, "a")) == 1


def test_what_breaks_in_the_middle_leaves_the_old_versions(filled, monkeypatch):
    apply(filled, a=TRIAL, b=BOUGHT)
    files(filled, a=BOUGHT, b=TRIAL)
    planned = applying.decide(filled)
    with monkeypatch.context() as patched:
        patched.setattr(versions, "add", _half(versions.add))
        with pytest.raises(OSError, match="no space"):
            applying.apply(filled, planned, actor="ana")
    assert {name: each.number for name, each in known(filled).current.items()} == {"a": 1, "b": 1}
    assert len(applying.apply(filled, planned, actor="ana")) == 2  # and it can be done again


def _half(add):
    def some(connection, made):
        add(connection, made[:1])
        raise OSError("no space")

    return some


KILLED = """
import os, sys
from pathlib import Path
from shoal.flow import applying
from shoal.flow.home import open_home
from shoal.segments import versions
opened, add = open_home(Path(sys.argv[1])), versions.add
def half(connection, made):
    add(connection, made[:1])
    os._exit(9)
versions.add = half
applying.apply(opened, applying.decide(opened), actor="ana")
"""


def test_a_process_that_is_killed_in_the_middle_leaves_the_old_versions(sqlite):
    apply(sqlite, a=TRIAL, b=BOUGHT)
    files(sqlite, a=BOUGHT, b=TRIAL)
    folder = sqlite.home.folder
    sqlite.database.close()
    assert subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False).returncode == 9
    again = open_home(Path(folder))
    assert {name: each.number for name, each in known(again).current.items()} == {"a": 1, "b": 1}
    assert len(applying.apply(again, applying.decide(again), actor="ana")) == 2
    again.database.close()


def test_a_segment_that_another_refers_to_is_not_deleted(on_sqlite):
    apply(on_sqlite, a=TRIAL, b='in segment "a"')
    files(on_sqlite, b='in segment "a"')
    with pytest.raises(UserError) as caught:
        applying.decide(on_sqlite)
    assert caught.value.code == "segment_in_use"


def test_before_anything_is_applied_files_count_at_once_and_afterwards_no_more(sqlite):
    files(sqlite, a=TRIAL)
    assert "a" in known(sqlite).segments
    apply(sqlite, a=TRIAL)
    files(sqlite, a=BOUGHT, b=BOUGHT)
    what = known(sqlite)
    assert what.segments["a"].when.to_data() == {"trait": "plan", "is": "trial"}
    assert "b" not in what.segments
    assert "repeat-buyers" in what.segments  # the starters go on


def test_a_starter_that_a_file_refers_to_is_kept_with_it(sqlite):
    made = apply(sqlite, a='in segment "repeat-buyers"')
    assert [each.name for each in made] == ["a", "repeat-buyers"]
    assert versions.pinned(made[0], made) == {"repeat-buyers": known(sqlite).segments["repeat-buyers"].when}
    assert [each.name for each in apply(sqlite, a="plan is set")] == ["a", "repeat-buyers"]
    assert "repeat-buyers" not in known(sqlite).current
    assert "repeat-buyers" in known(sqlite).segments  # the library's own


def test_time_goes_on_even_where_the_clock_is_set_back(sqlite, monkeypatch):
    (first,) = apply(sqlite, a=TRIAL)
    monkeypatch.setattr(applying, "now", lambda: Instant(first.at - 5_000))
    (second,) = apply(sqlite, a=BOUGHT)
    assert second.at >= first.at


def test_the_report_names_the_version(on_sqlite):
    apply(on_sqlite, a=TRIAL)
    apply(on_sqlite, a=BOUGHT)
    found = Workspace(on_sqlite).analyse(NOW)
    assert {each.name: each.version for each in found.segments if each.name in ("a", "repeat-buyers")} == {
        "a": 2,
        "repeat-buyers": None,
    }
    assert "Order Completed&quot; (version 2)" in found.html("Title")


def test_the_same_in_python(on_sqlite):
    files(on_sqlite, a=TRIAL)
    workspace = Workspace(on_sqlite)
    planned = workspace.plan(as_of=NOW)
    assert planned.moved["a"].enter == 15
    workspace.apply(planned, actor="ana")
    assert (workspace.versions(), workspace.count("a@1", as_of=NOW)) == ({"a": 1}, 15)
    assert workspace.history("a")[0].sentence == TRIAL
    assert {each.check for each in workspace.lint("a", as_of=NOW)} == {"goal", "content", "size"}
