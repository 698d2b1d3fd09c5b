"""Records that make the engine fail become dead letters, and leave no other trace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from homes import copy, create
from shoal.core.time import now
from shoal.flow.drain import Drain
from shoal.flow.following import Following
from shoal.flow.home import one_writer, open_home
from shoal.flow.importing import context_of
from shoal.flow.reading import open_reading
from shoal.flow.replaying import Replayed, discard, known_letters, replay
from shoal.ingest.calls import read
from shoal.store import journal

BEFORE = 3
RECORDS = 9
"""In each workspace, with these among them."""

WORKSPACES = {
    "three of them": {1: {"fault": "raises"}, 5: {"fault": "dies"}, 6: {"fault_of_files": "raises"}},
    "no room": {3: {"fault": "has no room"}},
    "killed": {3: {"fault": "is killed"}},
}

ISOLATE = """
import json, sys; from pathlib import Path
from poisoned import poison; from shoal.core import happenings
from shoal.flow.home import one_writer, open_home; from shoal.flow.isolating import isolate
poison()
for home in sys.argv[1:]:
    opened, failed = open_home(Path(home)), []
    end = happenings.listen(lambda what, about: failed.append(about["error"]) if what.endswith("_failed") else None)
    with one_writer(opened.home):
        print(json.dumps([isolate(opened), failed]), flush=True)
    end(); opened.database.close()
"""


def arrives(opened, calls):
    at = now()
    taken = read("batch", json.dumps({"batch": calls}).encode(), context_of(opened.settings, at))
    with opened.database.write() as connection:
        journal.append(connection, origin="api:web", source="web", received_at=at, batch=taken.records)


def seen(number, **properties):
    who = {"userId": f"u{number % 7}"} if number % 5 else {"anonymousId": f"a{number}"}
    return {"type": "track", "event": "Seen", "messageId": f"m{number}", "properties": properties, **who}


def files(opened):
    home = opened.home
    return {path: path.stat().st_mtime_ns for folder in (home.lake, home.derived) for path in folder.rglob("*.*")}


def begun(folder):
    create(folder)
    one = open_home(folder)
    arrives(one, [seen(number) for number in range(100, 100 + BEFORE)])
    with one_writer(one.home), Drain(one.home, one.database) as drain:
        following = Following(one, drain)
        following.turn()
        following.close()
    one.database.close()


@pytest.fixture(scope="module")
def isolated(tmp_path_factory):
    """What was found in each workspace, by one process for all."""
    opened, before = {}, {}
    for name, faults in WORKSPACES.items():
        folder = tmp_path_factory.mktemp("poisoned") / "home"
        copy(begun, folder)
        opened[name] = one = open_home(folder)
        some = [seen(number, **faults.get(number, {})) for number in range(RECORDS)]
        arrives(one, some[:5])
        arrives(one, some[5:6])
        arrives(one, some[6:])
        before[name] = files(one)
    command = [sys.executable, "-c", ISOLATE, *(str(one.home.folder) for one in opened.values())]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent)
    found = dict(zip(WORKSPACES, map(json.loads, done.stdout.splitlines()), strict=True))
    yield {name: (one, *found[name], before[name]) for name, one in opened.items()}
    for one in opened.values():
        one.database.close()


def waiting(opened):
    with opened.database.read() as connection:
        entries = journal.read(connection, after=journal.offset_of(connection, "lake"), most_rows=1_000)
        return [id for entry in entries for id in entry.batch["message_id"].to_pylist()]


def test_those_that_make_it_fail_are_letters_and_all_others_stay(isolated):
    opened, count, failed, _ = isolated["three of them"]
    assert (count, failed) == (3, [])
    assert waiting(opened) == [f"m{number}" for number in range(RECORDS) if number not in (1, 5, 6)]
    letters = known_letters(opened)
    assert [json.loads(each.letter.payload)["messageId"] for each in letters] == ["m1", "m5", "m6"]
    assert {each.letter.reason for each in letters} == {"crashes_engine"}


def test_a_letter_names_the_kind_of_fault_and_nothing_that_it_said(isolated):
    opened, *_ = isolated["three of them"]
    said = [each.letter.message.partition(":")[0] for each in known_letters(opened)]
    assert said == [f"The engine fails on this record ({why})" for why in ("ValueError", "exit status 3", "ValueError")]


@pytest.mark.parametrize(("name", "error"), [("no room", "OSError"), ("killed", "status -9")])
def test_no_record_is_blamed_for_the_machine(isolated, name, error):
    opened, count, failed, _ = isolated[name]
    assert (count, failed) == (0, [error])
    assert len(waiting(opened)) == RECORDS
    assert known_letters(opened) == ()


@pytest.mark.parametrize("name", WORKSPACES)
def test_the_tries_leave_no_trace(isolated, name):
    opened, _, _, before = isolated[name]
    assert files(opened) == before
    assert list(opened.home.scratch.iterdir()) == []


def test_a_replay_takes_the_record_as_it_was_and_once(isolated):
    opened, *_ = isolated["three of them"]
    first, second, third = known_letters(opened)
    assert discard(opened, [third.id]) == 1
    arrives(opened, [seen(1, fault="raises")])  # its program sent it again
    assert replay(opened, [first.id]) == Replayed(1, 0)
    assert replay(opened) == Replayed(1, 0)
    assert replay(opened) == Replayed(0, 0)
    with open_reading(opened) as duck:
        found = duck.execute("SELECT epoch_ms(\"at\"), properties::JSON->>'fault' FROM events").fetchall()
    assert len(found) == BEFORE + RECORDS - 1
    assert (second.received_at, "dies") in found
    assert sum(fault == "raises" for _, fault in found) == 1
