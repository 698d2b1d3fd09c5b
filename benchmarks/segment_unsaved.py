"""Exact counts of sentences that nobody saved: from what a live reading counts already, and cold from the lake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.alone import alone
from benchmarks.homes import Made
from benchmarks.rows import Clock, Row, measured, timed, took
from benchmarks.segment_live import build
from benchmarks.segment_set import unsaved
from shoal.core.time import Instant
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading
from shoal.segments import parse, sql
from shoal.segments.live import preview

Answer = tuple[Clock, int | None]


def measure(made: Made) -> Iterator[Row]:
    """The slowest sentence of each way."""
    now, known = alone(live_answers, made.home)
    opening, cold = alone(cold_answers, made.home, now)
    times = f"slowest of {len(known)}"
    yield took(f"unsaved sentence, its streams known, {times}", slowest(clock for clock, _ in known))
    yield took(f"people and catalogue opened for a question, {times}", slowest(iter(opening)))
    yield took(f"unsaved sentence, cold, {times}", slowest(clock for clock, _ in cold))
    yield measured(
        "unsaved counts that differ", sum(one != two for (_, one), (_, two) in zip(known, cold, strict=True)), ""
    )


def slowest(clocks: Iterator[Clock]) -> Clock:
    """The one that took longest."""
    return max(clocks, key=lambda clock: clock.seconds)


def live_answers(home: Path) -> tuple[Instant, list[Answer]]:
    """Counts of a live reading, None where it doesn't know; and its instant."""
    live, found = build(home).live, []
    for sentence in unsaved():
        with timed() as clock:
            size = preview.size(live, parse(sentence))
        found.append((clock, size))
    return live.now, found


def cold_answers(home: Path, now: Instant) -> tuple[list[Clock], list[Answer]]:
    """Each sentence in a fresh connection: seconds for opening it, and for the answer."""
    openings, found = [], list[Answer]()
    for sentence in unsaved():
        with timed() as opening:
            duck = open_reading(open_home(home))
        with duck, timed() as clock:
            size = sql.count(duck, parse(sentence), now)
        openings.append(opening)
        found.append((clock, size))
    return openings, found
