"""SQL of paths into the properties of an event, through objects and lists (`values.reached` says what they reach).

Going through a list takes 5 µs a row, and asking whether a value is one takes 2 µs. So a path of one part asks
nothing, and one of two parts asks nothing where the files say that its first is always an object.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding

Test = Callable[[exp.Expr], exp.Expr]
"""SQL that is true exactly where a value passes, else false or NULL."""


def some(path: tuple[str, ...], test: Test, binding: Binding) -> exp.Expr:
    """SQL that is true exactly where a value passes that an event's property has, or one in a list on the way."""
    first, *rest = path
    top = variant.at_path(exp.column("properties", quoted=True), (first,), binding)
    if not rest:
        return test(top)
    if first in binding.types:
        (second, *rest) = rest
        return _some(_member(top, second, binding), rest, test, binding)
    return _some(top, rest, test, binding)


def each(
    events: exp.Select, path: tuple[str, ...], of_value: Callable[[exp.Expr], exp.Expr], name: str, binding: Binding
) -> exp.Select:
    """The rows of a query of events, one for each value that the path reaches; `of_value` of it is a column more.

    An event in which it reaches none has a row with no value, or none at all.
    """
    first, *rest = path
    value = variant.at_path(exp.column("properties", quoted=True), (first,), binding)
    if rest and first in binding.types:
        value = _member(value, rest.pop(0), binding)
    shown = [one.copy() for one in events.expressions]
    for part in rest:
        held = events.select(exp.alias_(value, "value", quoted=True)).subquery("held")
        events = exp.select(*(one.copy() for one in shown)).from_(held)
        holder = exp.cast(exp.Explode(this=_holders(exp.column("value", quoted=True))), "VARIANT", dialect="duckdb")
        value = _member(holder, part, binding)
    if rest:
        held = events.select(exp.alias_(value, "value", quoted=True)).subquery("held")
        events, value = exp.select(*shown).from_(held), exp.column("value", quoted=True)
    return events.select(exp.alias_(of_value(value), name, quoted=True))


def _holders(value: exp.Expr) -> exp.Expr:
    """The elements of a list, or the value itself as the one element, as JSON."""
    through = exp.If(this=variant.is_type(value, "ARRAY"), true=variant.elements(value))
    alone = exp.Array(expressions=[exp.cast(value.copy(), "JSON")])
    return exp.Case(ifs=[through], default=alone)


def _some(value: exp.Expr, rest: list[str], test: Test, binding: Binding) -> exp.Expr:
    if not rest:
        return test(value)

    def passes(holder: exp.Expr) -> exp.Expr:
        return _some(_member(holder, rest[0], binding), rest[1:], test, binding)

    # A CASE, since DuckDB works both sides of an OR out for every row.
    through = exp.If(this=variant.is_type(value, "ARRAY"), true=variant.any_element(value, passes))
    return exp.Case(ifs=[through], default=passes(value))


def _member(holder: exp.Expr, name: str, binding: Binding) -> exp.Expr:
    return exp.Bracket(this=holder.copy(), expressions=[binding.value(name)])
