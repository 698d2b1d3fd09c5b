"""Rows of a benchmark: printed as a table, kept under `benchmarks/results/` with machine and commit."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured bar."""

    what: str
    figure: str
    goal: str
    holds: bool | None  # None: there is no goal, the figure is for comparison


@dataclass(slots=True)
class Clock:
    """Seconds that a `timed` block took: of wall time, and of all threads of this process."""

    seconds: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Clock]:
    """Time a block."""
    clock, start, cpu = Clock(), time.perf_counter(), time.process_time()
    yield clock
    clock.seconds, clock.cpu = time.perf_counter() - start, time.process_time() - cpu


def at_most(what: str, seconds: float, goal: float) -> Row:
    """A bar of the form "in at most so many seconds"."""
    return Row(what, f"{seconds:.2f} s", f"≤ {goal:g} s", seconds <= goal)


def measured(what: str, value: float, unit: str = "s") -> Row:
    """A figure that has no goal, or gets one later (`judged`)."""
    return Row(what, f"{value:,.3g} {unit}".strip() if value < 1_000 else f"{value:,.0f} {unit}".strip(), "", None)


@dataclass(frozen=True, slots=True)
class Bar:
    """A goal for rows whose names begin so."""

    begins: str
    compare: Callable[[float, float], bool]
    bound: float
    words: str
    exact: bool = False  # whether it is judged on a small list too

    def judge(self, row: Row, large: bool) -> Row:
        """The row with the goal."""
        value = float(row.figure.split()[0].replace(",", ""))
        return replace(row, goal=self.words, holds=self.compare(value, self.bound) if large or self.exact else None)


def judged(rows: Iterable[Row], bars: Sequence[Bar], large: bool) -> list[Row]:
    """Rows with their goals; those about time and memory are only shown unless the list is `large`."""
    found = []
    for row in rows:
        bar = next((bar for bar in bars if row.what.startswith(bar.begins)), None)
        found.append(row if bar is None else bar.judge(row, large))
    return found


def took(what: str, clock: Clock) -> Row:
    """Seconds of wall time, with those of the processors beside them."""
    row = measured(what, clock.seconds)
    return replace(row, figure=f"{row.figure} ({clock.cpu:,.3g} s cpu)")


def report(name: str, rows: list[Row], results: Path = RESULTS) -> None:
    """Print the table and keep it as `NAME.json` with the results."""
    width = max(len(row.what) for row in rows)
    for row in rows:
        verdict = {True: "holds", False: "falls short", None: ""}[row.holds]
        print(f"{row.what:<{width}}  {row.figure:>16}  {row.goal:>12}  {verdict}")
    kept = {"machine": machine(), "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    path = results / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**kept, "rows": [asdict(row) for row in rows]}, indent=2, ensure_ascii=False) + "\n")
    print(f"kept in {path}")


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
