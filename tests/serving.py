"""A served workspace in processes of its own, on loopback; it may be traced, limited and killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from homes import create
from shoal.flow.admitting import create_key
from shoal.flow.drain import Drain
from shoal.flow.home import Opened, one_writer, open_home
from shoal.flow.unifying import unify

PATIENCE_S = 60


@dataclass
class Server:
    """A workspace and the processes that serve it; what they say goes to a file."""

    home: Path
    port: int
    before: Sequence[str] = ()  # words that stand before the command, such as a tracer's
    limit: Callable[[], None] | None = None  # called in the new process
    options: Sequence[str] = ("--no-pages",)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home.with_suffix(".log")

    def start(self, *options: str) -> None:
        """Start, and wait until it takes events."""
        command = [*self.before, *self._shoal("serve", "--port", str(self.port), *self.options, *options)]
        # NiceGUI serves nothing where this name tells it of a test.
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                start_new_session=True,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment,
                preexec_fn=self.limit,  # noqa: PLW1509 - only sets a limit
            )
        self.wait_for(200)

    def wait_for(self, status: int) -> None:
        """Wait until it says that it is ready, or that it is not."""
        end = time.monotonic() + PATIENCE_S
        with httpx.Client(base_url=self.url) as http:
            while time.monotonic() < end:
                try:
                    if http.get("/readyz").status_code == status:
                        return
                except httpx.TransportError:
                    assert self.process is not None
                    assert self.process.poll() is None, f"the server ended by itself: {self._said()}"
                time.sleep(0.05)
        raise AssertionError(f"the server did not come to {status}: {self._said()}")

    def settle(self) -> None:
        """Wait until its engine has started too, and takes no more memory for that."""
        end = time.monotonic() + PATIENCE_S
        while "shoal_clock_lag_seconds" not in httpx.get(f"{self.url}/metrics", timeout=PATIENCE_S).text:
            assert time.monotonic() < end, f"the engine did not start: {self._said()}"
            time.sleep(0.05)

    def stop(self) -> int | None:
        """Stop it as a supervisor does; its exit status, and None where it did not run."""
        if self.process is None or self.process.poll() is not None:
            return None
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

    def memory_mb(self) -> float:
        """Of all its processes together."""
        assert self.process is not None
        command = ["ps", "-o", "rss=", "-g", str(self.process.pid)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        return sum(map(int, found.stdout.split())) / 1024

    def key(self, *scopes: str, source: str = "web") -> str:
        """A new key."""
        opened = open_home(self.home)
        try:
            return create_key(opened, "a test", source, scopes or ("write",))[1]
        finally:
            opened.database.close()

    def cli(self, *words: str) -> str:
        """What a command says."""
        return subprocess.run(self._shoal(*words), check=True, capture_output=True, text=True).stdout

    def _shoal(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "shoal", "--home", str(self.home), *words]

    def _said(self) -> str:
        return self.log.read_text()[-2000:]


def at(home: Path, **how: object) -> Server:
    """A server of a workspace that is there, not started yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Server(home, port, **how)  # type: ignore[arg-type]


@contextmanager
def served(folder: Path, **how: object) -> Iterator[Server]:
    """A server of a new workspace, not started yet; at the end nothing of it runs."""
    create(folder)
    server = at(folder, **how)
    try:
        yield server
    finally:
        server.kill()


def take_to_the_lake(opened: Opened) -> None:
    """What a server does with its journal before it stops, for a workspace that has no engine."""
    with one_writer(opened.home), Drain(opened.home, opened.database) as drain:
        while drain.turn() is not None:
            pass
    unify(opened)
