"""A backup while clients write: what was acknowledged before it began is in it, and the state is one."""

from __future__ import annotations

import subprocess
import sys

from clients import Load, stored_ids

from serving import served


def shoal(*words):
    return subprocess.run([sys.executable, "-m", "shoal", *map(str, words)], check=True, capture_output=True)


def test_all_that_was_acknowledged_up_to_its_mark_is_restored(tmp_path):
    with served(tmp_path / "home") as server:
        key = server.key()
        server.start()
        marks = []
        with Load(server, key) as load:
            for number, name in enumerate(("one", "two.tar", "three")):
                load.wait_for(400 * (number + 1))
                before = set(load.acknowledged)
                shoal("--home", server.home, "backup", tmp_path / name, *(["--link"] if name == "three" else []))
                marks.append((name, before))
            load.wait_for(len(load.acknowledged) + 200)
        assert load.broken == 0
        everything = load.acknowledged
    for name, before in marks:
        into = tmp_path / f"restored-{name}"
        shoal("restore", tmp_path / name, "--into", into, "--secret", server.home / "secret")
        found = stored_ids(into)
        assert len(found) == len(set(found))
        assert before <= set(found)
    assert everything <= set(stored_ids(server.home))
