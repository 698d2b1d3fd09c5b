"""What several rooms' tests share."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import comparing
import httpx._transports.default as of_httpx
import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

# The machine that runs the suite may be busy; the laws, not the clock, decide.
settings.register_profile("shoal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shoal")

# A client reads all certificates of the machine, 20 ms each time; one that was read serves thousands of clients.
of_httpx.create_ssl_context = cache(of_httpx.create_ssl_context)


CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]

_CASES = "generated cases"

SLOW = (
    *("api/test_kill.py", "differential/", "laws/", "durability/", "segments/warehouse/", "api/test_description.py"),
    *("flow/", "api/", "ui/", "cli/", "segments/live/", "ingest/", "measurement/"),
)
"""Files that are run before the others, the slowest first: no process is left with one while others have nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first."""
    items.sort(key=lambda item: _place(item.path.resolve().relative_to(HERE).as_posix()))


def _place(path: str) -> int:
    return next((place for place, slow in enumerate(SLOW) if path.startswith(slow)), len(SLOW))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """What a test compared goes with its report, also from a process of xdist."""
    result = yield
    told = comparing.taken()
    if told:
        item.user_properties.append((_CASES, told))
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run of all tests fails where it compared too little."""
    if _is_whole(session.config) and comparing.shortage(_compared(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how much was compared."""
    total = _compared(config)
    if total:
        terminalreporter.write_line(comparing.summary(total))
    for line in comparing.shortage(total) if _is_whole(config) else ():
        terminalreporter.write_line(f"FAILED too little was compared: {line}", red=True)


def _compared(config: pytest.Config) -> Counter[tuple[str, str]]:
    reporter: pytest.TerminalReporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = (one for some in reporter.stats.values() for one in some if getattr(one, "when", "") == "call")
    return comparing.totalled(told for one in reports for name, told in one.user_properties if name == _CASES)


def _is_whole(config: pytest.Config) -> bool:
    """Whether this is the process that reports, and it ran every test."""
    choices = ("keyword", "markexpr", "lf", "deselect", "collectonly", "maxfail")
    chosen = any(config.getoption(name, None) for name in choices)
    here = not hasattr(config, "workerinput")
    return here and not chosen and config.args_source is pytest.Config.ArgsSource.TESTPATHS


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real inputs, kept outside the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real inputs (../shared/data) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL of an empty database of a private PostgreSQL cluster that this test session starts and ends.

    It listens on a Unix socket in a folder of its own and on no port. The server refuses to run as root,
    so for root it runs as `postgres` or `nobody`.
    """
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server binaries (initdb, postgres) are on this machine")
    # Socket paths are limited to 107 bytes, so not below pytest's long folder names.
    with tempfile.TemporaryDirectory(prefix="shoal-pg-", ignore_cleanup_errors=True) as folder:
        account = _server_account(Path(folder))
        cluster = str(Path(folder, "cluster"))
        initdb = [programs["initdb"], "-D", cluster, "-U", "shoal", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run([*account, *initdb], check=True, capture_output=True, cwd=folder)
        options = ["-D", cluster, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        server = subprocess.Popen(
            [*account, programs["postgres"], *options], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            url = f"postgresql://shoal@/postgres?host={folder}"
            _wait_until_it_answers(url, server)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # "fast shutdown": open sessions are ended
            server.wait(30)


def _postgresql_programs() -> dict[str, str] | None:
    """Paths of initdb and postgres, from one installation: the newest on the machine, or what is on the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    for folder in (*map(str, versions), None):
        found = {name: shutil.which(name, path=folder) for name in ("initdb", "postgres")}
        if all(found.values()):
            return {name: path for name, path in found.items() if path}
    return None


def _server_account(folder: Path) -> list[str]:
    """Prefix of a command that runs it under an account that the server accepts."""
    if os.getuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            os.chown(folder, account.pw_uid, account.pw_gid)
            ids = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
            return ["setpriv", *ids, "--"]
    pytest.skip("PostgreSQL refuses to run as root, and there is no account postgres or nobody")


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A browser without a screen; one for all tests of a process, since Playwright runs but once in a thread."""
    sync = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()
