"""Real servers on loopback: in processes of their own, or in this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from asked import Asked, filled
from asked import served as served_here

from homes import create
from serving import Server, served
from shoal.flow.home import open_home


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Server]:
    """A server that is not started yet."""
    with served(tmp_path / "home") as server:
        yield server


@pytest.fixture
def server(stopped: Server) -> Server:
    """A server that takes events."""
    stopped.start()
    return stopped


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for tests after which nothing is kept."""
    with served(tmp_path_factory.mktemp("shared") / "home") as server:
        server.start()
        yield server


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A small shop that is served by this process; nothing is followed."""
    with served_here(filled(tmp_path_factory.mktemp("told") / "home")) as asked:
        yield asked


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Asked]:
    """An empty workspace that is served by this process, without an engine."""
    create(tmp_path / "home")
    with served_here(open_home(tmp_path / "home")) as asked:
        yield asked


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    """The small shop, for a test that changes it."""
    with served_here(filled(tmp_path / "home")) as asked:
        yield asked
