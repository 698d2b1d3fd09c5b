"""Requests and memberships by two commands instead of one."""

from __future__ import annotations

import signal
import subprocess
import sys

import httpx
import pytest

SENTENCE = 'did "Order Completed" in the last 7 days'


@pytest.fixture
def engine(stopped):
    """The engine of the workspace, alone."""
    command = [sys.executable, "-m", "shoal", "--home", str(stopped.home), "serve", "--role", "engine"]
    with subprocess.Popen(command, start_new_session=True) as process:
        yield process
        process.kill()


def test_one_takes_events_and_the_other_tells_changes(stopped, engine):
    stopped.start("--role", "web")
    with httpx.Client(auth=(stopped.key("write", "read", "manage"), ""), base_url=stopped.url, timeout=60) as http:
        http.post("/v1/segments", json={"name": "buyers", "when": SENTENCE}).raise_for_status()
        bought = {"type": "track", "userId": "u1", "messageId": "b", "event": "Order Completed"}
        http.post("/v1/batch", json={"batch": [bought]}).raise_for_status()
        (change,) = http.get("/v1/changes", params={"wait": 30, "segment": "buyers"}).json()["changes"]
        assert change["change"] == "entered"
        assert "shoal_engine_alive" not in http.get("/metrics").text
    engine.send_signal(signal.SIGTERM)
    assert engine.wait(60) == 0


def test_there_is_one_engine_only(server, engine):
    assert engine.wait(60) == 2


def test_a_role_that_is_none_is_refused(stopped):
    command = [sys.executable, "-m", "shoal", "--home", str(stopped.home), "serve", "--role", "cook"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "all, web, engine" in done.stderr
