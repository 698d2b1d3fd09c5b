"""A load on a server: clients that send batches at a pace, and a listener that notes when their effects are told."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

BATCH = 100
MARK = "Benchmark Marked"
"""One event of each batch, of somebody who never had one: it enters the segment `marked`."""


@dataclass(slots=True)
class Sent:
    """What clients sent, with when each request was sent and answered (s, `time.time`)."""

    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)  # when the mark of a user was acknowledged
    refused: int = 0
    events: int = 0


class Calls:
    """Batches of the shop's people: text with holes for what has to differ."""

    def __init__(self, run: str, people: int) -> None:
        self._run, self._people = run, people
        shown = (
            ("Page Viewed", {"path": "/pricing", "title": "Recipes", "url": "https://shop.example.org/pricing"}),
            ("Product Viewed", {"price": 55.5, "category": "gifts", "currency": "EUR", "path": "/p/ori2", "sku": "s"}),
            ("Email Opened", {"campaign_id": "c7", "campaign_name": "01 beans", "subject": "How to brew"}),
            ("Page Viewed", {"path": "/blog/water", "title": "Water", "url": "https://shop.example.org/blog/water"}),
            ("Order Completed", {"total": 120.5, "currency": "EUR", "coupon": "SPRING"}),
        )
        self._calls = [self._call(*shown[number % len(shown)]) for number in range(BATCH - 1)] + [self._call(MARK, {})]

    @staticmethod
    def _call(event: str, properties: object) -> str:
        said = {"type": "track", "event": event, "userId": "USER", "messageId": "MESSAGE", "properties": properties}
        return json.dumps(said).replace("%", "%%").replace('"USER"', '"u%07d"').replace('"MESSAGE"', '"%s-%d"')

    def body(self, number: int) -> tuple[bytes, str]:
        """The batch of a number, and whom it marks."""
        first = number * BATCH
        people, run = self._people, self._run
        users = [(first + place) * 7_919 % people for place in range(BATCH - 1)] + [number * 31 % people]
        values = [value for place, user in enumerate(users) for value in (user, run, first + place)]
        text = '{"batch":[' + ",".join(self._calls) + "]}"
        return (text % tuple(values)).encode(), f"u{users[-1]:07d}"


def load(port: int, key: str, calls: Calls, *, a_second: int, seconds: float, clients: int, first: int = 0) -> Sent:
    """Send so many events a second for a while, from several connections; each batch is sent until it is taken."""
    sent, lock = Sent(), threading.Lock()
    batches = int(a_second * seconds / BATCH)
    began = time.time() + 0.2
    numbers = iter(range(first, first + batches))

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            body, marked = calls.body(number)
            wait = began + (number - first) * BATCH / a_second - time.time()
            if wait > 0:
                time.sleep(wait)
            start = time.time()
            while (status := _post(connection, body, headers)) != 200:
                sent.refused += 1
                time.sleep(0.2 if status in {429, 503} else 0.5)
            end = time.time()
            with lock:
                sent.began.append(start)
                sent.ended.append(end)
                sent.marks[marked] = end
                sent.events += BATCH

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def _post(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", "/v1/batch", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so large a share does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
