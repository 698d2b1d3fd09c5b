"""Ninety days of clock: whether any entering or leaving is missed, invented, late or early.

Two judges look at the feed of the live reading. The oracle goes through the whole time for some subscribers and tells
every change with its instant. The sql reading tells everybody's memberships at some instants, among them both sides of
changes of the feed; the feed is replayed until there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from benchmarks.alone import alone
from benchmarks.homes import Made
from benchmarks.rows import Row, measured
from benchmarks.segment_set import OTHERS, definitions
from shoal.core.time import Instant
from shoal.flow import live as lake
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading
from shoal.segments import oracle, parse
from shoal.segments.history import History
from shoal.segments.kinds.average import Average
from shoal.segments.live import Change, Changes
from shoal.segments.nodes import Node, Person, walk
from shoal.segments.sql import many
from shoal.segments.sql.people import read_history

DAY = 86_400_000
SMALL = (1, 2, 999, 1_000, 60_000, 3_600_000, DAY // 3)
"""Steps besides those of a day."""

Table = npt.NDArray[np.bool_]
"""Subscribers by segments: who is a member."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is simulated and compared."""

    people: int = 1_500
    days: int = 90
    judged: int = 25  # subscribers that the oracle goes through
    instants: int = 20  # instants at which everybody is compared


@dataclass(frozen=True, slots=True)
class Simulated:
    """What happened in the time."""

    nodes: Mapping[str, Node]
    ids: Sequence[int]  # of the subscribers, in the order of the table
    first: Table  # memberships at the start
    start: Instant
    ends: Sequence[Instant]  # of the steps
    told: Changes


def measure(made: Made, extent: Extent) -> Iterator[Row]:
    """Simulate and judge, in a process of its own."""
    yield from alone(judged, made, extent)


def judged(made: Made, extent: Extent) -> list[Row]:
    """Step through the last days of a list, and judge the feed."""
    draw = random.Random(90)
    with open_reading(open_home(made.home)) as duck:
        found, wrong_sizes = simulated(duck, extent.days, draw)
        return [
            measured(f"{extent.days} days of clock: subscribers", len(found.ids), ""),
            measured(f"{extent.days} days of clock: steps", len(found.ends), ""),
            measured(f"{extent.days} days of clock: changes told", len(found.told), ""),
            measured("steps with another count than anew", wrong_sizes, ""),
            *by_oracle(duck, found, extent.judged, draw),
            *by_sql(duck, found, extent.instants, draw),
        ]


def simulated(duck: duckdb.DuckDBPyConnection, days: int, draw: random.Random) -> tuple[Simulated, int]:
    """Advance the clock in steps; and after how many of them the counts were not what an evaluation anew gives."""
    nodes = definitions() | {f"other{place}": parse(text) for place, text in enumerate(OTHERS)}
    last = duck.sql('SELECT epoch_ms(max("at")) FROM events').fetchall()[0][0]
    start = Instant(last - days * DAY)
    live = lake.cold(duck, nodes, start)
    first = np.stack([np.isin(live.people.ids, live.ids(name)) for name in nodes], axis=1)
    ends, feed, wrong_sizes = list(_ends(start, last, draw)), list[Changes](), 0
    for until in ends:
        feed.append(live.advance(until))
        wrong_sizes += live.sizes() != live.evaluate()
    return Simulated(nodes, live.people.ids.tolist(), first, start, ends, Changes.joined(feed)), wrong_sizes


def by_oracle(duck: duckdb.DuckDBPyConnection, found: Simulated, people: int, draw: random.Random) -> Iterator[Row]:
    """Every change of some subscribers, mostly of those with many; conditions on averages have the other judge only."""
    nodes = {
        name: node for name, node in found.nodes.items() if not any(isinstance(one, Average) for _, one in walk(node))
    }
    some = set(draw.sample(found.told.subscriber.tolist(), min(people, len(found.told))))
    theirs = {one for one in found.told if one.segment in nodes and one.subscriber in some}
    right = set[Change]()
    for subscriber in some:
        history = read_history(duck, subscriber)
        assert history is not None
        for name in nodes:
            right.update(transitions(name, history, found.nodes, found.start, found.ends[-1]))
    yield measured(f"transitions of {len(some)} subscribers by the oracle", len(right), "")
    yield measured("missed transitions", len(right - theirs), "")
    yield measured("invented transitions", len(theirs - right), "")


def transitions(
    name: str, history: History, nodes: Mapping[str, Node], start: Instant, last: Instant
) -> Iterator[Change]:
    """Each change of one membership after `start` until `last`, by asking at every instant at which it may change."""
    person, node = Person.of(history, last, nodes, None), nodes[name]
    moments = {one for _, part in walk(node) for one in part.moments(person) if start < one <= last}
    was = oracle.is_member(node, history, start, nodes)
    for at in sorted(moments):
        if oracle.is_member(node, history, at, nodes) != was:
            was = not was
            yield Change(at, history.subscriber, name, was)


def by_sql(duck: duckdb.DuckDBPyConnection, found: Simulated, number: int, draw: random.Random) -> Iterator[Row]:
    """Everybody's memberships: a third of the instants are ends of steps, the others are the sides of changes."""
    changed = draw.sample(sorted(set(found.told.at.tolist())), number // 3)
    instants = sorted({*draw.sample(found.ends, number // 3), *changed, *(at - 1 for at in changed)})
    known = {one: place for place, one in enumerate(found.ids)}
    replay = Replay(found.first.copy(), found.told, known, tuple(found.nodes))
    wrong = sum(replay.wrong(at, _table(duck, found.nodes, known, Instant(at))) for at in instants)
    yield measured(f"memberships compared with sql at {len(instants)} instants", len(instants) * found.first.size, "")
    yield measured("memberships that differ from sql", wrong, "")


def _ends(start: int, last: int, draw: random.Random) -> Iterator[Instant]:
    """The end of each day, with one or two smaller steps in it."""
    for day in range(start, last, DAY):
        inner = {day + draw.choice(SMALL) for _ in range(draw.randint(1, 2))}
        yield from (Instant(at) for at in sorted({*inner, min(day + DAY, last)}))


class Replay:
    """Memberships as the feed tells them, from one instant to the next."""

    def __init__(self, table: Table, told: Changes, known: Mapping[int, int], names: Sequence[str]) -> None:
        place = {name: number for number, name in enumerate(names)}
        segments = [place[name] for name in told.names]
        self.table, self.told, self.done = table, told, 0
        self.cells = [
            (known[who], segments[segment])
            for who, segment in zip(told.subscriber.tolist(), told.segment.tolist(), strict=True)
        ]

    def wrong(self, at: int, right: Table) -> int:
        """Go on to an instant; gives how many memberships are not right there, and changes that changed nothing."""
        until, nothing = int(np.searchsorted(self.told.at, at, side="right")), 0
        for row in range(self.done, until):  # in order: somebody may enter and leave within one step
            nothing += int(self.table[self.cells[row]] == self.told.entered[row])
            self.table[self.cells[row]] = self.told.entered[row]
        self.done = until
        return nothing + int(np.count_nonzero(self.table != right))


def _table(duck: duckdb.DuckDBPyConnection, nodes: Mapping[str, Node], known: Mapping[int, int], now: Instant) -> Table:
    found = many.memberships(duck, nodes, now, nodes)
    rows = [known[one] for one in found["subscriber"].to_pylist()]
    table = np.zeros((len(known), len(nodes)), np.bool_)
    table[rows] = np.stack([found[str(place)].to_numpy() for place in range(len(nodes))], axis=1)
    return table
