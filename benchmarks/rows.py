"""Rows of a benchmark: printed as a table, kept under `benchmarks/results/` with machine and commit."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured bar."""

    what: str
    figure: str
    goal: str
    holds: bool | None  # None: there is no goal, the figure is for comparison


@dataclass(slots=True)
class Clock:
    """Seconds of wall time that a `timed` block took."""

    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Clock]:
    """Time a block."""
    clock, start = Clock(), time.perf_counter()
    yield clock
    clock.seconds = time.perf_counter() - start


def at_most(what: str, seconds: float, goal: float) -> Row:
    """A bar of the form "in at most so many seconds"."""
    return Row(what, f"{seconds:.2f} s", f"≤ {goal:g} s", seconds <= goal)


def report(name: str, rows: list[Row]) -> None:
    """Print the table and keep it as `benchmarks/results/NAME.json`."""
    width = max(len(row.what) for row in rows)
    for row in rows:
        verdict = {True: "holds", False: "falls short", None: ""}[row.holds]
        print(f"{row.what:<{width}}  {row.figure:>16}  {row.goal:>12}  {verdict}")
    kept = {"machine": machine(), "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    path = ROOT / "benchmarks" / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**kept, "rows": [asdict(row) for row in rows]}, indent=2, ensure_ascii=False) + "\n")
    print(f"kept in {path.relative_to(ROOT)}")


def machine() -> str:
    """Processor, cores and memory in one line."""
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = int(next(line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))) // 2**20
    return f"{cpu}, {os.cpu_count()} cores, {memory} GiB, Python {platform.python_version()}"


def commit() -> str:
    """Short name of the commit, with "+" where the tree has changes."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True)
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
