"""The live reading against one query per segment, the clock, folds. `python -m benchmarks.segments [HOME]`."""

from __future__ import annotations

import operator
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.rows import Row, report
from shoal import shop
from shoal.core.time import Instant
from shoal.flow import live as lake
from shoal.flow.home import Opened, open_home
from shoal.flow.reading import open_reading
from shoal.segments import parse, sql
from shoal.segments.live import Facts, Happened, Live
from shoal.segments.nodes import Node
from shoal.workspace import Workspace

SEGMENTS = 100
LARGE = 1_000_000
"""The goals are meant for a list of so many people or more; on a smaller one the figures are for comparison."""

GOALS = {
    "times as fast": (15.0, "≥ 15 x", operator.ge),
    "counts that differ": (0.0, "0", operator.eq),
    "advance by a second": (50.0, "≤ 50 ms", operator.le),
    "all segments evaluated anew": (0.1, "≤ 0.1 s", operator.le),
    "fold of 1,000": (10.0, "≤ 10 ms", operator.le),
    "events a second in batches of 10,000": (300_000.0, "≥ 300,000", operator.ge),
    "resident memory": (1.5, "≤ 1.5 GB", operator.le),
}
"""By how a row begins: the bound, its words, the comparison."""

FILTERS = {
    "Email Opened": ("", " by a person", ' where campaign_name starts with "0"', ' where subject contains "your"'),
    "Email Link Clicked": ("", " by a person", ' where url contains "utm_campaign"'),
    "Email Delivered": ("", ' where campaign_name contains "recipes"', ' where subject starts with "How"'),
    "Page Viewed": ("", ' where path starts with "/pricing"', ' where path contains "blog"', " where path is set"),
    "Product Viewed": ("", " where price is more than 50", " where price is at most 20", " where category is set"),
    "Product Added": ("", " where price is more than 50", " where quantity is at least 2"),
    "Order Completed": ("", " where total is more than 100", " where total is less than 30", " where coupon is set"),
    "Checkout Started": ("", " where value is more than 100"),
    "App Opened": ("",),
    "Email Read": ("",),
    "SMS Sent": ("",),
    "Page Left": ("", ' where path starts with "/pricing"'),
}
WINDOWS = ("in the last 7 days", "in the last 14 days", "in the last 30 days", "in the last 90 days", "ever")
AGO = ("between 60 and 30 days ago", "more than 30 days ago")


def definitions(number: int = SEGMENTS, seed: int = 7) -> dict[str, Node]:
    """Segments of one to three conditions over some 40 streams."""
    draw = random.Random(seed)
    streams = [(event, filtered) for event, those in FILTERS.items() for filtered in those]
    found = {}
    for place in range(number):
        parts = []
        for _ in range(draw.randint(1, 3)):
            event, filtered = draw.choice(streams)
            window = draw.choice(WINDOWS * 3 + AGO)
            times = draw.choice(("at least 1 time", "at least 2 times", "at least 3 times", "at most 1 time"))
            negated = draw.choice(("", "", "not "))
            parts.append(f'{negated}did "{event}"{filtered} {times} {"" if window == "ever" else window}'.strip())
        found[f"s{place:03}"] = parse(draw.choice((" and ", " and ", " or ")).join(parts))
    return found


def main(home: Path | None) -> None:
    """Measure and report."""
    if home is not None:
        report("segments", list(measure(open_home(home))))
        return
    with tempfile.TemporaryDirectory() as folder:
        shop.write_canonical(Path(folder, "canonical"), 40_000)
        Workspace.create(Path(folder, "home")).import_files([Path(folder, "canonical")])
        report("segments", list(measure(open_home(Path(folder, "home")))))


def measure(opened: Opened) -> Iterator[Row]:
    """Everything over one workspace."""
    nodes = definitions()
    with open_reading(opened) as duck:
        last, events = duck.sql('SELECT epoch_ms(max("at")), count(*) FROM events').fetchall()[0]
        now = Instant(last)
        start = time.perf_counter()
        live = lake.cold(duck, nodes, now)
        built = time.perf_counter() - start
        yield row(f"{len(live.people):,} people, {events:,} events: cold build of 100 segments", built)
        yield row("streams", float(len(live.needs.streams)), "")
        rows = [*against_sql(duck, live, nodes, built), *clock(live), *folds(live)]
        rows.append(row("resident memory at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, "GB"))
        yield from map(judged, rows) if len(live.people) >= LARGE else rows


def against_sql(duck: duckdb.DuckDBPyConnection, live: Live, nodes: dict[str, Node], built: float) -> Iterator[Row]:
    """One query per segment, and whether the counts are equal."""
    start = time.perf_counter()
    counts = {name: sql.count(duck, node, live.now, nodes) for name, node in nodes.items()}
    took = time.perf_counter() - start
    yield row("one DuckDB query per segment", took)
    yield row("times as fast", took / built, "x")
    yield row("counts that differ", float(sum(counts[name] != size for name, size in live.sizes().items())), "")


def clock(live: Live) -> Iterator[Row]:
    """Steps of a second, a minute, a day; and everything anew."""
    for name, length, times in (("second", 1_000, 50), ("minute", 60_000, 20), ("day", 86_400_000, 3)):
        took, changes = [], 0
        for _ in range(times):
            start = time.perf_counter()
            changes += len(live.advance(Instant(live.now + length)))
            took.append(time.perf_counter() - start)
        yield row(f"advance by a {name}, median ({changes:,} changes)", float(np.median(took)) * 1_000, "ms")
    start = time.perf_counter()
    same = live.evaluate() == live.sizes()
    yield row(f"all segments evaluated anew ({'equal' if same else 'NOT EQUAL'})", time.perf_counter() - start)


def folds(live: Live) -> Iterator[Row]:
    """Batches of new events whose filters are evaluated, spread over the streams."""
    random_ = np.random.default_rng(7)
    for size in (1_000, 10_000):
        took = []
        for _ in range(20):
            facts = batch(live, size, random_)
            start = time.perf_counter()
            live.fold(facts)
            took.append(time.perf_counter() - start)
        yield row(f"fold of {size:,} events, median", float(np.median(took)) * 1_000, "ms")
        yield row(f"events a second in batches of {size:,}", size / float(np.median(took)), "")


def batch(live: Live, size: int, random_: np.random.Generator) -> Facts:
    """Events of the last minute: each passes the filters of about half of its name's streams."""
    names = sorted({stream.event for stream in live.needs.streams})
    name = random_.integers(0, len(names), size)
    who = random_.integers(0, len(live.people), size)
    at = live.now - random_.integers(0, 60_000, size)
    found = []
    for stream in live.needs.streams:
        some = name == names.index(stream.event)
        if stream.filters:
            some &= random_.random(size) < 0.5
        found.append(Happened(stream, who[some], at[some]))
    return Facts(happened=tuple(found))


def judged(measured: Row) -> Row:
    """The row with its goal, where it has one."""
    for beginning, (bound, words, compare) in GOALS.items():
        if measured.what.startswith(beginning):
            value = float(measured.figure.split()[0].replace(",", ""))
            return replace(measured, goal=words, holds=compare(value, bound))
    return measured


def row(name: str, value: float, unit: str = "s") -> Row:
    """A measured figure."""
    return Row(name, f"{value:,.3g} {unit}".strip() if value < 1_000 else f"{value:,.0f} {unit}".strip(), "", None)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
