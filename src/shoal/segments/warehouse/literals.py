"""The values of a query as literals: nothing that a user wrote reaches the text but through SQLGlot's own escaping."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.operators.binding import Binding
from shoal.segments.warehouse import times
from shoal.segments.warehouse.dialect import Dialect
from shoal.segments.warehouse.moving import Moving

INSTANT = "instant_asked_for"

_SMALL = 2**63


@dataclass(slots=True)
class Literals(Binding):
    """As a binding, but instants stay what they are until the dialect is known."""

    def instant(self, instant: Instant) -> exp.Expr:
        """Placeholder for an instant."""
        return self._placeholder(_At(instant), instant)


@dataclass(frozen=True, slots=True)
class _At:
    instant: Instant


def put_values(plan: exp.Expr, binding: Literals) -> None:
    """Replace the placeholders: texts, numbers and truth values by literals, instants by a mark for `put_instants`."""
    for place in list(plan.find_all(exp.Placeholder)):
        value = binding.parameters[place.name]
        if isinstance(value, _At | Moving):
            mark = exp.Anonymous(this=INSTANT, expressions=[exp.Literal.string(place.name)])
            place.replace(mark)
        else:
            place.replace(_literal(value))


def put_instants(plan: exp.Expr, binding: Literals, dialect: Dialect) -> None:
    """Replace the marks by instants in the words of the dialect."""
    for place in list(plan.find_all(exp.Anonymous)):
        if place.name.lower() == INSTANT:
            value = binding.parameters[place.expressions[0].name]
            if isinstance(value, Moving):
                place.replace(times.moving_milliseconds(value, dialect))
            else:
                assert isinstance(value, _At)
                place.replace(times.instant(value.instant, dialect))


def _literal(value: object) -> exp.Expr:
    match value:
        case bool():
            return exp.true() if value else exp.false()
        case str():
            return exp.Literal.string(value)
        case int() | float():
            return _number(value)
    raise TypeError(f"no literal for {type(value).__name__}")


def _number(value: float) -> exp.Expr:
    found: exp.Expr
    if isinstance(value, int):
        if not -_SMALL <= value < _SMALL:
            return exp.cast(exp.Literal.string(str(value)), "INT128", dialect="duckdb")
        found = exp.Literal.number(str(abs(value)))
    else:
        written = repr(abs(value))
        found = exp.cast(exp.Literal.number(written if "e" in written else f"{written}e0"), "DOUBLE")
    return exp.paren(exp.Neg(this=found)) if value < 0 else found
