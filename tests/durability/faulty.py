"""A workspace that is served by this process, over files whose n-th call fails (`faults.c`, loaded before all else).

`python faulty.py FOLDER CASE` prints what was seen as JSON. The cases are `full`, `broken` and `unsynced`.
"""

from __future__ import annotations

import ctypes
import errno
import json
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from shoal.api.app import made
from shoal.api.environment import HOME, LOG_LEVEL, opened_workspace
from shoal.api.logs import Logged
from shoal.flow.admitting import create_key
from shoal.flow.home import create, open_home
from shoal.store import database

READ, WRITE, SYNC = 1, 2, 4
COMMITS, CHECKPOINTS = 400, 100
"""So many calls fail while commits are written, and so many while the log is taken into the database too."""
SYNCS = 6
CODES = ("disk_full", "disk_error", "damaged_database")
READS = ("/v1/segments", "/metrics", "/healthz")
SIZES = (8, 400, 6_000)
CASES = {"full": (errno.ENOSPC, WRITE), "broken": (errno.EIO, READ | WRITE)}

faults = ctypes.CDLL(None)


class Asker:
    """Sends numbered requests, and remembers what was answered."""

    def __init__(self, url: str, key: str) -> None:
        self.taken: list[str] = []
        self.refused = 0
        self.problems: list[str] = []
        self._http = httpx.Client(base_url=url, auth=(key, ""), timeout=30)
        self._number = 0
        self._random = random.Random(1)

    def send(self, *sizes: int) -> bool:
        """Send a request with texts of one of these sizes; whether it was taken."""
        self._number += 1
        ids = [f"r{os.getpid()}-{self._number}-{place}" for place in range(self._random.choice((1, 3, 20)))]
        size = self._random.choice(sizes)
        calls = [
            {
                "type": "track",
                "event": "Seen",
                "userId": "u1",
                "messageId": id_,
                "properties": {"id": id_, "text": self._random.randbytes(size).hex()},
            }
            for id_ in ids
        ]
        answer = self._http.post("/v1/batch", json={"batch": calls})
        if answer.status_code == 200:
            self.taken += ids
            return True
        self.refused += 1
        told = answer.json().get("error", {}).get("code")
        if answer.status_code != 503 or "retry-after" not in answer.headers or told not in CODES:
            self.problems.append(f"{answer.status_code} {answer.text}")
        return False

    def read(self) -> None:
        """Ask what needs no writing."""
        for path in READS:
            status = self._http.get(path).status_code
            if status != 200:
                self.problems.append(f"{path} {status}")


@contextmanager
def asked(key: str) -> Iterator[Asker]:
    """Serve the workspace that the environment names, as a server does, but without its engine."""
    server = uvicorn.Server(uvicorn.Config(Logged(made(opened_workspace())), port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Asker(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", key)
    finally:
        server.should_exit = True
        thread.join()


def each_call(key: str, error: int, kinds: int) -> dict[str, object]:
    """Of each request the first call fails, then of the next the second, and so on until none did."""
    failed = kept = nth = 0
    with asked(key) as asker:
        while failed < COMMITS + CHECKPOINTS:
            database.CHECKPOINT_S = float("inf") if failed < COMMITS else 0
            nth += 1
            was_taken, has_failed = one_call(asker, nth, error, kinds)
            failed, kept = failed + has_failed, kept + (has_failed and was_taken)
            nth = nth if has_failed else 0
        if not asker.send(*SIZES):
            asker.problems.append("not taken again")
        return {"kept": kept, "refused": asker.refused, "taken": asker.taken, "problems": asker.problems}


def one_call(asker: Asker, nth: int, error: int, kinds: int) -> tuple[bool, bool]:
    """Send a request whose n-th call fails: whether it was taken, and whether there was such a call.

    A full disk stays full until the request was answered and something was read; another error comes once.
    """
    lasts = error == errno.ENOSPC
    faults.faults_arm(nth, kinds, error, lasts)
    was_taken = asker.send(*SIZES)
    has_failed = bool(faults.faults_failed())
    if has_failed and lasts and nth % 4 == 0:
        asker.read()
    faults.faults_arm(0, 0, 0, 0)
    if not has_failed and not was_taken:
        asker.problems.append("refused, though nothing failed")
    return was_taken, has_failed


def each_sync(key: str) -> dict[str, object]:
    """The first sync fails in one process, the second in another, and so on: how each ended, and what it did then."""
    database.CHECKPOINT_S = 0  # after each commit, so that a sync of the database fails too
    ended, after, taken = [], [], []
    for nth in range(1, SYNCS + 1):
        reader, writer = os.pipe()
        if not (child := os.fork()):
            os.close(reader)
            one_sync(key, nth, writer)
        os.close(writer)
        with os.fdopen(reader) as told:
            taken += told.read().split()
        ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        after.append(faults.faults_after())
    return {"ended": ended, "after": after, "taken": taken}


def one_sync(key: str, nth: int, told: int) -> None:
    """Send until the process ends by itself; what was taken is told at once."""
    with asked(key) as asker:
        faults.faults_arm(nth, SYNC, errno.EIO, 0)
        while not faults.faults_failed():
            asker.taken.clear()
            asker.send(*SIZES)
            os.write(told, " ".join([*asker.taken, ""]).encode())
    os._exit(0)


def main(folder: Path, case: str) -> None:
    """Make the workspace, and let it be served."""
    logging.disable()
    os.environ |= {HOME: str(folder), LOG_LEVEL: "error"}
    create(folder)
    opened = open_home(folder)
    key = create_key(opened, "a test", "web", ("write", "read"))[1]
    opened.database.close()
    faults.faults_watch(b"/shoal.db")
    found = each_sync(key) if case == "unsynced" else each_call(key, *CASES[case])
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
