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
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

# The machine that runs the suite may be busy; the laws, not the clock, decide.
settings.register_profile("shoal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shoal")


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
