"""Clients for an overloaded server: they send at their pace whatever is answered, and note how each request went."""

from __future__ import annotations

import base64
import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from benchmarks.live_load import BATCH, Calls, quantile

BROKEN = 0
"""In place of a status: the connection ended without an answer."""


@dataclass(slots=True)
class Answers:
    """When each request was sent (s, `time.time`), how long its answer took (ms), and its status."""

    sent: list[tuple[float, float, int]] = field(default_factory=list)

    def __add__(self, other: Answers) -> Answers:
        return Answers(self.sent + other.sent)

    @property
    def statuses(self) -> Counter[int]:
        """How many there were of each."""
        return Counter(status for _, _, status in self.sent)

    @property
    def taken(self) -> int:
        """Events that were acknowledged."""
        return BATCH * self.statuses[200]

    def p99(self, since: float = 0) -> float:
        """Milliseconds that 99 of 100 of the acknowledged requests took that were sent from then on."""
        return quantile([took for at, took, status in self.sent if status == 200 and at >= since], 0.99)


@dataclass(frozen=True, slots=True)
class Stream:
    """What one sender offers: batches a second over so many connections; a pace of 0 means as fast as is answered."""

    key: str
    run: str
    a_second: float
    clients: int = 4
    forges: bool = False  # whether each request claims to come from elsewhere


def offered(port: int, streams: Sequence[Stream], people: int, seconds: float) -> list[Answers]:
    """Send all streams at the same time; the answers of each. Batches that were due too long ago are left out."""
    found = [Answers() for _ in streams]
    lock = threading.Lock()
    began = time.time() + 0.2

    def send(place: int, stream: Stream, client: int) -> None:
        calls, connection = Calls(f"{stream.run}-{client}", people), _connection(port)
        apart = stream.clients / stream.a_second if stream.a_second else 0.0
        due, number = began + apart * client / stream.clients, 0
        while due < began + seconds and time.time() < began + seconds:
            time.sleep(max(0.0, due - time.time()))
            body, _ = calls.body(number)
            at = time.time()
            status = _posted(connection, body, headers(stream))
            with lock:
                found[place].sent.append((at, (time.time() - at) * 1_000, status))
            number += 1
            due = max(due + apart, time.time() - apart)

    threads = [
        threading.Thread(target=send, args=(place, stream, client))
        for place, stream in enumerate(streams)
        for client in range(stream.clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def beside(port: int, *groups: Sequence[Stream], people: int, seconds: float) -> list[list[Answers]]:
    """Send each group from a process of its own."""
    with ProcessPoolExecutor(len(groups)) as others:
        waiting = [others.submit(offered, port, group, people, seconds) for group in groups]
        return [each.result() for each in waiting]


@contextmanager
def slow(port: int, many: int) -> Iterator[None]:
    """So many clients that sent the beginning of a request, and send a byte of it every two seconds."""
    begun = b"POST /v1/batch HTTP/1.1\r\nHost: shop.example.org\r\nContent-Length: 400000\r\n\r\n{"
    ended = threading.Event()

    def opened() -> socket.socket:
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(begun)
        return one

    def dribble() -> None:
        waiting = [opened() for _ in range(many)]
        while not ended.wait(2):
            for place, one in enumerate(waiting):
                try:
                    one.sendall(b" ")
                except OSError:  # the server hung up, so another takes its place
                    one.close()
                    with suppress(OSError):
                        waiting[place] = opened()
        for one in waiting:
            one.close()

    thread = threading.Thread(target=dribble)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _connection(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def headers(stream: Stream) -> dict[str, str]:
    """What shows its key."""
    shown = {"Authorization": "Basic " + base64.b64encode(f"{stream.key}:".encode()).decode()}
    if stream.forges:
        shown["X-Forwarded-For"] = ".".join(str(random.randrange(1, 255)) for _ in range(4))
    return shown


def _posted(connection: http.client.HTTPConnection, body: bytes, shown: dict[str, str]) -> int:
    try:
        connection.request("POST", "/v1/batch", body, shown)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return BROKEN
    return answer.status
