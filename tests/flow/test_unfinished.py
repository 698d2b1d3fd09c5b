"""What an import that was ended in the middle leaves is told until it is finished."""

from __future__ import annotations

import pytest

from shoal.flow import importing
from shoal.flow.importing import import_paths
from shoal.flow.unfinished import unfinished
from shoal.profiles import identity


class Killed(BaseException):
    """The end of the process."""


def die(*_, **__):
    raise Killed


def kill(patch, when):
    """End the next import at a point."""
    if when == "in the middle of the file":
        patch.setattr(importing.ledger, "finish", die)
    elif when == "before people are unified":
        patch.setattr(identity, "resolve", die)
    else:
        turns = iter([None])  # the first finds nothing left by an earlier import
        patch.setattr(importing.Drain, "turn", lambda drain: next(turns, die) and die())


@pytest.mark.parametrize(
    ("when", "named"),
    [("in the middle of the file", True), ("before the lake", False), ("before people are unified", False)],
)
def test_an_interrupted_import_is_told_until_it_is_finished(opened, write, shop, monkeypatch, when, named):
    path = write("events.jsonl", shop)
    assert unfinished(opened) == ()
    with monkeypatch.context() as patch:
        kill(patch, when)
        with pytest.raises(Killed):
            import_paths(opened, [path])
    (told,) = unfinished(opened)
    assert ("events.jsonl" in told) == named
    assert "shoal import" in told
    import_paths(opened, [path])
    assert unfinished(opened) == ()


def test_a_file_that_a_later_one_of_its_name_replaced_is_told_no_more(sqlite, write, shop, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(importing.ledger, "finish", die)
        with pytest.raises(Killed):
            import_paths(sqlite, [write("events.jsonl", shop[:9])])
    assert len(unfinished(sqlite)) == 1
    import_paths(sqlite, [write("events.jsonl", shop)])
    assert unfinished(sqlite) == ()


def test_the_account_to_go_on_with_is_named(sqlite, write, shop, monkeypatch):
    kill(monkeypatch, "in the middle of the file")
    with pytest.raises(Killed):
        import_paths(sqlite, [write("events.jsonl", shop)], account="eu")
    (told,) = unfinished(sqlite)
    assert "`shoal import --account eu` on the file again" in told
