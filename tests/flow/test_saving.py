"""Laws of saving one segment: one version, in one transaction, and a file that follows."""

from __future__ import annotations

import threading

import pytest

from shoal.core.errors import UserError
from shoal.flow import applying, saving
from shoal.flow.defining import known
from shoal.segments.files import read_files, segment_from, to_yaml

BOUGHT, TRIAL = 'did "Order Completed"', 'plan is "trial"'


def segment(name, when, **more):
    return segment_from({"name": name, "when": when, **more})


def save(opened, name, when, *, expected=None, **more):
    return saving.save(opened, segment(name, when, **more), actor="ana", expected=expected)


def changes(opened):
    return {step.name: step.change for step in applying.decide(opened).steps}


def code(call):
    with pytest.raises(UserError) as found:
        call()
    assert found.value.fix
    return found.value.code


def test_what_is_saved_counts_and_its_file_says_so(opened):
    saved = save(opened, "bought", BOUGHT, title="Buyers", tags=["a"])
    assert (saved.current.number, saved.current.actor, saved.file) == (1, "ana", "written")
    assert known(opened).segments["bought"].title == "Buyers"
    assert changes(opened) == {"bought": "unchanged"}
    again = save(opened, "bought", BOUGHT, title="Buyers", tags=["a"])
    assert (again.versions, again.current.number, again.file) == ((), 1, "same")
    assert save(opened, "bought", TRIAL).current.number == 2
    assert changes(opened) == {"bought": "unchanged"}


def test_the_first_save_takes_the_files_that_counted_with_it(opened):
    (opened.home.segments / "other.yaml").write_text(f"# a remark\nname: other\nwhen: {TRIAL}\n")
    save(opened, "bought", BOUGHT)
    assert {"other", "bought"} <= set(known(opened).current)
    assert changes(opened) == {"bought": "unchanged", "other": "unchanged"}
    assert "# a remark" in (opened.home.segments / "other.yaml").read_text()


def test_a_file_that_was_edited_and_not_applied_is_left(opened):
    save(opened, "bought", BOUGHT)
    file = opened.home.segments / "bought.yaml"
    edited = file.read_text().replace(BOUGHT, TRIAL)
    file.write_text(edited)
    assert save(opened, "bought", f"{BOUGHT} and {TRIAL}").file == "edited"
    assert file.read_text() == edited
    assert saving.delete(opened, "bought", actor="ana").file == "edited"
    assert file.read_text() == edited


def test_a_folder_that_is_not_used_stays_empty(opened, tmp_path):
    elsewhere = tmp_path / "repository"
    elsewhere.mkdir()
    (elsewhere / "bought.yaml").write_text(f"name: bought\nwhen: {BOUGHT}\n")
    applying.apply(opened, applying.decide(opened, elsewhere), actor="ana")
    assert save(opened, "trial", TRIAL).file == "unused"
    assert not list(opened.home.segments.iterdir())


def test_a_file_name_that_is_taken_is_left(opened):
    save(opened, "a b", BOUGHT)
    save(opened, "A B", TRIAL)
    save(opened, "ä", TRIAL)
    assert {each.file for each in read_files(opened.home.segments).values()} == {
        "a-b.yaml",
        "a-b-2.yaml",
        "segment.yaml",
    }
    assert set(changes(opened).values()) == {"unchanged"}


def test_whoever_saves_on_top_of_another_version_is_told(opened):
    save(opened, "bought", BOUGHT, expected=0)
    assert code(lambda: save(opened, "bought", TRIAL, expected=0)) == "version_moved"
    save(opened, "bought", TRIAL, expected=1)
    assert code(lambda: save(opened, "bought", BOUGHT, expected=1)) == "version_moved"
    assert code(lambda: saving.delete(opened, "bought", actor="b", expected=1)) == "version_moved"
    assert code(lambda: saving.rollback(opened, "bought", 1, actor="b", expected=1)) == "version_moved"
    assert saving.rollback(opened, "bought", 1, actor="b", expected=2).current.restores == 1
    assert changes(opened) == {"bought": "unchanged"}


def test_of_many_who_save_at_once_on_top_of_one_version_one_succeeds(opened):
    save(opened, "bought", BOUGHT)
    won, lost = [], []

    def one(number):
        try:
            won.append(save(opened, "bought", f"{BOUGHT} at least {number} times", expected=1).current.number)
        except UserError as error:
            lost.append(error.code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (won, lost) == ([2], ["version_moved"] * 5)
    assert changes(opened) == {"bought": "unchanged"}


def test_a_segment_that_is_used_stays(opened):
    save(opened, "bought", BOUGHT)
    save(opened, "trial", f'{TRIAL} and not in segment "bought"')
    assert code(lambda: saving.delete(opened, "bought", actor="ana")) == "segment_in_use"
    moved = save(opened, "bought", f"{BOUGHT} at least 2 times")
    assert [(each.name, each.change) for each in moved.versions] == [("bought", "meaning"), ("trial", "meaning")]
    assert code(lambda: save(opened, "bought", 'in segment "trial"')) == "segment_cycle"
    assert code(lambda: save(opened, "bought", 'in segment "nobody knows"')) == "unknown_segment"
    assert saving.delete(opened, "trial", actor="ana").file == "removed"
    assert saving.delete(opened, "bought", actor="ana").current is None
    assert not list(opened.home.segments.iterdir())
    assert saving.rollback(opened, "trial", 1, actor="ana").current.number == 4
    assert changes(opened) == {"bought": "unchanged", "trial": "unchanged"}


def test_what_is_no_segment_of_ones_own_is_not_deleted(opened):
    assert code(lambda: saving.delete(opened, "nothing", actor="ana")) == "unknown_segment"
    (opened.home.segments / "loose.yaml").write_text(to_yaml(segment("loose", TRIAL)))
    assert saving.delete(opened, "loose", actor="ana").file == "removed"
    assert not list(opened.home.segments.iterdir())


def test_a_starter_that_is_referred_to_gets_a_version_and_no_file(opened):
    starter = next(iter(known(opened).segments))
    saved = save(opened, "mine", f'{TRIAL} and not in segment "{starter}"')
    assert {"mine", starter} <= {each.name for each in saved.versions}
    assert [file.name for file in opened.home.segments.iterdir()] == ["mine.yaml"]
    assert changes(opened)["mine"] == "unchanged"
