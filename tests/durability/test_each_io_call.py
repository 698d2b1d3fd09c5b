"""Each call on the files of the database fails once: what was answered with 200 is kept, and nothing else is.

The calls are those that SQLite makes of the system, and fail below it (`faults.c`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from clients import stored_ids
from faulty import CHECKPOINTS, COMMITS, SYNCS

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """What stands before the C library."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("there is no C compiler here, or no Linux")
    made = tmp_path_factory.mktemp("library") / "faults.so"
    words = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", made, HERE / "faults.c", "-ldl"]
    subprocess.run(words, check=True)
    return made


def seen(library, home, case):
    """What a process saw whose calls fail."""
    words = [sys.executable, HERE / "faulty.py", home, case]
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    run = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


@pytest.mark.parametrize("case", ["full", "broken"])
def test_a_request_whose_call_fails_is_refused_and_leaves_nothing(library, tmp_path, case):
    found = seen(library, tmp_path / "home", case)
    assert found["problems"] == []
    assert found["refused"] >= COMMITS
    assert 0 < found["kept"] <= CHECKPOINTS  # the commit was on disk before its log was taken in
    assert sorted(stored_ids(tmp_path / "home")) == sorted(found["taken"])


def test_a_sync_that_fails_is_the_last_word_to_the_disk(library, tmp_path):
    found = seen(library, tmp_path / "home", "unsynced")
    assert found["ended"] == [os.EX_IOERR] * SYNCS
    assert found["after"] == [0] * SYNCS
    stored = stored_ids(tmp_path / "home")
    assert len(stored) == len(set(stored))
    assert set(found["taken"]) <= set(stored)
