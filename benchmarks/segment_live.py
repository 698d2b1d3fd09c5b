"""The live reading in a process of its own: built cold, saved, asked, stepped, folded; and loaded in another."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.alone import alone, peak, resident
from benchmarks.homes import Made
from benchmarks.rows import Clock, Row, measured, timed, took
from benchmarks.segment_set import SEGMENTS, definitions
from shoal.core.time import Instant
from shoal.flow import live as lake
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading
from shoal.segments.live import Facts, Happened, Live, snapshot

SECOND, MINUTE, DAY = 1_000, 60_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Built:
    """A live reading that was built cold, and what that took."""

    live: Live
    events: int
    opening: Clock  # people and the catalogue of files
    building: Clock  # all that follows, until memberships stand


def build(home: Path, number: int = SEGMENTS) -> Built:
    """Build from the lake's files at the instant of the last event."""
    nodes = definitions(number)
    with timed() as opening:
        duck = open_reading(open_home(home))
    with duck:
        last, events = duck.sql('SELECT epoch_ms(max("at")), count(*) FROM events').fetchall()[0]
        with timed() as building:
            live = lake.cold(duck, nodes, Instant(last))
    gc.collect()
    return Built(live, events, opening, building)


def measure(made: Made) -> Iterator[Row]:
    """All figures of the live reading by itself."""
    sizes, rows = alone(built, made)
    yield from rows
    again, rows = alone(loaded, made)
    yield from rows
    yield measured("sizes that differ after the load", sum(sizes[name] != size for name, size in again.items()), "")


def built(made: Made) -> tuple[dict[str, int], list[Row]]:
    """Build, measure, and leave a snapshot; the sizes that it has."""
    found = build(made.home)
    live = found.live
    rows = [
        measured("people", len(live.people), ""),
        measured("events", found.events, ""),
        measured("segments", len(live.program.members), ""),
        measured("streams", len(live.needs.streams), ""),
        took("people and catalogue opened", found.opening),
        took("cold build after that", found.building),
        measured("resident memory after the cold build", resident(), "GB"),
        measured("most memory during the cold build", peak(), "GB"),
        *saved(live, made.snapshot),
        *evaluated(live),
    ]
    sizes = live.sizes()
    rows += [*clock(live), *folds(live), measured("resident memory after all of this", resident(), "GB")]
    return sizes, rows


def saved(live: Live, folder: Path) -> Iterator[Row]:
    """Write the snapshot."""
    nodes = definitions()
    with timed() as clock:
        snapshot.save(live, nodes, folder, offset=1)
    yield took("snapshot saved", clock)
    yield measured("snapshot on disk", sum(file.stat().st_size for file in folder.iterdir()) / 1e9, "GB")


def loaded(made: Made) -> tuple[dict[str, int], list[Row]]:
    """Load the snapshot; its file is still in the memory of the operating system."""
    nodes, before = definitions(), resident()
    with timed() as clock:
        found = snapshot.load(nodes, made.snapshot)
    assert found is not None
    gc.collect()
    rows = [
        took("snapshot loaded", clock),
        measured("resident memory of a live reading that was loaded", resident(), "GB"),
        measured("of it before the load", before, "GB"),
    ]
    return found[0].sizes(), rows


def evaluated(live: Live, times: int = 5) -> Iterator[Row]:
    """All segments anew from the counts at a later instant."""
    live.advance(Instant(live.now + 1))
    clocks, differing = [], 0
    for _ in range(times):
        with timed() as one:
            found = live.evaluate()
        clocks.append(one)
        differing += found != live.sizes()
    yield took(f"all segments evaluated anew, median of {times}", median(clocks))
    yield measured("sizes that differ then", differing, "")


def clock(live: Live) -> Iterator[Row]:
    """Steps of a second, a minute, a day."""
    for name, length, times in (("second", SECOND, 50), ("minute", MINUTE, 20), ("day", DAY, 3)):
        clocks, changes = [], 0
        for _ in range(times):
            with timed() as one:
                changes += len(live.advance(Instant(live.now + length)))
            clocks.append(one)
        yield measured(f"clock, a {name} further, median of {times}", median(clocks).seconds * 1_000, "ms")
        yield measured(f"clock, changes in {times} of these", changes, "")


def folds(live: Live) -> Iterator[Row]:
    """Batches of new events spread over the streams; whether filters hold is known before."""
    for size, times in ((1_000, 40), (10_000, 40)):
        clocks, changes = fold_clocks(live, size, times)
        yield measured(f"fold of {size:,} events, median of {times}", median(clocks).seconds * 1_000, "ms")
        yield measured(f"changes emitted by these {times} folds", changes, "")
        whole = sum(one.seconds for one in clocks), sum(one.cpu for one in clocks)
        yield measured(f"events a second, sustained, in folds of {size:,}", size * times / whole[0], "")
        yield measured(f"events a second of cpu, in folds of {size:,}", size * times / whole[1], "")


def fold_clocks(live: Live, size: int, times: int) -> tuple[list[Clock], int]:
    """Seconds that each of some folds takes, and how many changes all of them emit."""
    draw, clocks, changes = np.random.default_rng(size), [], 0
    for _ in range(times):
        facts = batch(live, size, draw)
        with timed() as one:
            changes += len(live.fold(facts))
        clocks.append(one)
    return clocks, changes


def median(clocks: list[Clock]) -> Clock:
    """The middle ones of wall and of processor time."""
    return Clock(float(np.median([one.seconds for one in clocks])), float(np.median([one.cpu for one in clocks])))


def batch(live: Live, size: int, draw: np.random.Generator) -> Facts:
    """Events of the last minute: each passes the filters of about half of its name's streams."""
    names = sorted({stream.event for stream in live.needs.streams})
    name = draw.integers(0, len(names), size)
    who = draw.integers(0, len(live.people), size)
    at = live.now - draw.integers(0, MINUTE, size)
    found = []
    for stream in live.needs.streams:
        some = name == names.index(stream.event)
        if stream.filters:
            some &= draw.random(size) < 0.5
        found.append(Happened(stream, who[some], at[some]))
    return Facts(happened=tuple(found))
