"""From a plan in the words of DuckDB to a warehouse's: each part of the plan that has other words there is replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from shoal.segments.warehouse import literals, names, times, values
from shoal.segments.warehouse.dialect import Dialect

Rewrite = Callable[[Any, Dialect], exp.Expr | None]
"""The part in other words; None where it may stay."""


def rewritten(plan: exp.Expr, dialect: Dialect) -> exp.Expr:
    """The plan in the words of a dialect; parts before the wholes that they belong to."""
    names.settle(plan)
    values.mark(plan)
    for node in reversed(list(plan.bfs())):
        rewrite = REWRITES.get(type(node))
        found = rewrite(node, dialect) if rewrite else None
        if found is not None and found is not node:
            node.replace(found)
    return plan


def _function(node: exp.Anonymous, dialect: Dialect) -> exp.Expr | None:
    """Functions that SQLGlot has no name for."""
    first, *rest = node.expressions
    match node.name.lower():
        case "suffix":
            return dialect.ask(dialect.ends_with, t=first, k=rest[0])
        case "round_even":
            return exp.Anonymous(this="rounded", expressions=[first.copy()])
        case "isfinite":
            return dialect.ask("ABS(x) <= 1.7976931348623157e308", x=first)
        case "make_timestamp_ms":
            return exp.paren(first)  # years, months and days are asked of the milliseconds
        case "variant_type" | "md5_number_lower" | "rounded" | literals.INSTANT:
            return None  # the question around it is asked as a whole
    raise TypeError(f"a plan asks for {node.name}, which no dialect has")


def _end(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """`arg_max(found, ("at", event_id))`."""
    order = node.expression.expressions if isinstance(node.expression, exp.Tuple) else [node.expression]
    return dialect.at_end(node.this, order, last=isinstance(node, exp.ArgMax), where=None)


def _filtered(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """An aggregate `FILTER (WHERE …)`: not every warehouse has it, and some allow no query within."""
    aggregate, where = node.this, node.expression.this
    if isinstance(aggregate, exp.ArgMax | exp.ArgMin):
        order = aggregate.expression.expressions
        return dialect.at_end(aggregate.this, order, last=isinstance(aggregate, exp.ArgMax), where=where)
    if isinstance(aggregate, exp.Count):
        return exp.Sum(this=_case(where, exp.Literal.number(1), exp.Literal.number(0)))
    assert isinstance(aggregate, exp.Max)
    return exp.Max(this=_case(where, aggregate.this, None))


def _case(test: exp.Expr, true: exp.Expr, default: exp.Expr | None) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=test.copy(), true=true.copy())], default=default)


def _all_or_any(node: exp.Expr, _dialect: Dialect) -> exp.Expr:
    number = _case(node.this, exp.Literal.number(1), exp.Literal.number(0))
    together = (exp.Max if isinstance(node, exp.LogicalOr) else exp.Min)(this=number)
    return exp.EQ(this=together, expression=exp.Literal.number(1))


def _sum(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """A wide number, as in DuckDB: products of sums must not overflow."""
    return exp.cast(node.copy(), exp.DataType.build(dialect.wide, dialect=dialect.name))


def _shifted(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """`md5_number_lower(text) >> 1`: the last eight bytes of the digest, the last first, without the lowest bit."""
    (text,) = node.this.expressions
    digest = dialect.ask(dialect.digest, t=text)
    halves = []
    for first in (31, 23):
        signs = [dialect.ask(f"SUBSTRING(t, {first - 2 * place}, 2)", t=digest) for place in range(4)]
        written = signs[0]
        for sign in signs[1:]:
            written = exp.DPipe(this=written, expression=sign)
        halves.append(dialect.ask(dialect.key_half, t=written))
    lowest = dialect.ask(dialect.divided, x=halves[1], y=exp.Literal.number(2))
    return dialect.ask("x * 2147483648 + y", x=halves[0], y=lowest)


def _digits(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    return dialect.ask(dialect.digits, x=node.this.this)


def _pattern(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    pattern = node.expression.name
    whole = f"^(?:{pattern})$" if isinstance(node, exp.RegexpFullMatch) else pattern
    return dialect.ask(dialect.search, t=node.this, k=exp.Literal.string(dialect.pattern(whole)))


def _from_on(node: exp.GTE, dialect: Dialect) -> exp.Expr | None:
    """A text that is not before another; the numbers of a plan compare as they are."""
    if isinstance(node.expression, exp.Literal) and node.expression.is_string:
        return dialect.ask(dialect.from_on, t=node.this, k=node.expression)
    return None


def _greatest(node: exp.Expr, dialect: Dialect) -> exp.Expr | None:
    if dialect.greatest_skips_null:
        return None
    (other,) = node.expressions
    return dialect.ask("CASE WHEN a IS NULL OR b > a THEN b ELSE a END", a=node.this, b=other)


REWRITES: Mapping[type[exp.Expr], Rewrite] = {
    exp.Bracket: values.member,
    exp.EQ: values.of_type,
    exp.In: values.of_type,
    exp.Is: values.of_type,
    exp.TryCast: values.tried,
    exp.Cast: values.cast,
    exp.GT: values.any_element,
    exp.GTE: _from_on,
    exp.Anonymous: _function,
    exp.ArgMax: lambda node, dialect: None if isinstance(node.parent, exp.Filter) else _end(node, dialect),
    exp.ArgMin: lambda node, dialect: None if isinstance(node.parent, exp.Filter) else _end(node, dialect),
    exp.Filter: _filtered,
    exp.LogicalOr: _all_or_any,
    exp.LogicalAnd: _all_or_any,
    exp.Sum: _sum,
    exp.BitwiseRightShift: _shifted,
    exp.Pad: _digits,
    exp.RegexpLike: _pattern,
    exp.RegexpFullMatch: _pattern,
    exp.Contains: lambda node, dialect: dialect.ask(dialect.contains, t=node.this, k=node.expression),
    exp.Greatest: _greatest,
    exp.IntDiv: lambda node, dialect: dialect.ask(dialect.divided, x=node.this, y=node.expression),
    exp.Trunc: lambda node, dialect: dialect.ask(dialect.cut, x=node.this),
    exp.UnixToTime: times.milliseconds,
    exp.Add: times.later,
    exp.Year: times.calendar,
    exp.Month: times.calendar,
    exp.Day: times.calendar,
}
"""What is done with each class of node. Literals stand in the plan already."""
