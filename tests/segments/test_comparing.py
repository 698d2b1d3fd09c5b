"""A test run says how much it compared, and one of all tests fails where that is too little."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import comparing
from comparing import LEAST, READINGS, shortage, summary, totalled

from shoal.segments import parse
from shoal.segments.kinds import KINDS


def _enough():
    return Counter({(reading, kind): LEAST for reading in READINGS for kind in ("", *(one.name for one in KINDS))})


def test_each_case_counts_once_and_for_each_of_its_kinds(monkeypatch):
    monkeypatch.setattr(comparing, "_cases", Counter())  # this test compares nothing
    comparing.compared("sql", parse('not plan is "trial" and not since is set'), 5)
    told = comparing.taken()
    assert sorted(told) == [("sql", kind, 5) for kind in ("", "all, any, none", "not", "trait")]
    assert totalled([told, told])["sql", ""] == 10
    assert comparing.taken() == []


def test_enough_is_enough():
    assert shortage(_enough()) == []
    assert summary(_enough()).startswith(f"{LEAST * len(READINGS):,} generated cases against the oracle: sql 20,000 (")


def test_too_few_cases_and_a_kind_that_is_not_there_are_named():
    total = _enough() - Counter({(reading, ""): LEAST - 1 for reading in READINGS})
    total["live", KINDS[3].name] = 0
    assert shortage(total) == [
        f"2 generated cases are fewer than {LEAST:,}",
        f"no generated case by live of: {KINDS[3].name}",
    ]


def test_a_run_of_all_tests_that_compares_too_little_fails(request):
    root = request.config.rootpath
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-o", "testpaths=tests/core/test_time.py"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "FAILED too little was compared: 0 generated cases are fewer than 20,000" in run.stdout
    assert run.stdout.count("FAILED") == 1 + len(READINGS)
    chosen = subprocess.run([*command, "-k", "leap"], cwd=root, capture_output=True, text=True, check=False)
    assert "FAILED" not in chosen.stdout
