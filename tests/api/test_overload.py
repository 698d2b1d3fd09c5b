"""More than the server can take: it says so, keeps its memory, and is itself again afterwards."""

from __future__ import annotations

import base64
import gzip
import json
import os
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest
from asked import in_a_loop
from starlette.requests import Request

from shoal.api import bodies
from shoal.core.errors import UserError
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading

LONG = bool(os.environ.get("SHOAL_SOAK"))
OVERLOAD_S = 600 if LONG else 5
CLIENTS = 24
SIZE = 200
MOST_MB = 512
BOMB_MB = 20


@dataclass
class Load:
    """Clients that send as fast as they are answered, and faster than the disk."""

    server: object
    key: str
    statuses: Counter = field(default_factory=Counter)
    kept: int = 0
    problems: list = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def client(self, number):
        turn = 0
        with httpx.Client(auth=(self.key, ""), timeout=60) as http:
            while not self.ended.is_set():
                calls = [
                    {"type": "track", "event": "Seen", "userId": f"u{each}", "messageId": f"{number}-{turn}-{each}"}
                    for each in range(SIZE)
                ]
                answer = http.post(f"{self.server.url}/v1/batch", json={"batch": calls})
                self.statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    self.kept += SIZE
                elif "retry-after" not in answer.headers or set(answer.json()) != {"error"}:
                    self.problems.append(answer.text)
                turn += 1


def test_too_much_is_refused_and_nothing_that_was_taken_is_lost(stopped):
    (stopped.home / "settings.yaml").write_text("requests_per_key: 20\n")
    stopped.start()
    stopped.settle()
    load = Load(stopped, stopped.key())
    before = stopped.memory_mb()
    clients = [threading.Thread(target=load.client, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    end, most = time.monotonic() + OVERLOAD_S, before
    while time.monotonic() < end or 429 not in load.statuses:
        most = max(most, stopped.memory_mb())
        assert httpx.get(f"{stopped.url}/healthz", timeout=30).status_code == 200
    load.ended.set()
    for client in clients:
        client.join()
    assert {200, 429} <= set(load.statuses) <= {200, 429, 503}
    assert load.problems == []
    assert most < before + MOST_MB
    stopped.stop()
    opened = open_home(stopped.home)
    with open_reading(opened) as duck:
        assert duck.execute("SELECT count(*) FROM events").fetchall() == [(load.kept,)]
    opened.database.close()


def test_a_bomb_costs_little(server):
    bomb = gzip.compress(bytes(1 << 30), 9)
    assert len(bomb) > 1_000_000
    headers = {"Content-Encoding": "gzip"}
    key = server.key()

    def refused():
        return httpx.post(f"{server.url}/v1/batch", content=bomb[:500_000], auth=(key, ""), headers=headers, timeout=30)

    assert refused().status_code == 413
    server.settle()
    before = most = server.memory_mb()
    for _ in range(20):
        answer = refused()
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        most = max(most, server.memory_mb())
    assert most - before <= BOMB_MB
    whole = httpx.post(f"{server.url}/v1/batch", content=bomb, auth=(key, ""), headers=headers, timeout=30)
    assert whole.status_code == 413


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/segments/preview", "/v1/webhooks/x"])
def test_a_body_without_a_length_is_limited_while_it_comes(shared, path):
    key = shared.key("write", "read")

    def endless():
        for _ in range(10_000):
            yield b"x" * 10_000

    try:
        answer = httpx.post(f"{shared.url}{path}", content=endless(), auth=(key, ""), timeout=30)
    except httpx.TransportError:  # the server answered and hung up while the client still sent
        return
    assert answer.status_code in (404, 413)


def test_slow_clients_do_not_stop_others(shared):
    key = shared.key()
    slow = []
    for _ in range(200):
        one = socket.create_connection(("127.0.0.1", shared.port))
        one.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        slow.append(one)
    for number in range(20):
        body = {"event": "Seen", "userId": "u1", "messageId": str(number)}
        assert httpx.post(f"{shared.url}/v1/track", json=body, auth=(key, ""), timeout=10).status_code == 200
    for one in slow:
        one.close()


def test_a_body_has_to_come_in_time(asked, monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.05)
    port = asked.url.rpartition(":")[2]
    key = base64.b64encode(f"{asked.keys['all']}:".encode()).decode()
    head = f"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {key}\r\nContent-Length: 100\r\n\r\n{{"
    with socket.create_connection(("127.0.0.1", int(port)), timeout=30) as slow:
        slow.sendall(head.encode())
        told = slow.recv(65_536).decode()
    assert told.startswith("HTTP/1.1 408")
    assert "too_slow" in told


def test_who_goes_away_while_it_sends_is_no_mistake_of_ours():
    came = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive():
        return next(came)

    with pytest.raises(UserError) as told:
        in_a_loop(bodies.body_of(Request({"type": "http", "headers": []}, receive), 100))
    assert told.value.code == "cut_off"


def test_a_full_queue_is_told_with_when_to_come_back(asked, monkeypatch):
    asked.app.state.intake._most_waiting = -1
    monkeypatch.setattr(asked.app.state.intake, "_rows", 10)
    calls = [{"type": "track", "event": "Seen", "userId": "u"}]
    answer = asked.ask("POST", "/v1/batch", {"batch": calls})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert json.loads(answer.text)["error"]["code"] == "too_busy"
