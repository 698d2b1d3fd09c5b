"""The Python interface takes what people have at hand, and tells mistakes as UserError."""

from __future__ import annotations

import datetime as dt
import json

import pytest

import shoal


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("python")
    call = {"type": "track", "event": "Order Completed", "messageId": "1", "userId": "u", "timestamp": "2026-01-02"}
    (folder / "events.jsonl").write_text(json.dumps(call) + "\n")
    made = shoal.Workspace.create(folder / "home")
    made.import_files([folder / "events.jsonl"])
    return made


@pytest.mark.parametrize(
    ("as_of", "members"),
    [
        ("2026-01-01", 0),
        ("2026-01-02", 1),
        (dt.datetime(2026, 1, 1), 0),  # noqa: DTZ001 - without a zone it means UTC
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), 1),
        (shoal.instant("2026-01-02"), 1),
        (None, 1),
    ],
)
def test_instants_are_taken_as_they_come(workspace, as_of, members):
    assert workspace.count('did "Order Completed"', as_of=as_of) == members
    assert workspace.members({"did": "Order Completed"}, as_of=as_of).num_rows == members


@pytest.mark.parametrize(
    ("mistake", "code"),
    [
        (lambda ws: ws.count("plan is", as_of="2026-01-02"), "incomplete_condition"),
        (lambda ws: ws.count('did "Order Completed"', as_of="yesterdayish"), "bad_instant"),
        (lambda ws: ws.count('did "Order Completed"', as_of=2.5), "bad_instant"),
        (lambda ws: ws.count({"dud": "Order Completed"}), None),
        (lambda ws: ws.count(5), None),
        (lambda ws: ws.members('did "Order Completed"', reading="Oracle"), "unknown_reading"),
        (lambda _: shoal.segment({"did": "Order Completed"}), "bad_sentence"),
    ],
)
def test_mistakes_are_told(workspace, mistake, code):
    with pytest.raises(shoal.UserError) as told:
        mistake(workspace)
    assert told.value.fix
    assert code is None or told.value.code == code
