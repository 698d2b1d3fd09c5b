"""A real server on loopback, in a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from asked import Asked, filled, served

from shoal.flow.admitting import create_key
from shoal.flow.home import create, open_home

PATIENCE_S = 60


@dataclass
class Server:
    """A workspace that is served."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *options: str) -> None:
        """Start, and wait until it takes events."""
        command = [sys.executable, "-m", "shoal", "--home", str(self.home), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, *options], start_new_session=True)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, "the server ended by itself"
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End all of its processes."""
        if self.process is not None and self.process.poll() is None:
            if how == signal.SIGKILL:
                subprocess.run(["pkill", "-KILL", "-s", str(self.process.pid)], check=False)
            else:
                self.process.send_signal(how)
            self.process.wait(PATIENCE_S)
        self.process = None

    def settle(self) -> None:
        """Wait until its engine has started too, and takes no more memory for that."""
        end = time.monotonic() + PATIENCE_S
        while "shoal_clock_lag_seconds" not in httpx.get(f"{self.url}/metrics", timeout=PATIENCE_S).text:
            assert time.monotonic() < end, "the engine did not start"
            time.sleep(0.05)

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


def made(folder: Path) -> Server:
    """A server of a new workspace, not started yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    create(folder)
    return Server(folder, port)


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Server]:
    """A server that is not started yet."""
    server = made(tmp_path / "home")
    yield server
    server.stop(signal.SIGKILL)


@pytest.fixture
def server(stopped: Server) -> Server:
    """A server that takes events."""
    stopped.start()
    return stopped


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for tests after which nothing is kept."""
    server = made(tmp_path_factory.mktemp("shared") / "home")
    server.start()
    yield server
    server.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A small shop that is served by this process; nothing is followed."""
    with served(filled(tmp_path_factory.mktemp("told") / "home")) as asked:
        yield asked


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    """The same, for a test that changes it."""
    with served(filled(tmp_path / "home")) as asked:
        yield asked
