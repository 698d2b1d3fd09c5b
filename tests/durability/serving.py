"""A served workspace that may be traced, limited and killed, and clients that remember what was acknowledged."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from shoal.flow.admitting import create_key
from shoal.flow.home import create, open_home

PATIENCE_S = 60


@dataclass
class Server:
    """A workspace that is served by processes of its own; what they say goes to a file."""

    home: Path
    port: int
    before: Sequence[str] = ()  # words that stand before the command, such as a tracer's
    limit: Callable[[], None] | None = None  # called in the new process
    process: subprocess.Popen[bytes] | None = None
    options: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home.with_suffix(".log")

    def start(self) -> None:
        """Start, and wait until it takes events."""
        command = [sys.executable, "-m", "shoal", "--home", str(self.home), "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.before, *command, *self.options],
                start_new_session=True,
                stdout=log,
                stderr=log,
                preexec_fn=self.limit,  # noqa: PLW1509 - only sets a limit
            )
        self.wait_for(200)

    def wait_for(self, status: int) -> None:
        """Wait until it says that it is ready, or that it is not."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == status:
                    return
            except httpx.TransportError:
                assert self.process is not None
                assert self.process.poll() is None, f"the server ended by itself: {self.log.read_text()[-2000:]}"
            time.sleep(0.05)
        raise AssertionError(f"the server did not come to {status}: {self.log.read_text()[-2000:]}")

    def told_to_stop(self) -> int:
        """Stop it as a supervisor does; its exit status."""
        assert self.process is not None
        if self.before:  # a tracer ends with what it traces
            subprocess.run(["pkill", "-TERM", "-P", str(self.process.pid)], check=True)
        else:
            self.process.terminate()
        status = self.process.wait(PATIENCE_S)
        self.process = None
        return status

    def kill(self) -> None:
        """End all of its processes at once."""
        if self.process is not None and self.process.poll() is None:
            session = str(self.process.pid)
            subprocess.run(["pkill", "-KILL", "-s", session], check=False)
            self.process.wait(PATIENCE_S)
            while subprocess.run(["pgrep", "-s", session], check=False, capture_output=True).returncode == 0:
                time.sleep(0.02)  # those that were traced end a little later
        self.process = None

    def key(self, *scopes: str) -> str:
        """A new key."""
        opened = open_home(self.home)
        try:
            return create_key(opened, "a test", "web", scopes or ("write",))[1]
        finally:
            opened.database.close()


@contextmanager
def served(folder: Path, **how: object) -> Iterator[Server]:
    """A server of a new workspace that is not started yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    create(folder)
    server = Server(folder, port, **how)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.kill()


def batch(name: str, size: int = 20) -> tuple[list[str], dict[str, object]]:
    """The ids of some calls, and the body that hands them in."""
    ids = [f"{name}-{place}" for place in range(size)]
    calls = [
        {"type": "track", "event": "Seen", "userId": f"u{place % 7}", "messageId": id_, "properties": {"id": id_}}
        for place, id_ in enumerate(ids)
    ]
    return ids, {"batch": calls}


class Load:
    """Clients that send until they are told to end; what was answered with 200 is in `acknowledged`."""

    def __init__(self, server: Server, key: str, clients: int = 3) -> None:
        self.acknowledged: set[str] = set()
        self.broken = 0  # requests that began to be answered, and were not
        self.other: list[int] = []  # statuses other than 200
        self._ended = threading.Event()
        self._server, self._key = server, key
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, many: int) -> None:
        """Wait until so many events were acknowledged."""
        end = time.monotonic() + PATIENCE_S
        while len(self.acknowledged) < many:
            assert time.monotonic() < end, f"only {len(self.acknowledged)} events were taken"
            time.sleep(0.01)

    def _send(self, client: int) -> None:
        number = 0
        with httpx.Client(auth=(self._key, ""), timeout=20) as http:
            while not self._ended.is_set():
                ids, body = batch(f"{client}-{number}")
                try:
                    status = http.post(f"{self._server.url}/v1/batch", json=body).status_code
                except httpx.ConnectError:
                    return
                except httpx.TransportError:
                    self.broken += 1
                    return
                if status == 200:
                    self.acknowledged.update(ids)
                else:
                    self.other.append(status)
                number += 1


def stored_ids(home: Path) -> list[str]:
    """The ids of all events of a workspace that nobody serves, the journal taken to the lake first."""
    from shoal.flow.drain import Drain
    from shoal.flow.home import one_writer
    from shoal.flow.reading import open_reading
    from shoal.flow.unifying import unify

    opened = open_home(home)
    try:
        with one_writer(opened.home), Drain(opened.home, opened.database) as drain:
            while drain.turn() is not None:
                pass
        unify(opened)
        with open_reading(opened) as duck:
            if not duck.execute("SELECT count(*) FROM records").fetchall()[0][0]:
                return []
            return [id_ for (id_,) in duck.execute("SELECT properties['id']::VARCHAR FROM events").fetchall()]
    finally:
        opened.database.close()
