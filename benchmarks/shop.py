"""How long the reference shop takes: the small form as export files, the large form as Parquet.

.venv/bin/python benchmarks/shop.py            20,000 subscribers as files, 100,000 as Parquet
.venv/bin/python benchmarks/shop.py --large    also 1,000,000 subscribers as Parquet (about 4 GB of disk)
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from shoal.shop import simulate, write_canonical, write_exports, write_truth

Row = tuple[str, str, str, bool]


def small(folder: Path) -> list[Row]:
    """20,000 subscribers over 180 days as the eight export files and the truth."""
    began = time.perf_counter()
    shop = simulate()
    simulated = time.perf_counter() - began
    write_exports(shop, folder / "exports")
    write_truth(shop, folder / "truth.parquet")
    took = time.perf_counter() - began
    return [
        ("20,000 subscribers simulated", f"{simulated:.2f} s, {shop.events:,} events", "", True),
        ("20,000 subscribers simulated and written", f"{took:.1f} s", "<= 15 s", took <= 15),
    ]


def large(folder: Path, subscribers: int, goal_seconds: float) -> list[Row]:
    """Canonical records straight to Parquet."""
    began = time.perf_counter()
    written = write_canonical(folder / f"{subscribers}", subscribers)
    took = time.perf_counter() - began
    size = sum(file.stat().st_size for file in written.files) / 1e9
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    what = f"{subscribers:,} subscribers to Parquet"
    return [
        (
            what,
            f"{took:.1f} s, {written.events:,} events, {size:.2f} GB",
            f"<= {goal_seconds:g} s",
            took <= goal_seconds,
        ),
        (f"{what}, memory", f"{memory:.2f} GB", "< 4 GB", memory < 4),
    ]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--large", action="store_true", help="also one million subscribers")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = small(folder) + large(folder, 100_000, 18)
        if chosen.large:
            rows += large(folder, 1_000_000, 180)
    for what, figure, goal, holds in rows:
        print(f"{what:<44} {figure:<44} {goal:<10} {'holds' if holds else 'falls short'}")


if __name__ == "__main__":
    main()
