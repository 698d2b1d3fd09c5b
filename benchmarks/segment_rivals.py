"""The cold build against one query per segment: in DuckDB over the same files, and in ClickHouse's engine.

All take turns, each in a process of its own: a cold build of all segments, then some of the segments in each
rival, again and again. So what else the machine does meets them alike. What each starts from:

- ours: the lake's files; opening people and the catalogue is counted.
- DuckDB: the same, with queries written by hand.
- the sql reading: the same, with the queries of `shoal count`, which are DuckDB's too and the faster ones.
- ClickHouse: a table that is loaded already, made for these queries (`benchmarks.clickhouse`); loading is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import duckdb

from benchmarks import clickhouse
from benchmarks.alone import alone
from benchmarks.by_hand import DUCKDB, query
from benchmarks.homes import Made
from benchmarks.rows import Clock, Row, measured, timed, took
from benchmarks.segment_live import build
from benchmarks.segment_set import definitions
from shoal.core.time import Instant
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading
from shoal.segments import sql
from shoal.segments.nodes import Node

TURNS = 3

Counts = dict[str, int]


def measure(made: Made, turns: int = TURNS) -> Iterator[Row]:
    """Ratios of all seconds of a rival to those of one cold build."""
    if not (made.clickhouse / clickhouse.LOADED).is_file():
        yield took("rows loaded into ClickHouse, not counted", alone(table_loaded, made))
    rivals = {
        "DuckDB": (duckdb_answers, made.home),
        "the sql reading": (sql_answers, made.home),
        "ClickHouse": (clickhouse_answers, made.clickhouse),
    }
    ours: list[Clock] = []
    sizes = Counts()
    clocks: dict[str, list[Clock]] = {name: [] for name in rivals}
    counts: dict[str, Counts] = {name: {} for name in rivals}
    for turn in range(turns):
        clock, sizes, now = alone(cold, made.home)
        ours.append(clock)
        for name, (answers, place) in rivals.items():
            clock, found = alone(answers, place, now, turn, turns)
            clocks[name].append(clock)
            counts[name] |= found
    mine = Clock(sum(one.seconds for one in ours) / turns, sum(one.cpu for one in ours) / turns)
    yield took(f"cold build of {len(sizes)} segments from the files, mean of {turns}", mine)
    for name in rivals:
        whole = Clock(sum(one.seconds for one in clocks[name]), sum(one.cpu for one in clocks[name]))
        yield took(f"one query of {name} per segment", whole)
        yield measured(f"times as fast as {name}", whole.seconds / mine.seconds, "")
        yield measured(f"times less processor time than {name}", whole.cpu / mine.cpu, "")
        yield measured(f"counts that differ from {name}'s", differing(sizes, counts[name]), "")


def differing(ours: Mapping[str, int], theirs: Mapping[str, int]) -> int:
    """How many segments have another count, or none."""
    return sum(ours.get(name) != theirs.get(name) for name in ours.keys() | theirs.keys())


def cold(home: Path) -> tuple[Clock, Counts, Instant]:
    """Seconds with those of opening, sizes, and the instant."""
    found = build(home)
    whole = Clock(found.opening.seconds + found.building.seconds, found.opening.cpu + found.building.cpu)
    return whole, found.live.sizes(), found.live.now


def duckdb_answers(home: Path, now: Instant, turn: int, turns: int) -> tuple[Clock, Counts]:
    """Every so-many-th segment, one query each, written by hand."""

    def count(duck: duckdb.DuckDBPyConnection, node: Node) -> int:
        (row,) = duck.execute(query(node, now, DUCKDB)).fetchall()
        return int(row[0])

    return _answers(home, count, turn, turns)


def sql_answers(home: Path, now: Instant, turn: int, turns: int) -> tuple[Clock, Counts]:
    """The same with the queries of `shoal count`."""
    nodes = definitions()
    return _answers(home, lambda duck, node: sql.count(duck, node, now, nodes), turn, turns)


def _answers(
    home: Path, count: Callable[[duckdb.DuckDBPyConnection, Node], int], turn: int, turns: int
) -> tuple[Clock, Counts]:
    """Opening is counted in one turn only."""
    nodes = definitions()
    with timed() as opening:
        duck = open_reading(open_home(home))
    with duck, timed() as asking:
        counts = {name: count(duck, node) for name, node in islice(nodes.items(), turn, None, turns)}
    if turn == 0:
        asking = Clock(opening.seconds + asking.seconds, opening.cpu + asking.cpu)
    return asking, counts


def clickhouse_answers(tables: Path, now: Instant, turn: int, turns: int) -> tuple[Clock, Counts]:
    """Every so-many-th segment, one query each."""
    return clickhouse.answers(tables, dict(islice(definitions().items(), turn, None, turns)), now)


def table_loaded(made: Made) -> Clock:
    """Fill ClickHouse's tables from the workspace."""
    with open_reading(open_home(made.home)) as duck:
        return clickhouse.load(duck, made.clickhouse)
