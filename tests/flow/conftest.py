"""Workspaces on both databases, and small files to fill them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from homes import create
from shoal.flow import importing
from shoal.flow.home import Opened, open_home
from shoal.ingest.worker import Worker
from shoal.store.database import connect
from shoal.store.migrations import migrate


class KeptWorker(Worker):
    """A parsing process that outlives one import: its start costs more than a small import."""

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def kept_worker() -> Iterator[Worker]:
    worker = KeptWorker()
    yield worker
    Worker.__exit__(worker, None, None, None)


@pytest.fixture(autouse=True)
def _one_process(kept_worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "Worker", lambda: kept_worker)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Opened]:
    """An empty workspace on SQLite."""
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    yield opened
    opened.database.close()


@pytest.fixture(scope="session")
def postgresql_tables(postgresql_url: str) -> str:
    """Name of a database with all tables and nothing in them, to make others of."""
    name = "shoal_tables"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    database = connect(postgresql_url.replace("/postgres?", f"/{name}?"))
    migrate(database)
    database.close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty workspace on each database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    url = request.getfixturevalue("postgresql_url")
    name = f"shoal_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        tables = request.getfixturevalue("postgresql_tables")
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {tables}'.encode())
    create(tmp_path / "home")
    (tmp_path / "home" / "settings.yaml").write_text(f"database: {url.replace('/postgres?', f'/{name}?')}\n")
    opened = open_home(tmp_path / "home")
    yield opened
    opened.database.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}"'.encode())


@pytest.fixture
def call() -> Callable[..., dict[str, Any]]:
    """One call in the Segment wire format; without an event it states traits."""

    def make(number: int, user: str, at: str, event: str | None = None, **values: Any) -> dict[str, Any]:
        shared = {"messageId": f"m{number}", "userId": user, "timestamp": at}
        if event is None:
            return {"type": "identify", **shared, "traits": values}
        return {"type": "track", "event": event, **shared, "properties": values}

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Iterable[Any]], Path]:
    """Write a file of JSON lines; a text is written as it is."""

    def make(name: str, rows: Iterable[Any]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return make


@pytest.fixture
def shop(call: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """30 people: each has an address, views a product daily for some days, and every third buys."""
    rows, number = [], 0
    for person in range(30):
        number += 1
        plan = "trial" if person % 2 else "paid"
        rows.append(call(number, f"u{person}", "2026-01-01T00:00:00Z", email=f"p{person}@example.org", plan=plan))
        for day in range(1, 2 + person % 5):
            number += 1
            at = f"2026-01-{day:02d}T12:00:00Z"
            rows.append(call(number, f"u{person}", at, "Product Viewed", path=f"/p/{day}", price=day * 1.5))
        if person % 3 == 0:
            number += 1
            rows.append(call(number, f"u{person}", "2026-01-20T08:00:00Z", "Order Completed", total=person))
    return rows
