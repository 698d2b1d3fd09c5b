"""Clients that remember what was acknowledged, and what is stored in the end."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx

from serving import PATIENCE_S, Server, take_to_the_lake
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading


def batch(name: str, size: int = 20) -> tuple[list[str], dict[str, object]]:
    """The ids of some calls, and the body that hands them in."""
    ids = [f"{name}-{place}" for place in range(size)]
    calls = [
        {"type": "track", "event": "Seen", "userId": f"u{place % 7}", "messageId": id_, "properties": {"id": id_}}
        for place, id_ in enumerate(ids)
    ]
    return ids, {"batch": calls}


class Load:
    """Clients that send until they are told to end; what was answered with 200 is in `acknowledged`."""

    def __init__(self, server: Server, key: str, clients: int = 3) -> None:
        self.acknowledged: set[str] = set()
        self.broken = 0  # requests that began to be answered, and were not
        self.other: list[int] = []  # statuses other than 200
        self._ended = threading.Event()
        self._server, self._key = server, key
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, many: int) -> None:
        """Wait until so many events were acknowledged."""
        end = time.monotonic() + PATIENCE_S
        while len(self.acknowledged) < many:
            assert time.monotonic() < end, f"only {len(self.acknowledged)} events were taken"
            time.sleep(0.01)

    def _send(self, client: int) -> None:
        number = 0
        with httpx.Client(auth=(self._key, ""), timeout=20) as http:
            while not self._ended.is_set():
                ids, body = batch(f"{client}-{number}")
                try:
                    status = http.post(f"{self._server.url}/v1/batch", json=body).status_code
                except httpx.ConnectError:
                    return
                except httpx.TransportError:
                    self.broken += 1
                    return
                if status == 200:
                    self.acknowledged.update(ids)
                else:
                    self.other.append(status)
                number += 1


def stored_ids(home: Path) -> list[str]:
    """The ids of all events of a workspace that nobody serves, the journal taken to the lake first."""
    opened = open_home(home)
    try:
        take_to_the_lake(opened)
        with open_reading(opened) as duck:
            if not duck.execute("SELECT count(*) FROM records").fetchall()[0][0]:
                return []
            return [id_ for (id_,) in duck.execute("SELECT properties['id']::VARCHAR FROM events").fetchall()]
    finally:
        opened.database.close()
