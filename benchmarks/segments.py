"""The live reading against its bars and its rivals.

python -m benchmarks.segments                      a million subscribers, 50 million events, and the growth to three
python -m benchmarks.segments --quick              the same lines on a small shop, in two minutes
python -m benchmarks.segments --part rivals live   only these parts

Workspaces are made once and kept in a folder for the next run; remove it to have them made anew. Goals of time and
memory are meant for a million people: on fewer they are shown and not judged. Each part has its own file in
`benchmarks/results/`; those of a quick run stay in the folder.
"""

from __future__ import annotations

import argparse
import operator
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import segment_growth, segment_live, segment_rivals, segment_transitions, segment_unsaved
from benchmarks.homes import FOLDER, made
from benchmarks.rows import RESULTS, Bar, Row, judged, report
from benchmarks.segment_transitions import Extent

LARGE = 1_000_000
SIZES = (100_000, 300_000, 1_000_000, 3_000_000)
NUMBERS = (10, 100, 1_000)
QUICK = 4_000
QUICK_SIZES = (1_000, QUICK)
QUICK_NUMBERS = (10, 100)

BARS = (
    Bar("times as fast as DuckDB", operator.ge, 15, "≥ 15"),
    Bar("times as fast as ClickHouse", operator.ge, 4, "≥ 4"),
    Bar("counts that differ", operator.eq, 0, "0", exact=True),
    Bar("sizes that differ", operator.eq, 0, "0", exact=True),
    Bar("all segments evaluated anew", operator.le, 0.1, "≤ 0.1 s"),
    Bar("fold of 1,000", operator.le, 10, "≤ 10 ms"),
    Bar("events a second, sustained, in folds of 10,000", operator.ge, 300_000, "≥ 300,000"),
    Bar("clock, a second further", operator.le, 50, "≤ 50 ms"),
    Bar("resident memory", operator.le, 1.5, "≤ 1.5 GB"),
    Bar("snapshot loaded", operator.le, 5, "≤ 5 s"),
    Bar("unsaved sentence, its streams known", operator.le, 0.5, "≤ 0.5 s"),
    Bar("unsaved sentence, cold", operator.le, 1.5, "≤ 1.5 s"),
    Bar("unsaved counts that differ", operator.eq, 0, "0", exact=True),
    Bar("missed transitions", operator.eq, 0, "0", exact=True),
    Bar("invented transitions", operator.eq, 0, "0", exact=True),
    Bar("memberships that differ", operator.eq, 0, "0", exact=True),
    Bar("steps with another count", operator.eq, 0, "0", exact=True),
    *segment_growth.BARS,
)


def main() -> None:
    """Measure and report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="small sizes, in two minutes")
    options.add_argument("--people", type=int, help="how many subscribers, in all parts but growth and transitions")
    options.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS), help="only these")
    options.add_argument("--folder", type=Path, default=FOLDER, help="where workspaces are kept")
    chosen = options.parse_args()
    results = chosen.folder / "results" if chosen.quick else RESULTS
    people = chosen.people or (QUICK if chosen.quick else LARGE)
    for name in chosen.part:
        found = []
        for row in PARTS[name](people, chosen):
            print(f"  {row.what}: {row.figure}", flush=True)
            found.append(row)
        report(f"segments-{name}", judged(found, BARS, large=people >= LARGE), results)


def transitions(_people: int, chosen: argparse.Namespace) -> Iterable[Row]:
    """On a small list, because every membership is compared."""
    extent = Extent(people=300, days=14, judged=5, instants=3) if chosen.quick else Extent()
    return segment_transitions.measure(made(extent.people, chosen.folder), extent)


def growth(_people: int, chosen: argparse.Namespace) -> Iterable[Row]:
    """From a small list to a large one."""
    sizes, numbers = (QUICK_SIZES, QUICK_NUMBERS) if chosen.quick else (SIZES, NUMBERS)
    results = chosen.folder / "results" if chosen.quick else RESULTS
    return segment_growth.measure((made(size, chosen.folder) for size in sizes), numbers, results)


PARTS: dict[str, Callable[[int, argparse.Namespace], Iterable[Row]]] = {
    "live": lambda people, chosen: segment_live.measure(made(people, chosen.folder)),
    "rivals": lambda people, chosen: segment_rivals.measure(made(people, chosen.folder)),
    "unsaved": lambda people, chosen: segment_unsaved.measure(made(people, chosen.folder)),
    "transitions": transitions,
    "growth": growth,
}


if __name__ == "__main__":
    main()
