"""How time and memory grow with subscribers and with segments: rows, a table and a plot.

Whether growth is linear is judged by processor time, which other work on the machine changes less, and by the power
of it: twice the people in twice the time is a power of 1.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from math import log
from pathlib import Path

from benchmarks.alone import alone, peak, resident
from benchmarks.homes import Made
from benchmarks.rows import Bar, Row, commit, machine, measured, timed
from benchmarks.segment_live import SECOND, build, fold_clocks, median
from benchmarks.segment_plot import plot
from shoal.core.time import Instant

BARS = (
    Bar("growth with subscribers", operator.le, 1.1, "≤ 1.1"),
    Bar("growth with segments", operator.le, 1.1, "≤ 1.1"),
    Bar("most memory with the most subscribers", operator.le, 8, "≤ 8 GB"),
)
HEADINGS = (
    *("subscribers", "events", "segments", "cold build, s", "of cpu, s", "all anew, s", "a second further, ms"),
    *("fold of 1,000, ms", "resident, GB", "at most, GB"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One size; the fields are the columns of the table."""

    people: int
    events: int
    segments: int
    cold: float  # s, with people and catalogue opened
    cpu: float  # s
    anew: float  # s
    second: float  # ms
    fold: float  # ms
    resident: float  # GB
    most: float  # GB


def measure(homes: Iterable[Made], numbers: Sequence[int], results: Path) -> Iterator[Row]:
    """A point for each pair; leaves `growth.md` and `growth.svg` with the results."""
    points = []
    for made in homes:
        for number in numbers:
            points.append(alone(point, made.home, number))
            cold = points[-1].cold
            yield measured(f"{points[-1].people:,} subscribers, {number:,} segments: cold build", cold)
    yield from powers(points)
    most = max(points, key=lambda one: (one.people, one.most))
    yield measured(f"most memory with the most subscribers, {most.people:,}", most.most, "GB")
    results.mkdir(parents=True, exist_ok=True)
    (results / "growth.md").write_text(table(points))
    (results / "growth.svg").write_text(
        plot(
            {
                f"{number:,} segments": [(one.people, one.cold) for one in of_number]
                for number, of_number in groupby(sorted(points, key=lambda one: one.segments), lambda one: one.segments)
            },
            "subscribers",
            "cold build, s",
        )
    )


def point(home: Path, number: int) -> Point:
    """Build, and step, evaluate and fold a little."""
    built = build(home, number)
    live, held = built.live, resident()
    with timed() as anew:
        live.evaluate()
    steps = []
    for _ in range(10):
        with timed() as clock:
            live.advance(Instant(live.now + SECOND))
        steps.append(clock)
    folds = median(fold_clocks(live, 1_000, 10)[0])
    cold, cpu = built.opening.seconds + built.building.seconds, built.opening.cpu + built.building.cpu
    second = median(steps).seconds * 1_000
    people = len(live.people)
    return Point(people, built.events, number, cold, cpu, anew.seconds, second, folds.seconds * 1_000, held, peak())


def powers(points: Sequence[Point]) -> Iterator[Row]:
    """From the smallest to the largest list, and from the fewest segments to the most."""
    numbers, sizes = sorted({one.segments for one in points}), sorted({one.people for one in points})
    known = {(one.people, one.segments): one for one in points}
    for number in numbers:
        power = _power(known[sizes[0], number].cpu, known[sizes[-1], number].cpu, sizes[-1] / sizes[0])
        yield measured(f"growth with subscribers, {number:,} segments, power", power, "")
    for size in sizes:
        power = _power(known[size, numbers[0]].cpu, known[size, numbers[-1]].cpu, numbers[-1] / numbers[0])
        yield measured(f"growth with segments, {size:,} subscribers, power", power, "")


def _power(less: float, more: float, times: float) -> float:
    return log(more / less) / log(times)


def table(points: Sequence[Point]) -> str:
    """Markdown."""
    lines = [
        f"How the live reading grows. {machine()}, commit {commit()}.",
        "",
        "![Cold build by subscribers](growth.svg)",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---:|' * len(HEADINGS)}",
    ]
    for one in points:
        cells = (f"{cell:,}" if isinstance(cell, int) else f"{cell:,.3g}" for cell in astuple(one))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
