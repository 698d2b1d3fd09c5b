"""Queries to run: members, their number, and the number for each condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from operator import sub
from types import MappingProxyType
from typing import Any

import duckdb
from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.kinds.anonymous import IncludingAnonymous, includes_anonymous
from shoal.segments.kinds.groups import All
from shoal.segments.nesting import segments_used
from shoal.segments.nodes import Node, walk
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.oracle import NO_SEGMENTS
from shoal.segments.scans import column
from shoal.segments.sql.plan import Definition, Plan
from shoal.segments.sql.property_types import property_types
from shoal.segments.sql.render import Rendering

NO_TYPES: Mapping[str, str] = MappingProxyType({})
"""Where it is not known that a property has but one type."""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL for DuckDB and the values it binds."""

    sql: str
    parameters: Mapping[str, object]

    def run(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        """Run it on a connection that has the views events, traits, consents and subscribers."""
        return connection.execute(self.sql, dict(self.parameters))


@dataclass(frozen=True, slots=True)
class ConditionCount:
    """How many a condition is true of."""

    place: str  # in the JSON form: "all[0]"; "" for a definition of one condition
    sentence: str
    own: int  # true of so many of those who may be members
    kept: int | None  # left after this and all earlier parts of a top-level all; None elsewhere


@dataclass(frozen=True, slots=True)
class Counts:
    """The exact number of members, and the numbers that explain it."""

    members: int
    eligible: int  # all identified subscribers; with anonymous visitors where the definition says so
    conditions: tuple[ConditionCount, ...]


def members_query(
    node: Node, now: Instant, segments: Mapping[str, Node] = NO_SEGMENTS, types: Mapping[str, str] = NO_TYPES
) -> Query:
    """Ids of the members at an instant, in ascending order, in one column `subscriber`.

    `types` is what `property_types` says of the connection that will be asked. Raises UserError `unknown_segment` and
    `segment_cycle`.
    """
    return _query(node, now, segments, _members, types)


def count_query(
    node: Node, now: Instant, segments: Mapping[str, Node] = NO_SEGMENTS, types: Mapping[str, str] = NO_TYPES
) -> Query:
    """The number of members at an instant: one row, one column."""

    def answers(rendering: Rendering, member: exp.Expr) -> exp.Select:
        return rendering.select(exp.Count(this=exp.Star())).where(member, copy=False)

    return _query(node, now, segments, answers, types)


def counts_query(
    node: Node, now: Instant, segments: Mapping[str, Node] = NO_SEGMENTS, types: Mapping[str, str] = NO_TYPES
) -> Query:
    """One row, for `read_counts`."""

    def answers(rendering: Rendering, member: exp.Expr) -> exp.Select:
        return rendering.select(*named(whole_and_parts(node, rendering, member)))

    return _query(node, now, segments, answers, types)


def members(
    connection: duckdb.DuckDBPyConnection, node: Node, now: Instant, segments: Mapping[str, Node] = NO_SEGMENTS
) -> list[int]:
    """Ids of the members at an instant, in ascending order."""
    return [row[0] for row in members_query(node, now, segments, property_types(connection)).run(connection).fetchall()]


def count(
    connection: duckdb.DuckDBPyConnection, node: Node, now: Instant, segments: Mapping[str, Node] = NO_SEGMENTS
) -> int:
    """The exact number of members at an instant."""
    (row,) = count_query(node, now, segments, property_types(connection)).run(connection).fetchall()
    return int(row[0])


def counts(
    connection: duckdb.DuckDBPyConnection, node: Node, now: Instant, segments: Mapping[str, Node] = NO_SEGMENTS
) -> Counts:
    """The exact number of members, and of those that each condition is true of."""
    (row,) = counts_query(node, now, segments, property_types(connection)).run(connection).fetchall()
    return read_counts(node, row)


def whole_and_parts(node: Node, rendering: Rendering, member: exp.Expr) -> list[exp.Expr]:
    """The numbers for `Counts`: members, eligible, each condition's own; last the waterfall, where there is one."""
    eligible = exp.true() if includes_anonymous(node) else column("identified")
    conditions = [rendering.condition(part.lower()) for _, part in conditions_of(node)]
    asked = [counted(one) for one in (member, eligible, *(exp.and_(eligible, one) for one in conditions))]
    parts = [rendering.condition(part.lower()) for part in waterfall_of(node).values()]
    return [*asked, _first_failed(eligible, parts)] if parts else asked


def _first_failed(eligible: exp.Expr, parts: Sequence[exp.Expr]) -> exp.Expr:
    """How many people have each part as the first that isn't true of them, by its place; the number of parts: none."""
    first = exp.Case().when(exp.not_(eligible), exp.null())
    for place, part in enumerate(parts):
        first = first.when(exp.not_(part), exp.Literal.number(place), copy=False)
    return variant.call("histogram", first.else_(exp.Literal.number(len(parts)), copy=False))


def read_counts(node: Node, row: Sequence[Any]) -> Counts:
    """The numbers of `whole_and_parts` as counts."""
    conditions, waterfall = conditions_of(node), waterfall_of(node)
    failed = (row[-1] if waterfall else None) or {}
    left = accumulate((failed.get(place, 0) for place in range(len(waterfall))), sub, initial=row[1])
    kept = dict(zip(waterfall, islice(left, 1, None), strict=True))
    return Counts(
        members=row[0],
        eligible=row[1],
        conditions=tuple(
            ConditionCount(place, part.english(), own, kept.get(place))
            for (place, part), own in zip(conditions, row[2:], strict=False)
        ),
    )


def conditions_of(node: Node) -> list[tuple[str, Node]]:
    """What is counted by itself: the leaves, and the parts of a top-level all, with their places."""
    parts = waterfall_of(node)
    return [(place, part) for place, part in walk(node) if place in parts or not part.children()]


def waterfall_of(node: Node) -> dict[str, Node]:
    """The parts of a top-level all, in order, by their places; none where it is something else."""
    whole, way = (node.part, "including_anonymous.") if isinstance(node, IncludingAnonymous) else (node, "")
    if not isinstance(whole, All):
        return {}
    return {f"{way}{place}": part for place, part in whole.children()}


def _members(rendering: Rendering, member: exp.Expr) -> exp.Select:
    found = column("subscriber")
    return rendering.select(found).where(member, copy=False).order_by(found.copy(), copy=False)


def counted(condition: exp.Expr) -> exp.Expr:
    """How many a condition is true of."""
    # Not FILTER: for each filtered number DuckDB keeps room for all columns that the query counts with.
    return exp.Count(this=exp.Case().when(condition, exp.Literal.number(1)))


def named(numbers: Iterable[exp.Expr]) -> Iterator[exp.Expr]:
    """The columns of a query that asks for numbers."""
    return (exp.alias_(one, f"k{place}", quoted=True, copy=False) for place, one in enumerate(numbers))


def members_select(node: Node, binding: Binding, segments: Mapping[str, Node] = NO_SEGMENTS) -> exp.Select:
    """The query of `members_query` as nodes, for the instant of the binding and with its placeholders."""
    return _select(node, binding, segments, _members)


def _query(
    node: Node,
    now: Instant,
    segments: Mapping[str, Node],
    answers: Callable[[Rendering, exp.Expr], exp.Select],
    types: Mapping[str, str],
) -> Query:
    binding = Binding(now, types)
    query = _select(node, binding, segments, answers)
    values = binding.of(query)
    return Query(query.sql(dialect="duckdb", copy=False), values)


def _select(
    node: Node,
    binding: Binding,
    segments: Mapping[str, Node],
    answers: Callable[[Rendering, exp.Expr], exp.Select],
) -> exp.Select:
    used = segments_used(node, segments)
    definitions = [Definition(name, segments[name].lower(), includes_anonymous(segments[name])) for name in used]
    definitions.append(Definition(None, node.lower(), includes_anonymous(node)))
    rendering = Rendering(Plan.of(definition.core for definition in definitions), binding)
    member = [rendering.add(definition) for definition in definitions][-1]
    return answers(rendering, member)
