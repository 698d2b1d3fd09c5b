"""Queries for several definitions, at one instant or several: each stream is read once for all of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node
from shoal.segments.operators.binding import Binding
from shoal.segments.oracle import NO_SEGMENTS
from shoal.segments.scans import column
from shoal.segments.sql.plan import Definition, Plan
from shoal.segments.sql.property_types import property_types
from shoal.segments.sql.queries import Counts, Query, counted, named, read_counts, whole_and_parts
from shoal.segments.sql.render import Rendering

APART = 4
"""Definitions with queries of their own that are asked for together."""

WIDTH = 2_000_000
"""Subscribers times instants in one query at most: each instant adds some columns to a row for every subscriber."""


def all_counts(
    connection: duckdb.DuckDBPyConnection,
    nodes: Mapping[str, Node],
    now: Instant,
    segments: Mapping[str, Node] = NO_SEGMENTS,
) -> dict[str, Counts]:
    """For each definition by name what `queries.counts` gives; raises what it raises."""
    if not nodes:
        return {}
    rendering, members = _rendering(nodes, (now,), segments, property_types(connection))
    asked = {name: whole_and_parts(node, rendering, members[now, name]) for name, node in nodes.items()}
    row = iter(_numbers(connection, rendering, [one for parts in asked.values() for one in parts]))
    return {name: read_counts(node, tuple(itertools.islice(row, len(asked[name])))) for name, node in nodes.items()}


def sizes(
    connection: duckdb.DuckDBPyConnection,
    nodes: Mapping[str, Node],
    instants: Sequence[Instant],
    segments: Mapping[str, Node] = NO_SEGMENTS,
) -> dict[str, tuple[int, ...]]:
    """For each definition by name the exact number of members at each of the instants, in their order."""
    if not nodes:
        return {}
    (row,) = connection.execute("SELECT count(*) FROM subscribers").fetchall()
    together = max(1, WIDTH // max(1, row[0]))
    found: dict[str, tuple[int, ...]] = dict.fromkeys(nodes, ())
    for asked in _portions(nodes, segments):
        for start in range(0, len(instants), together):
            some = instants[start : start + together]
            rendering, members = _rendering(asked, some, segments, property_types(connection))
            numbers = _numbers(connection, rendering, [counted(members[now, name]) for name in asked for now in some])
            for place, name in enumerate(asked):
                found[name] += numbers[place * len(some) : (place + 1) * len(some)]
    return found


def _portions(nodes: Mapping[str, Node], segments: Mapping[str, Node]) -> Iterator[Mapping[str, Node]]:
    """Definitions to ask for together: all that share their scans, and a few at a time of those that bring queries.

    A query with many others within it takes longer than the sum of its parts.
    """
    cores = {
        name: [node.lower(), *(segments[used].lower() for used in segments_used(node, segments))]
        for name, node in nodes.items()
    }
    apart = [name for name in nodes if Plan.of(cores[name]).scanned]
    sharing = {name: node for name, node in nodes.items() if name not in apart}
    if sharing:
        yield sharing
    for start in range(0, len(apart), APART):
        yield {name: nodes[name] for name in apart[start : start + APART]}


def memberships(
    connection: duckdb.DuckDBPyConnection,
    nodes: Mapping[str, Node],
    now: Instant,
    segments: Mapping[str, Node] = NO_SEGMENTS,
) -> pa.Table:
    """Who is in which: `subscriber`, then for each definition a boolean column of its place ("0", "1", ...).

    Those who are in none of them are left out; the rows have no order.
    """
    if not nodes:
        return pa.table({"subscriber": pa.array([], pa.int64())})
    rendering, members = _rendering(nodes, (now,), segments, property_types(connection))
    asked = [members[now, name] for name in nodes]
    columns = [exp.alias_(one.copy(), str(place), quoted=True) for place, one in enumerate(asked)]
    query = rendering.select(column("subscriber"), *columns).where(exp.or_(*asked))
    return connection.sql(query.sql(dialect="duckdb"), params=rendering.binding.of(query)).to_arrow_table()


def _numbers(connection: duckdb.DuckDBPyConnection, rendering: Rendering, asked: Iterable[exp.Expr]) -> tuple[Any, ...]:
    """The numbers asked for."""
    query = rendering.select(*named(asked))
    (row,) = Query(query.sql(dialect="duckdb"), rendering.binding.of(query)).run(connection).fetchall()
    return tuple(row)


def _rendering(
    nodes: Mapping[str, Node], instants: Sequence[Instant], segments: Mapping[str, Node], types: Mapping[str, str]
) -> tuple[Rendering, dict[tuple[Instant, str], exp.Expr]]:
    """The query as far as it goes, and the condition of membership of each definition at each instant."""
    used = dict.fromkeys(name for node in nodes.values() for name in segments_used(node, segments))
    named = [Definition(name, segments[name].lower(), includes_anonymous(segments[name])) for name in used]
    asked = {name: Definition(None, node.lower(), includes_anonymous(node)) for name, node in nodes.items()}
    binding = Binding(instants[0], types)
    plan = Plan.of(definition.core for definition in (*named, *asked.values()))
    rendering = Rendering(plan, binding, instants)
    members: dict[tuple[Instant, str], exp.Expr] = {}
    for now in instants:
        binding.now = now
        for definition in named:
            rendering.add(definition)
        members |= {(now, name): rendering.add(definition) for name, definition in asked.items()}
    return rendering, members
