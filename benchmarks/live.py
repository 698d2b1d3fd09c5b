"""The server under load: `python -m benchmarks.live`; how fast, how soon told, and whether nothing is lost.

The clients and the listener run on the same machine, in processes of their own.
"""

from __future__ import annotations

import argparse
import http.client
import json
import operator
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from benchmarks.homes import FOLDER, made
from benchmarks.live_load import BATCH, MARK, Calls, Sent, load, quantile
from benchmarks.rows import Bar, Row, judged, measured, report
from benchmarks.segment_set import SEGMENTS, definitions
from shoal.core.ids import key_id, subscriber_text
from shoal.core.time import Instant
from shoal.flow import baseline
from shoal.flow import live as reading
from shoal.flow.admitting import create_key
from shoal.flow.applying import apply, decide
from shoal.flow.defining import known
from shoal.flow.home import Opened, open_home
from shoal.flow.reading import open_reading
from shoal.flow.unifying import unified
from shoal.segments import english, feed

LAPSE = "Benchmark Lapsed"
LAPSING = 10_000
PEOPLE = 1_000_000
SECONDS = 60

BARS = (
    Bar("events/s taken and told", operator.ge, 30_000, "≥ 30,000"),
    Bar("acknowledged after, p99, at 5,000/s", operator.le, 50, "≤ 50 ms"),
    Bar("told after, p50, at 5,000/s", operator.le, 150, "≤ 150 ms"),
    Bar("told after, p99, at 5,000/s", operator.le, 1_000, "≤ 1,000 ms"),
    Bar("lapse told after its instant, p99", operator.le, 1_000, "≤ 1,000 ms"),
    Bar("share of a core while idle", operator.le, 2, "≤ 2 %"),
    Bar("lost", operator.eq, 0, "0", exact=True),
    Bar("doubled", operator.eq, 0, "0", exact=True),
    Bar("memberships that a rebuild has otherwise", operator.eq, 0, "0", exact=True),
)


@dataclass(slots=True)
class Server:
    """A server of a workspace, in a process of its own."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Path) -> Server:
        """Start it; it is up when `wait` returns."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "shoal", "--home", str(home), "serve", "--port", str(port)]
        command += ["--log-level", "error"]
        return cls(home, port, subprocess.Popen(command, start_new_session=True))

    def wait(self, opened: Opened) -> float:
        """Seconds until the engine follows the segments."""
        start = time.monotonic()
        while True:
            with opened.database.read() as connection:
                if feed.state(connection) is not None:
                    return time.monotonic() - start
            assert self.process.poll() is None, "the server ended"
            time.sleep(0.2)

    def cpu(self) -> float:
        """Seconds of processor that its processes used."""
        ticks = 0
        for folder in self._processes():
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident gigabytes of its processes."""
        pages = 0
        for folder in self._processes():
            pages += int((folder / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e9

    def _processes(self) -> Iterator[Path]:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == self.process.pid:  # its session
                    yield folder

    def pids(self) -> list[int]:
        """Its processes."""
        return [int(folder.name) for folder in self._processes()]

    def stop(self) -> float:
        """Seconds that a graceful stop takes."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        return time.monotonic() - start


def listened(port: int, key: str, until: float, last: int) -> dict[str, float]:
    """When each entry into `marked` was seen on the feed, by subscriber; until a time, or so many."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seen: dict[str, float] = {}
    after = "newest"
    while time.time() < until and len(seen) < last:
        path = f"/v1/changes?after={after}&segment=marked&limit=1000&wait=5"
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        assert answer.status == 200, told
        now = time.time()
        for change in told["changes"]:
            seen.setdefault(change["subscriber"], now)
        after = told["next"]
    return seen


def copied(home: Path, folder: Path) -> Opened:
    """A workspace with the same lake, and 100 segments applied."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("lake", "derived"):
        shutil.copytree(home / part, folder / part, copy_function=os.link)
    shutil.copy(home / "shoal.db", folder)
    limits = "".join(f"requests_{what}: 0\n" for what in ("per_key", "per_address", "in_all"))
    (folder / "settings.yaml").write_text(f"{(home / 'settings.yaml').read_text()}\n{limits}")
    (folder / "segments").mkdir()
    said = {name: english(node) for name, node in definitions(SEGMENTS - 2).items()}
    said |= {"marked": f'did "{MARK}" in the last 7 days', "lapsing": f'did "{LAPSE}" in the last 2 minutes'}
    for name, sentence in said.items():
        (folder / "segments" / f"{name}.yaml").write_text(json.dumps({"name": name, "when": sentence}))
    return open_home(folder)


@dataclass(frozen=True, slots=True)
class Pace:
    """A load: events a second, for so long, over so many connections."""

    run: str
    a_second: int
    seconds: float
    clients: int
    first: int = 0  # number of the first batch


def paced(server: Server, key: str, people: int, pace: Pace) -> tuple[Sent, dict[str, float]]:
    """Load the server, and listen."""
    batches = int(pace.a_second * pace.seconds / BATCH)
    with ProcessPoolExecutor(2) as others:
        hearing = others.submit(listened, server.port, key, time.time() + pace.seconds + 120, batches)
        time.sleep(1)
        sending = others.submit(
            load,
            server.port,
            key,
            Calls(pace.run, people),
            a_second=pace.a_second,
            seconds=pace.seconds,
            clients=pace.clients,
            first=pace.first,
        )
        return sending.result(), hearing.result()


def told_after(opened: Opened, sent: Sent, seen: dict[str, float], when: str) -> Iterator[Row]:
    """How long after the acknowledgement of a mark its change was on the feed."""
    with opened.database.read() as connection:
        people = unified(opened.home, connection)
    subscriber = dict(zip(people["key"].to_pylist(), people["subscriber"].to_pylist(), strict=True))
    shown = {subscriber_text(subscriber[key_id(f"user:{user}")]): at for user, at in sent.marks.items()}
    took = [(seen[who] - at) * 1_000 for who, at in shown.items() if who in seen]
    yield measured(f"marks told, {when}", len(took), f"of {len(shown):,}")
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        yield measured(f"told after, {name}, {when}", quantile(took, share), "ms")


def lapses(server: Server, key: str, people: int) -> None:
    """Events whose window ends one after the other, from half a minute from now on."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    begin = time.time() - 120 + 30
    for start in range(0, LAPSING, BATCH):
        calls = [
            {
                "type": "track",
                "event": LAPSE,
                "userId": f"u{place * 97 % people:07d}",
                "messageId": f"lapse-{place}",
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at := begin + place * 0.003))
                + f".{int(at * 1_000) % 1_000:03d}Z",
            }
            for place in range(start, start + BATCH)
        ]
        headers = {"Authorization": f"Bearer {key}"}
        connection.request("POST", "/v1/batch", json.dumps({"batch": calls}), headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    time.sleep(30 + LAPSING * 0.003 + 5)


def lapsed(opened: Opened) -> list[float]:
    """Milliseconds from the instant of each lapse until it was told."""
    found: list[float] = []
    with opened.database.read() as connection:
        for _, told_at, rows in feed.batches(connection):
            left = rows.filter(pc.and_(pc.equal(rows["segment"], "lapsing"), pc.invert(rows["entered"])))
            found += (told_at - left["at"].to_numpy()).tolist()
    return found


def checked(opened: Opened, before: int, sent: int) -> Iterator[Row]:
    """What became of all that was sent, and whether a rebuild has the same members."""
    with open_reading(opened) as duck:
        stored, distinct = duck.execute("SELECT count(*), count(DISTINCT event_id) FROM events").fetchall()[0]
        yield measured("lost", before + sent - distinct, "")
        yield measured("doubled", stored - distinct, "")
        with opened.database.read() as connection:
            state, told = feed.state(connection), baseline.load(opened.home.derived, connection)
        assert state is not None
        assert told is not None
        built = reading.cold(duck, known(opened).sound, Instant(state.clock))
        own = [f"s{place:03}" for place in range(SEGMENTS - 2)] + ["marked", "lapsing"]  # starters have declared gaps
        yield measured("memberships that a rebuild has otherwise", len(told.differences(built, only=own)), "")


def measure(people: int, folder: Path, *, seconds: float, offered: int) -> Iterator[Row]:
    """All figures; at full speed so many events a second are offered for so long."""
    opened = copied(made(people, folder).home, folder / "live")
    apply(opened, decide(opened), actor="benchmark")
    key = create_key(opened, "benchmark", "shoal", ("write", "read"))[1]
    with open_reading(opened) as duck:
        before = duck.execute("SELECT count(*) FROM events").fetchall()[0][0]
    server = Server.start(opened.home.folder)
    total = LAPSING
    try:
        yield measured("until the engine follows", server.wait(opened))
        yield idle(server, min(30, seconds), settling=min(120, 2 * seconds))
        sent, seen = paced(server, key, people, Pace("slow", 5_000, min(30, seconds), 2))
        total += sent.events
        yield from answered(sent, "at 5,000/s")
        yield from told_after(opened, sent, seen, "at 5,000/s")
        sent, seen = paced(server, key, people, Pace("fast", offered, seconds, 24, first=2_000))
        total += sent.events
        yield measured("events/s taken and told", sent.events / (max(seen.values()) - min(sent.began)), "")
        yield measured("requests refused and sent again", sent.refused, "")
        yield from answered(sent, "at full speed")
        yield from told_after(opened, sent, seen, "at full speed")
        lapses(server, key, people)
        late = lapsed(opened)
        yield measured("lapses told", len(late), f"of {LAPSING:,}")
        yield measured("lapse told after its instant, p99", quantile(late, 0.99), "ms")
        yield measured("memory of the server", server.memory(), "GB")
    finally:
        stopping = server.stop()
    yield measured("graceful stop", stopping)
    yield from checked(opened, before, total)
    opened.database.close()


def idle(server: Server, seconds: float, settling: float) -> Row:
    """How much of a core the server uses while nothing arrives, once it has done what a start leaves to be done."""
    time.sleep(settling)
    start = server.cpu()
    time.sleep(seconds)
    return measured("share of a core while idle", 100 * (server.cpu() - start) / seconds, "%")


def answered(sent: Sent, when: str) -> Iterator[Row]:
    """How long requests took."""
    took = [(end - start) * 1_000 for start, end in zip(sent.began, sent.ended, strict=True)]
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        yield measured(f"acknowledged after, {name}, {when}", quantile(took, share), "ms")


def main() -> None:
    """Measure, print, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small list, for a few seconds")
    options.add_argument("--people", type=int, default=PEOPLE, help="size of the list")
    options.add_argument("--seconds", type=float, default=SECONDS, help="for how long it runs at full speed")
    options.add_argument("--folder", type=Path, default=FOLDER, help="where workspaces are made and kept")
    chosen = options.parse_args()
    people = 4_000 if chosen.quick else chosen.people
    seconds, offered = (5, 5_000) if chosen.quick else (chosen.seconds, 32_000)
    large = people >= PEOPLE and seconds >= SECONDS
    rows = judged(measure(people, chosen.folder, seconds=seconds, offered=offered), BARS, large=large)
    report("live" if large else f"live-{people}", rows)


if __name__ == "__main__":
    main()
