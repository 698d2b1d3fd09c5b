"""A small workspace that is served on loopback by this very process, so that a test has the engine in its hands."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyarrow as pa
import uvicorn
from fastapi import FastAPI

from homes import copy, create
from serving import take_to_the_lake
from shoal.api.app import made
from shoal.core.time import Instant, now
from shoal.flow import live
from shoal.flow.admitting import create_key
from shoal.flow.home import Opened, open_home
from shoal.flow.importing import import_paths
from shoal.flow.in_memory import InMemory
from shoal.flow.reading import open_reading
from shoal.segments import feed
from shoal.segments.sentence import parse

BOUGHT, TRIAL = 'did "Order Completed"', 'plan is "trial"'
PEOPLE = 30


@dataclass
class Asked:
    """A served workspace, and what a test asks it with."""

    url: str
    opened: Opened
    app: FastAPI
    keys: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = "all", **more: Any) -> httpx.Response:
        auth = (self.keys[key], "") if key else None
        return httpx.request(method, f"{self.url}{path}", json=body, auth=auth, timeout=60, **more)

    def key(self, *scopes: str) -> str:
        """A new key."""
        return create_key(self.opened, "a test", "web", scopes or ("write",))[1]

    def stored(self, sql: str) -> list[tuple[Any, ...]]:
        """What the lake answers once it has all that was taken."""
        take_to_the_lake(self.opened)
        with open_reading(self.opened) as duck:
            return duck.execute(sql).fetchall()

    def follow(self, **sentences: str) -> InMemory:
        """Let a live reading of these segments be what the server knows of this instant."""
        nodes = {name: parse(sentence) for name, sentence in sentences.items()}
        with open_reading(self.opened) as duck:
            found = live.cold(duck, nodes, now())
        with self.opened.database.read() as connection:
            current = InMemory(found, dict.fromkeys(nodes, 1), feed.newest(connection))
        self.app.state.engine = SimpleNamespace(current=current, is_alive=True, close=lambda: None)
        return current

    def tell(self, number: int, segment: str = "bought", *, entered: bool = True) -> int:
        """Put so many changes into the feed; the number of the last."""
        rows = [
            {
                "at": place,
                "subscriber": place,
                "segment": segment,
                "version": 1,
                "entered": entered,
                "reason": "event",
            }
            for place in range(number)
        ]
        with self.opened.database.write() as connection:
            last = feed.append(connection, pa.Table.from_pylist(rows, feed.SCHEMA), now())
        if self.app.state.engine is not None:
            with self.app.state.engine.current.turn():
                self.app.state.engine.current.moved(last)
        return last


def shop() -> Iterator[dict[str, Any]]:
    """Each has an address and a plan, views products, and every third buys."""
    for person in range(PEOPLE):
        who = {"userId": f"u{person}", "timestamp": "2026-01-01T00:00:00Z"}
        plan = "trial" if person % 2 else "paid"
        traits = {"email": f"p{person}@example.org", "plan": plan}
        yield {"type": "identify", "messageId": f"i{person}", **who, "traits": traits}
        for view in range(1 + person % 4):
            seen = {"type": "track", "event": "Product Viewed", "messageId": f"v{person}-{view}", **who}
            yield {**seen, "properties": {"path": f"/p/{view}"}}
        if person % 3 == 0:
            yield {"type": "track", "event": "Order Completed", "messageId": f"o{person}", **who}


def filled(folder: Path) -> Opened:
    """The workspace."""
    copy(_imported, folder)
    return open_home(folder)


def _imported(folder: Path) -> None:
    create(folder)
    file = folder.parent / "events.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in shop()))
    opened = open_home(folder)
    import_paths(opened, [file])
    opened.database.close()


@contextmanager
def served(opened: Opened, **settings: Any) -> Iterator[Asked]:
    """Serve it; `settings` are those of uvicorn."""
    app = made(opened)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1, **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    asked = Asked(f"http://127.0.0.1:{port}", opened, app)
    for name, scopes in {"all": SCOPES, **{each: (each,) for each in SCOPES}}.items():
        asked.keys[name] = create_key(opened, f"a {name} key", "web", scopes)[1]
    try:
        yield asked
    finally:
        server.should_exit = True
        thread.join()


SCOPES = ("write", "read", "manage", "admin")
LONG_AGO = Instant(0)


def in_a_loop(made):
    """What a coroutine gives, on a thread of its own: that of a browser's tests has a loop which runs already."""
    with ThreadPoolExecutor(1) as others:
        return others.submit(asyncio.run, made).result()
