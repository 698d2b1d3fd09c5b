"""A definition as one SELECT for a warehouse: the plan of `segments.sql` in the warehouse's words."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp, parse_one

from shoal.core.time import Instant
from shoal.segments.nodes import Node
from shoal.segments.oracle import NO_SEGMENTS
from shoal.segments.sql.queries import members_select
from shoal.segments.warehouse.dialect import Dialect
from shoal.segments.warehouse.dialects import dialect_of
from shoal.segments.warehouse.gaps import refuse_gaps
from shoal.segments.warehouse.layout import with_views
from shoal.segments.warehouse.literals import Literals, put_instants, put_values
from shoal.segments.warehouse.moving import Moving
from shoal.segments.warehouse.rewrite import rewritten

WORKSPACE_ZONE = "UTC"


def warehouse_sql(
    node: Node,
    dialect: str,
    now: Instant | None = None,
    segments: Mapping[str, Node] = NO_SEGMENTS,
    *,
    zone: str = WORKSPACE_ZONE,
) -> str:
    """A SELECT of the members' ids in ascending order, in one column `subscriber`, for the tables of `layout`.

    It asks for the instant `now`, or for the time at which the warehouse runs it where that is None. `zone` is where
    subscribers are of whom nothing is known. Raises UserError `unknown_dialect`, `dialect_gap` for a kind that the
    dialect has not, `needs_an_instant` where a calendar needs `now`, `unknown_segment` and `segment_cycle`.
    """
    target = dialect_of(dialect)
    refuse_gaps(node, target.name, segments)
    binding = Literals(Instant(Moving(0)) if now is None else now)
    plan: exp.Expr = members_select(node, binding, segments)
    put_values(plan, binding)
    # The text in between makes all of it nodes of one kind, however each part was built.
    plan = parse_one(plan.sql(dialect="duckdb"), dialect="duckdb")
    if not target.is_plan:
        plan = rewritten(plan, target)
    put_instants(plan, binding, target)
    return _text(with_views(plan, target, zone), target)


def _text(query: exp.Expr, target: Dialect) -> str:
    for name in query.find_all(exp.Identifier):
        name.set("this", target.identifier(name.this))
    for literal in list(query.find_all(exp.Literal)):
        if literal.is_string:
            literal.replace(target.literal(literal.this))
    if not target.keeps_steps:
        for table in query.find_all(exp.CTE):
            table.set("materialized", None)
    text = query.sql(dialect=target.name, pretty=True, identify=True)
    return f"{text}\nSETTINGS {', '.join(target.settings)}" if target.settings else text
