"""The server is killed while clients send: what it answered is in the lake, once."""

from __future__ import annotations

import os
import random
import threading
import time

import httpx

from shoal.flow.home import open_home
from shoal.flow.reading import open_reading

KILLS = 200 if os.environ.get("SHOAL_SOAK") else 20
CLIENTS = 3
SIZE = 20
RECOVERY_S = 60  # the bar is 10, measured by `make bench-live`; here only a hang is an error


def sending(server, key, acknowledged, ended, client):
    """Send batches until the server is gone; each is sent again until it is answered."""
    number = 0
    with httpx.Client(auth=(key, ""), timeout=5) as http:
        while not ended.is_set():
            ids = [f"{client}-{number}-{place}" for place in range(SIZE)]
            calls = [
                {
                    "type": "track",
                    "event": "Seen",
                    "userId": f"u{place % 7}",
                    "messageId": id_,
                    "properties": {"id": id_},
                }
                for place, id_ in enumerate(ids)
            ]
            try:
                if http.post(f"{server.url}/v1/batch", json={"batch": calls}).status_code == 200:
                    acknowledged.update(ids)
            except httpx.TransportError:
                continue  # not answered: the same batch again, or none where this was the end
            number += 1


def test_nothing_that_was_answered_is_lost_or_doubled(stopped):
    key, acknowledged, draw = stopped.key(), set(), random.Random(7)
    for kill in range(KILLS):
        began = time.monotonic()
        stopped.start()
        assert time.monotonic() - began < RECOVERY_S
        ended = threading.Event()
        clients = [
            threading.Thread(target=sending, args=(stopped, key, acknowledged, ended, f"{kill}-{number}"))
            for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        known = len(acknowledged)
        while len(acknowledged) == known and time.monotonic() - began < RECOVERY_S:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 1))
        stopped.kill()
        ended.set()
        for client in clients:
            client.join()
    assert len(acknowledged) > KILLS * SIZE
    stopped.start()
    stopped.stop()
    opened = open_home(stopped.home)
    with open_reading(opened) as duck:
        stored = [id_ for (id_,) in duck.execute("SELECT properties['id']::VARCHAR FROM events").fetchall()]
    with opened.database.read() as connection:
        behind = connection.exec_driver_sql(
            'SELECT count(*) FROM journal WHERE "offset" > (SELECT "offset" FROM offsets WHERE stage = \'lake\')'
        ).scalar()
    opened.database.close()
    assert behind == 0
    assert len(stored) == len(set(stored))
    assert acknowledged <= set(stored)
