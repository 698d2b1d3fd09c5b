"""A disk that is full or fails: 503 and never 200 for what is not on disk, and taken again once there is space.

A disk that can't say whether it has a commit ends the process.
"""

from __future__ import annotations

import os
import resource
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from clients import batch, stored_ids
from tracing import strace

from serving import served

RESUMES_S = 10
REQUESTS = 150
"""Each has several writes, of which every fifth fails; `test_each_io_call.py` has each of them in turn."""
MOST = 3 * 2**20


def ask(http, server, name, size=20):
    """The ids that were handed in, where they were taken; else none, and the answer has to say when to come again."""
    ids, body = batch(name, size)
    answered = http.post(f"{server.url}/v1/batch", json=body)
    if answered.status_code == 200:
        return ids
    assert answered.status_code == 503, answered.text
    assert int(answered.headers["Retry-After"]) >= 1
    assert answered.json()["error"]["code"] in ("disk_full", "disk_error", "too_busy")
    return []


def reads_are_served(http, server):
    assert http.get(f"{server.url}/healthz").status_code == 200
    assert http.get(f"{server.url}/metrics").status_code == 200
    assert http.get(f"{server.url}/readyz").status_code in (200, 503)


def processes(server):
    told = subprocess.run(["pgrep", "-s", str(server.process.pid)], check=True, capture_output=True, text=True)
    return [int(pid) for pid in told.stdout.split()]


def test_a_full_disk_is_told_and_left_behind(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, resource.RLIM_INFINITY))

    with served(tmp_path / "home", limit=limit) as server:
        key = server.key()
        server.start()
        taken, refused = [], 0
        with httpx.Client(auth=(key, ""), timeout=30) as http:
            for number in range(4_000):
                found = ask(http, server, f"before-{number}", 200)
                taken += found
                refused += not found
                if refused >= 20:
                    break
            assert refused >= 20, "the limit is reached"
            reads_are_served(http, server)
            for pid in processes(server):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            end = time.monotonic() + RESUMES_S
            while not (found := ask(http, server, "after")):
                assert time.monotonic() < end, "it does not go on when there is space"
            taken += found
        server.stop()
    found = stored_ids(server.home)
    assert len(found) == len(set(found))
    assert set(taken) <= set(found)


def test_writes_that_fail_here_and_there(tmp_path):
    home = tmp_path / "home"
    files = [word for name in ("shoal.db", "shoal.db-wal") for word in ("-P", str(home / name))]
    inject = "inject=pwrite64:error=EIO:when=311+5"
    words = strace("/dev/null", "--seccomp-bpf", *files, "-e", "trace=pwrite64", "-e", inject)
    with served(home, before=words) as server:
        key = server.key()
        server.start()
        taken, refused = [], 0
        with httpx.Client(auth=(key, ""), timeout=30) as http:
            for number in range(REQUESTS):
                found = ask(http, server, f"r{number}", 3)
                taken += found
                refused += not found
            reads_are_served(http, server)
        server.kill()
    assert refused > 20
    found = stored_ids(home)
    assert len(found) == len(set(found))
    assert set(taken) <= set(found)


def test_a_sync_that_fails_ends_the_process(tmp_path):
    home = tmp_path / "home"
    inject = "inject=fdatasync:error=EIO:when=30"
    with served(home, before=strace("/dev/null", "--seccomp-bpf", "-e", "trace=fdatasync", "-e", inject)) as server:
        key = server.key()
        server.start()
        taken = []
        with httpx.Client(auth=(key, ""), timeout=30) as http:
            for number in range(500):
                try:
                    found = ask(http, server, f"r{number}", 3)
                except httpx.TransportError:
                    break
                taken += found
            else:
                pytest.fail("no sync failed")
        assert server.process.wait(30) not in (0, None)
        assert '"code": "unflushed"' in server.log.read_text()
        server.before = ()
        server.start()  # as a supervisor does
        with httpx.Client(auth=(key, ""), timeout=30) as http:
            taken += ask(http, server, "again")
        server.stop()
    found = stored_ids(home)
    assert len(found) == len(set(found))
    assert set(taken) <= set(found)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 24 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no disk may be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the space there is."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), b"\0" * 65_536)
        except OSError:
            return filler


def test_a_disk_without_space_and_with_space_again(small_disk):
    with served(small_disk / "home") as server:
        key = server.key()
        server.start()
        with httpx.Client(auth=(key, ""), timeout=30) as http:
            taken = ask(http, server, "first")
            filler = fill(small_disk)
            names = [f"full-{number}" for number in range(400)]
            for name in names:
                found = ask(http, server, name, 200)
                taken += found
                if not found:
                    break
            else:
                pytest.fail("the disk did not fill up")
            reads_are_served(http, server)
            filler.unlink()
            end = time.monotonic() + RESUMES_S
            while not (found := ask(http, server, "after")):
                assert time.monotonic() < end, "it does not go on when there is space"
            taken += found
        server.stop()
        found = stored_ids(server.home)
        assert set(taken) <= set(found)
        assert len(found) == len(set(found))
