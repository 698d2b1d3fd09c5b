"""The server under too much: `python -m benchmarks.overload`; what it refuses, how others fare, how soon it recovers.

The clients run on the same machine, in processes of their own, and take part of its processors.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import operator
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.homes import FOLDER, made
from benchmarks.live import Server, copied
from benchmarks.live_load import BATCH, Calls, quantile
from benchmarks.overload_load import Answers, Stream, beside, headers, slow
from benchmarks.rows import Bar, Row, judged, measured, report
from shoal.flow.admitting import create_key
from shoal.flow.applying import apply, decide
from shoal.flow.home import Opened
from shoal.flow.known import Known

PEOPLE = 100_000
SECONDS, LONG_S = 20, 600
NORMAL = 10.0
"""Batches a second that are sent when nothing is the matter."""
OTHERS = 5
SLOW = 500
IDS = 10_000_000
TURN = 20_000

BARS = (
    Bar("answers other than 200, 429 and 503", operator.eq, 0, "0", exact=True),
    Bar("memory above that before, at 3 times", operator.le, 512, "≤ 512 MB"),
    Bar("acknowledged after, p99, at 3 times", operator.le, 500, "≤ 500 ms"),
    Bar("acknowledged after, p99, within 30 s after", operator.le, 100, "≤ 100 ms"),
    Bar("p99 beside 500 slow clients", operator.le, 2, "≤ 2 times"),
    Bar("gzip bomb refused after", operator.le, 50, "≤ 50 ms"),
    Bar("memory that gzip bombs take", operator.le, 20, "≤ 20 MB"),
    Bar("p99 of others beside a key at 10 times its load", operator.le, 1.25, "≤ 1.25 times"),
    Bar("from kill -9 until it takes events", operator.le, 5, "≤ 5 s"),
    Bar("from space again until it takes events", operator.le, 10, "≤ 10 s"),
    Bar("whether a new event is known, of 10 M, p99", operator.le, 1, "≤ 1 ms"),
)


@dataclass(slots=True)
class Measured:
    """A server that is measured, and the keys of those who send."""

    opened: Opened
    keys: list[str]
    people: int
    server: Server
    runs: int = 0

    def send(self, *groups: Sequence[Stream], seconds: float) -> list[list[Answers]]:
        """Send groups of streams, each from a process of its own; no event was sent before."""
        self.runs += 1
        named = [
            [
                Stream(each.key, f"{self.runs}-{place}-{each.run}", each.a_second, each.clients, each.forges)
                for each in some
            ]
            for place, some in enumerate(groups)
        ]
        return beside(self.server.port, *named, people=self.people, seconds=seconds)

    def normal(self, seconds: float) -> Answers:
        """What somebody sees who sends a little."""
        return self.send([Stream(self.keys[0], "normal", NORMAL, 2)], seconds=seconds)[0][0]

    def restart(self, *settings: str) -> None:
        """Serve anew, with these settings behind those that there are."""
        file = self.opened.home.settings
        names = {each.partition(":")[0] for each in settings}
        kept = [line for line in file.read_text().splitlines() if line.partition(":")[0] not in names]
        file.write_text("\n".join([*kept, *settings, ""]))
        while self.server.pids():  # the last of them holds the workspace
            time.sleep(0.02)
        self.server = Server.start(self.opened.home.folder)

    def takes(self) -> bool:
        """Whether an event is taken now."""
        self.runs += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            body, _ = Calls(f"asked-{self.runs}", self.people).body(0)
            connection.request("POST", "/v1/batch", body, headers(Stream(self.keys[0], "", 0)))
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def until_it_takes(self) -> float:
        """Seconds from now on."""
        start = time.monotonic()
        while not self.takes():
            assert self.server.process.poll() is None, "the server ended"
            time.sleep(0.02)
        return time.monotonic() - start


def overloaded(one: Measured, seconds: float) -> Iterator[Row]:
    """Three times as much as it can take, and what is left of that afterwards."""
    alone = one.normal(min(seconds, 10))
    yield measured(f"acknowledged after, p99, at {NORMAL * BATCH:,.0f} events/s", alone.p99(), "ms")
    [[full]] = one.send([Stream(one.keys[0], "full", 0, 16)], seconds=min(seconds, 10))
    pace = full.taken / min(seconds, 10)
    yield measured("sustainable load", pace, "events/s")
    before, most = one.server.memory(), [0.0]
    ended = threading.Event()
    watching = threading.Thread(target=_watch, args=(one.server, most, ended))
    watching.start()
    halves = [[Stream(one.keys[half], "over", 1.5 * pace / BATCH, 150)] for half in (0, 1)]
    [[first], [second]] = one.send(*halves, seconds=seconds)
    ended.set()
    watching.join()
    over = first + second
    yield measured("offered", len(over.sent) * BATCH / seconds / pace, "times that")
    yield measured("taken of it", over.taken / seconds, "events/s")
    yield measured("answers other than 200, 429 and 503", sum(over.statuses.values()) - _good(over), "")
    yield measured("memory above that before, at 3 times the load", 1_000 * (most[0] - before), "MB")
    yield measured("acknowledged after, p99, at 3 times the load", over.p99(), "ms")
    start, seconds = time.time(), 30 if seconds >= SECONDS else 10
    after = one.normal(seconds)
    yield measured("acknowledged after, p99, within 30 s after", after.p99(start + 2 / 3 * seconds), "ms")


def _watch(server: Server, most: list[float], ended: threading.Event) -> None:
    while not ended.wait(0.2):
        most[0] = max(most[0], server.memory())


def _good(answers: Answers) -> int:
    return sum(answers.statuses[status] for status in (200, 429, 503))


def beside_slow_clients(one: Measured, seconds: float, rounds: int) -> Row:
    """How much longer others wait while many clients send a byte now and then: the median of some comparisons."""
    found = []
    for _ in range(rounds):
        alone = one.normal(seconds)
        with slow(one.server.port, SLOW):
            time.sleep(2)  # for them to come
            found.append(one.normal(seconds).p99() / alone.p99())
    return measured(f"p99 beside {SLOW} slow clients", median(found), "times that without")


def bombs(one: Measured, many: int) -> Iterator[Row]:
    """A body of half a megabyte that would become half a gigabyte."""
    body = gzip.compress(bytes(1 << 30), 9)[:500_000]
    sent = headers(Stream(one.keys[0], "", 0)) | {"Content-Encoding": "gzip"}
    took, before, most = [], 0.0, 0.0
    for number in range(many + 1):
        connection = http.client.HTTPConnection("127.0.0.1", one.server.port, timeout=60)
        start = time.perf_counter()
        connection.request("POST", "/v1/batch", body, sent)
        status = connection.getresponse().status
        took.append(time.perf_counter() - start)
        connection.close()
        assert status == 413, status
        before = before if number else one.server.memory()  # the first makes what all need
        most = max(most, one.server.memory())
    yield measured("gzip bomb refused after, p50", 1_000 * median(took[1:]), "ms")
    yield measured("memory that gzip bombs take", 1_000 * (most - before), "MB")


def fairness(one: Measured, pace: float, seconds: float, rounds: int, what: str) -> Row:
    """How much longer others wait while one key sends ten times its load, each request as if from elsewhere."""
    others = [Stream(key, "other", pace, 2) for key in one.keys[1:]]
    greedy, found = Stream(one.keys[0], "greedy", 10 * pace, 20, forges=True), []
    usual = Stream(one.keys[0], "usual", pace, 2)
    for _ in range(rounds):
        alone = sum(one.send(others, [usual], seconds=seconds)[0], Answers())
        beside = sum(one.send(others, [greedy], seconds=seconds)[0], Answers())
        found.append(beside.p99() / alone.p99())
    return measured(f"p99 of others {what}", median(found), "times that without")


def killed(one: Measured) -> float:
    """Seconds from the start after a kill under load until it takes events."""
    sending = threading.Thread(target=one.send, args=([Stream(one.keys[0], "killed", 50, 4)],), kwargs={"seconds": 3})
    sending.start()
    time.sleep(2)
    subprocess.run(["pkill", "-KILL", "-s", str(one.server.process.pid)], check=True)
    one.server.process.wait()
    sending.join()
    one.restart()
    return one.until_it_takes()


def filled_up(one: Measured) -> float:
    """Seconds from when there is space again until it takes events."""
    for limit in (4_096, resource.RLIM_INFINITY):
        for pid in one.server.pids():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        if limit != resource.RLIM_INFINITY:
            while one.takes():
                pass
            time.sleep(5)
    return one.until_it_takes()


def known(ids: int) -> float:
    """Milliseconds of processor time to say of an event that it is new, p99, while so many are known."""
    draw, all_known = np.random.default_rng(1), Known()
    for _ in range(0, ids, TURN):
        all_known.add(draw.integers(-(2**63), 2**63, TURN, dtype=np.int64), [])
    took = []
    for _ in range(5_000):
        event = draw.integers(-(2**63), 2**63, 1, dtype=np.int64)
        start = time.thread_time()
        all_known.files_of(event)
        took.append(1_000 * (time.thread_time() - start))
    return quantile(took, 0.99)


def measure(people: int, folder: Path, *, seconds: float, rounds: int) -> Iterator[Row]:
    """All figures."""
    yield measured("other work on the machine before, load average", os.getloadavg()[0], "")
    opened = copied(made(people, folder).home, folder / "overload")
    apply(opened, decide(opened), actor="benchmark")
    keys = [create_key(opened, f"benchmark {each}", f"shop{each}", ("write",))[1] for each in range(OTHERS + 1)]
    one = Measured(opened, keys, people, Server.start(opened.home.folder))
    some = min(seconds, 10)
    try:
        one.server.wait(opened)
        rows = list(overloaded(one, seconds))
        yield from rows
        pace = float(next(row.figure for row in rows if row.what == "sustainable load").split()[0].replace(",", ""))
        yield beside_slow_clients(one, some, rounds)
        yield from bombs(one, 50)
        pace = pace / BATCH / 20
        yield fairness(one, pace, some, rounds, "beside a key at 10 times, by turns alone")
        yield measured("from space again until it takes events", filled_up(one))
        yield measured("from kill -9 until it takes events, slowest", max(killed(one) for _ in range(rounds)))
        one.server.stop()
        one.restart(f"requests_per_key: {int(2 * pace) + 1}")
        one.until_it_takes()
        yield fairness(one, pace, some, rounds, "beside a key at 10 times its load, limited to twice its own")
    finally:
        one.server.stop()
        opened.database.close()
    yield measured("whether a new event is known, of 10 M, p99", known(IDS), "ms")


def main() -> None:
    """Measure, print, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small list, for a few seconds")
    options.add_argument("--long", action="store_true", help="ten minutes of overload")
    options.add_argument("--people", type=int, default=PEOPLE, help="size of the list")
    options.add_argument("--folder", type=Path, default=FOLDER, help="where workspaces are made and kept")
    chosen = options.parse_args()
    people = 4_000 if chosen.quick else chosen.people
    seconds = 5 if chosen.quick else LONG_S if chosen.long else SECONDS
    large = people >= PEOPLE and seconds >= SECONDS
    rows = judged(measure(people, chosen.folder, seconds=seconds, rounds=1 if chosen.quick else 3), BARS, large=large)
    name = "overload" if large else f"overload-{people}"
    report(f"{name}-long" if chosen.long else name, rows)


if __name__ == "__main__":
    main()
