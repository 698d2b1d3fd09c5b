"""The command line in this process, which is quicker, with a small workspace to ask."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shoal.cli.main import main
from shoal.flow import importing
from shoal.ingest.worker import Worker


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document that it printed."""
        return json.loads(self.out)


@pytest.fixture
def one_worker() -> Iterator[Worker]:
    """One parsing process a test; it starts in the test's folder."""
    with Worker() as worker:
        yield worker


@pytest.fixture
def shoal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, one_worker: Worker
) -> Callable[..., Ran]:
    """Run `shoal --home HOME …` in an empty folder; it ends with a status and never with a traceback."""

    class Kept:
        def __enter__(self) -> Worker:
            return one_worker

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(importing, "Worker", Kept)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHOAL_HOME", raising=False)

    def run(*words: object, home: str = "home", as_json: bool = False) -> Ran:
        given = ["shoal", "--home", home, *(["--json"] if as_json else []), *map(str, words)]
        monkeypatch.setattr(sys, "argv", given)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ran(int(ended.value.code or 0), told.out, told.err)

    return run


ROWS: list[dict[str, Any]] = [
    {"type": "identify", "userId": "u1", "traits": {"email": "ana@example.org", "plan": "paid"}},
    {"type": "identify", "userId": "u2", "traits": {"email": "ben@example.org", "plan": "trial"}},
    {"type": "identify", "userId": "u3", "traits": {"email": "=cmd@example.org"}},
    {"type": "track", "userId": "u1", "event": "Order Completed", "properties": {"total": 50}},
    {"type": "track", "userId": "u1", "event": "Order Completed", "properties": {"total": 70}},
    {"type": "track", "userId": "u2", "event": "Product Viewed", "properties": {"path": "/pricing"}},
    {"type": "track", "userId": "u3", "event": "Order Completed", "properties": {"total": 5}},
    {"type": "track", "anonymousId": "x", "event": "Product Viewed", "properties": {"path": "/"}},
    {"type": "track", "properties": {"email": "secret.person@"}},
]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the rows above, and the file that they came in."""
    from shoal.flow.home import create, open_home

    folder = tmp_path_factory.mktemp("cli")
    lines = [{"messageId": f"m{n}", "timestamp": f"2026-01-{n + 1:02d}T00:00:00Z", **row} for n, row in enumerate(ROWS)]
    (folder / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    create(folder / "home")
    opened = open_home(folder / "home")
    importing.import_paths(opened, [folder / "events.jsonl"])
    opened.database.close()
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    """The workspace of `made`, as one's own, in the current folder of `shoal`."""
    shutil.copy(made / "events.jsonl", tmp_path)
    shutil.copytree(made / "home", tmp_path / "home")
    return tmp_path
