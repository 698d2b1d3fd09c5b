"""Workspaces with the reference shop, made once and kept for the next run."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import commit
from shoal import shop
from shoal.workspace import Workspace

FOLDER = Path(tempfile.gettempdir()) / "shoal-benchmarks"


@dataclass(frozen=True, slots=True)
class Made:
    """A folder with a workspace of so many simulated subscribers, and room for what else is made of it."""

    folder: Path

    @property
    def home(self) -> Path:
        """The workspace."""
        return self.folder / "home"

    @property
    def clickhouse(self) -> Path:
        """The same people and events as tables of ClickHouse's engine."""
        return self.folder / "clickhouse"

    @property
    def snapshot(self) -> Path:
        """A live reading on disk."""
        return self.folder / "snapshot"


def made(people: int, folder: Path) -> Made:
    """A workspace of so many subscribers: the one that is there, or a new one."""
    found = Made(folder / str(people))
    mark = found.folder / "made.json"
    if not mark.is_file():
        shutil.rmtree(found.folder, ignore_errors=True)
        shop.write_canonical(found.folder / "canonical", people)
        Workspace.create(found.home).import_files([found.folder / "canonical"])
        shutil.rmtree(found.folder / "canonical")
        mark.write_text(json.dumps({"people": people, "commit": commit()}))
    print(f"workspace of {people:,} subscribers in {found.home}, made at {json.loads(mark.read_text())['commit']}")
    return found
