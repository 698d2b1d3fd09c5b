"""Streams on the real server: it stops while they are open, and who does not read costs it no memory."""

from __future__ import annotations

import socket

import httpx
import pyarrow as pa

from shoal.core.time import now
from shoal.flow.home import open_home
from shoal.segments import feed

READERS = 10
MOST_MB = 160


def told(server, number, batches=1):
    """Put changes into the feed before the server starts."""
    row = {"at": 0, "subscriber": 1, "segment": "s" * 200, "version": 1, "entered": True, "reason": "event"}
    opened = open_home(server.home)
    rows = pa.Table.from_pylist([row] * number, feed.SCHEMA)
    for _ in range(batches):
        with opened.database.write() as connection:
            feed.append(connection, rows, now())
    opened.database.close()


def test_the_server_stops_while_somebody_listens(stopped):
    told(stopped, 10)
    stopped.start()
    key = stopped.key("read")
    with (
        httpx.Client(auth=(key, ""), timeout=30) as http,
        http.stream("GET", f"{stopped.url}/v1/changes", headers={"Accept": "text/event-stream"}) as answer,
    ):
        lines = answer.iter_lines()
        while not next(lines).startswith("id: 10"):
            pass
        assert stopped.stop() == 0


def test_who_does_not_read_costs_little_and_is_cut_off(stopped):
    told(stopped, 10_000, batches=10)
    stopped.start()
    key = stopped.key("read")
    assert httpx.get(f"{stopped.url}/v1/changes?limit=1000", auth=(key, ""), timeout=30).status_code == 200
    stopped.settle()
    before = most = stopped.memory_mb()
    slow = [reading_nothing(stopped, key) for _ in range(READERS)]
    while figure(stopped, "shoal_streams") < READERS:
        most = max(most, stopped.memory_mb())
    while figure(stopped, "shoal_streams"):
        most = max(most, stopped.memory_mb())
    for reader in slow:
        reader.close()
    assert most - before < MOST_MB  # the feed as events has 40 MB for each of them


def reading_nothing(server, key):
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", server.port))
    asked = f"GET /v1/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nAccept: text/event-stream\r\n\r\n"
    reader.sendall(asked.encode())
    return reader


def figure(server, name):
    """One of the figures for Prometheus."""
    lines = httpx.get(f"{server.url}/metrics", timeout=30).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))
