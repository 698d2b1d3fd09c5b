"""A served shop of a few hundred people, and a browser without a screen that looks at it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from shoal.core.time import now
from shoal.flow.admitting import create_key
from shoal.flow.home import open_home
from shoal.flow.saving import save
from shoal.flow.signing_in import create_user
from shoal.segments.files import Segment
from shoal.segments.library import starters
from shoal.segments.sentence import parse
from shoal.shop import simulate, write_exports
from shoal.workspace import Workspace

PASSWORD = "four words are enough"
ROLES = ("viewer", "editor", "admin")
PATIENCE_S = 60


@dataclass
class Served:
    """A workspace that is served on loopback."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it answers from memory."""
        command = [sys.executable, "-m", "shoal", "--home", str(self.home), "serve", "--port", str(self.port)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        self.process = subprocess.Popen(command, start_new_session=True, env=environment)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, "the server ended by itself"
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(PATIENCE_S)

    def cli(self, *words: str) -> str:
        """What a command says."""
        command = [sys.executable, "-m", "shoal", "--home", str(self.home), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def key(self, *scopes: str) -> str:
        opened = open_home(self.home)
        try:
            return create_key(opened, "a test", "web", scopes or ("write",))[1]
        finally:
            opened.database.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shop, with a user of each role and two saved segments."""
    folder = tmp_path_factory.mktemp("served")
    write_exports(simulate(400, 45, 7, until=now()), folder / "exports")
    Workspace.create(folder / "home").import_files([folder / "exports"])
    opened = open_home(folder / "home")
    for role in ROLES:
        create_user(opened, role, role, PASSWORD)
    save(opened, starters()["cart-abandoners"], actor="admin")
    save(opened, Segment("viewers", parse('did "Product Viewed"'), title="Viewers"), actor="admin")
    save(opened, Segment("signers", parse('did "Contract Signed"')), actor="admin")
    opened.database.close()
    served = Served(folder / "home", free_port())
    served.start()
    yield served
    served.stop()


@dataclass
class Look:
    """A page of the browser, and what went wrong on it."""

    page: object
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture
def look(chromium, shop) -> Iterator[Callable[..., Look]]:
    """Opens pages, signed in as a role; at the end nothing may have come from elsewhere or failed in the browser."""
    opened: list[Look] = []
    contexts = []

    def open_page(role: str = "editor", *, width: int = 1280, height: int = 800, scheme: str = "light") -> Look:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        made = Look(page)
        opened.append(made)
        page.on("request", lambda one: made.outside.append(one.url) if _is_outside(one.url, shop) else None)
        page.on("pageerror", lambda error: made.errors.append(str(error)))
        page.on("console", lambda one: made.errors.append(one.text) if _is_trouble(one) else None)
        if role:
            context.add_cookies([{"name": "shoal", "value": session(shop, role), "url": shop.url}])
        return made

    yield open_page
    for context in contexts:
        context.close()
    assert [one.outside for one in opened if one.outside] == []
    assert [one.errors for one in opened if one.errors] == []


_sessions: dict[tuple[int, str], str] = {}


@pytest.fixture
def session_of() -> Callable[[Served, str], str]:
    return session


def session(shop: Served, role: str) -> str:
    """A session, begun once a role and from an address of its own: signing in may be tried five times a minute."""
    if (shop.port, role) not in _sessions:
        address = f"127.0.0.{2 + ROLES.index(role)}"
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as client:
            said = {"name": role, "password": PASSWORD, "to": "/"}
            answer = client.post(f"{shop.url}/sign-in", data=said, headers={"Origin": shop.url})
        assert answer.status_code == 303
        _sessions[shop.port, role] = answer.cookies["shoal"]
    return _sessions[shop.port, role]


def _is_outside(url: str, shop: Served) -> bool:
    return urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).port != shop.port


def _is_trouble(message) -> bool:
    return message.type == "error" and "status of 4" not in message.text
