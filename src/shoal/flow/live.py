"""The live reading over a workspace: what it needs is read from the lake, each event name once for all streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
from sqlglot import exp

from shoal.core.time import Instant
from shoal.flow import facts
from shoal.segments.live import Changes, Live, Needs, Persons
from shoal.segments.live.people import Ids
from shoal.segments.lowered import Core
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node
from shoal.segments.operators.binding import Binding
from shoal.segments.oracle import NO_SEGMENTS
from shoal.segments.scans import column
from shoal.segments.sql.plan import Plan
from shoal.segments.sql.property_types import property_types
from shoal.segments.sql.render import Rendering


def cold(duck: duckdb.DuckDBPyConnection, segments: Mapping[str, Node], now: Instant) -> Live:
    """A live reading of these segments at an instant, from the views of an open reading.

    Raises UserError `unknown_segment` and `segment_cycle`.
    """
    live = Live(now)
    needs = live.define(segments)
    live.persons(everybody(duck))
    fill(duck, live, needs)
    return live


def members(
    duck: duckdb.DuckDBPyConnection, node: Node, now: Instant, segments: Mapping[str, Node] = NO_SEGMENTS
) -> list[int]:
    """Ids of the members at an instant, in ascending order, by a live reading of this one definition."""
    used = {name: segments[name] for name in segments_used(node, segments)}
    live = cold(duck, {**used, _ASKED: node}, now)
    found: list[int] = live.ids(_ASKED).tolist()
    return found


_ASKED = ""  # no segment has an empty name


def everybody(duck: duckdb.DuckDBPyConnection) -> Persons:
    """All subscribers."""
    found = duck.sql("SELECT subscriber, identified FROM subscribers ORDER BY subscriber").to_arrow_table()
    ids, identified = found["subscriber"].to_numpy(), found["identified"].to_numpy()
    return Persons(ids, np.ones(len(ids), np.bool_), identified)


def fill(duck: duckdb.DuckDBPyConnection, live: Live, needs: Needs) -> None:
    """Read what `Live.define` asked for, and decide."""
    for told in facts.read(duck, live.people.ids, needs, live.now):
        live.load(told)
    live.settle(silent=True)
    refresh(duck, live)


def follow(duck: duckdb.DuckDBPyConnection, live: Live, until: Instant, *, stopping: bool = False) -> Changes:
    """Move a live reading to an instant, and ask the `sql` reading of each declared gap that is due by then.

    A gap is due at the strokes of its period, and when facts were folded that concern it; the views of `duck` hold
    them. A change that comes from a gap has the instant at which it became known, and its `asked` says so. Each gap
    is asked once, at the end: called at each `next_due`, no answer is used for longer than its period. `stopping`
    stops at each of these instants on the way, with a query at each: a day has 96 quarters of an hour.
    """
    found = []
    while stopping and (due := live.next_asking()) is not None and due < until:
        found.append(live.advance(due))
        found.append(refresh(duck, live, live.to_ask()))
    found.append(live.advance(until))
    return Changes.joined([*found, refresh(duck, live, live.to_ask())])


def refresh(duck: duckdb.DuckDBPyConnection, live: Live, gaps: Sequence[Core] | None = None) -> Changes:
    """Ask the `sql` reading about these declared gaps at the clock's instant, by default about all."""
    return live.refresh(answers(duck, tuple(live.program.gapped if gaps is None else gaps), live.now))


def answers(duck: duckdb.DuckDBPyConnection, gaps: Sequence[Core], now: Instant) -> dict[Core, Ids]:
    """Of whom each of these declared gaps is true at an instant, by the `sql` reading."""
    if not gaps:
        return {}
    binding = Binding(now, property_types(duck))
    rendering = Rendering(Plan.of(gaps), binding)
    conditions = [exp.alias_(rendering.condition(core), f"k{number}", quoted=True) for number, core in enumerate(gaps)]
    query = rendering.select(column("subscriber"), *conditions)
    found = duck.sql(query.sql(dialect="duckdb"), params=binding.of(query)).to_arrow_table()
    ids = found["subscriber"].to_numpy()
    return {core: ids[found[f"k{number}"].to_numpy()] for number, core in enumerate(gaps)}
