"""Requests and memberships by two commands instead of one."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

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


def until(ask, holds):
    """What is told once it is as it should be: the lake and the engine's word follow within seconds."""
    tick, end = threading.Event(), time.monotonic() + 60
    while not holds(told := ask()):
        assert time.monotonic() < end, told
        tick.wait(0.05)
    return told


def test_one_takes_events_and_the_other_tells_changes(stopped, engine):
    stopped.start("--role", "web")
    with httpx.Client(auth=(stopped.key("write", "read", "manage"), ""), base_url=stopped.url, timeout=60) as http:
        http.post("/v1/segments", json={"name": "buyers", "when": SENTENCE}).raise_for_status()
        bought = {"type": "track", "userId": "u1", "messageId": "b", "event": "Order Completed"}
        http.post("/v1/batch", json={"batch": [bought]}).raise_for_status()
        (change,) = http.get("/v1/changes", params={"wait": 30, "segment": "buyers"}).json()["changes"]
        assert change["change"] == "entered"
        standing = until(lambda: http.get("/v1/subscribers/user_id:u1/segments").json(), lambda told: told["segments"])
        (own,) = [each for each in standing["segments"] if each["segment"] == "buyers"]
        assert (standing["reading"], own["since"], own["leaves_at"]) == ("sql", change["at"], None)
        ready = until(lambda: http.get("/readyz").json(), lambda told: told["engine"] == "following")
        assert ready == {"ready": True, "waiting": 0, "engine": "following"}
        figures = until(lambda: http.get("/metrics").text, lambda told: "shoal_subscribers 1.0" in told)
        assert "shoal_engine_alive 1.0" in figures
        assert "shoal_clock_lag_seconds" in figures
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(60) == 0
        told = http.get("/readyz")
        assert (told.status_code, told.json()["engine"]) == (503, "absent")
        assert "shoal_engine_alive 0.0" in http.get("/metrics").text


def test_there_is_one_engine_only(server, engine):
    assert engine.wait(60) == 2


def test_a_role_that_is_none_is_refused(stopped):
    command = [sys.executable, "-m", "shoal", "--home", str(stopped.home), "serve", "--role", "cook"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "all, web, engine" in done.stderr
