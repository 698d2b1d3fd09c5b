"""A server that is told to stop answers what it has begun, keeps what it answered, and ends in time."""

from __future__ import annotations

import base64
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from clients import Load, batch, stored_ids

from serving import served

LIMIT_S = 30  # the promise is 10; on a busy machine only a hang is an error


@pytest.fixture
def server(tmp_path):
    with served(tmp_path / "home") as server:
        server.secret = server.key("write", "read", "manage")
        server.start()
        server.settle()
        yield server


def behind(server):
    """Records that are in the journal and not in the lake."""
    import sqlite3

    with sqlite3.connect(server.home / "shoal.db") as connection:
        query = 'SELECT count(*) FROM journal WHERE "offset" > (SELECT "offset" FROM offsets WHERE stage = \'lake\')'
        return connection.execute(query).fetchone()[0]


def test_under_load_nothing_that_was_answered_is_lost(server):
    with Load(server, server.secret) as load:
        load.wait_for(500)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < LIMIT_S
    assert set(load.other) <= {503}
    assert behind(server) == 0
    found = stored_ids(server.home)
    assert len(found) == len(set(found))
    assert load.acknowledged <= set(found)


def test_a_request_that_was_on_its_way_is_answered(server):
    ids, body = batch("slow")
    content = json.dumps(body).encode()
    key = base64.b64encode(f"{server.secret}:".encode()).decode()
    head = f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {key}\r\nContent-Length: {len(content)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(head.encode() + content[:100])
        # an answer to somebody else says that the server has read what was sent before
        with socket.create_connection(("127.0.0.1", server.port)) as other:
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" in other.recv(1000)
        server.process.terminate()
        wait_until_closed(server.port)
        slow.sendall(content[100:])
        assert b" 200 " in slow.recv(4000).split(b"\r\n")[0]
    assert server.process.wait(LIMIT_S) == 0
    assert set(ids) <= set(stored_ids(server.home))


def wait_until_closed(port):
    """Until nobody is let in any more."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise AssertionError("it still lets clients in")


def test_clients_that_hold_on_do_not_hold_it_up(server):
    held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
    for number, each in enumerate(held):
        if number % 2:
            each.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    with Load(server, server.secret) as load:
        load.wait_for(100)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < LIMIT_S
    for each in held:
        each.close()
    assert load.acknowledged <= set(stored_ids(server.home))


def test_who_waits_for_changes_does_not_hold_it_up(server):
    """Neither a stream, which ends in order, nor a request that waits for the next change."""
    headers = {"Authorization": f"Bearer {server.secret}"}
    url = f"{server.url}/v1/changes?after=newest"
    events = {**headers, "Accept": "text/event-stream"}
    with (
        ThreadPoolExecutor(1) as others,
        httpx.Client(timeout=LIMIT_S) as http,
        http.stream("GET", url, headers=events) as stream,
    ):
        chunks = stream.iter_raw()
        assert b"retry" in next(chunks)
        waiting = others.submit(httpx.get, f"{url}&wait=30", headers=headers, timeout=LIMIT_S)
        while "shoal_waits 2" not in httpx.get(f"{server.url}/metrics").text:
            time.sleep(0.02)
        assert server.stop() == 0
        assert b"event" not in b"".join(chunks)  # it ended in order, or this would raise
        assert waiting.result().json()["changes"] == []
