"""is set: whether there is a value at all."""

from __future__ import annotations

from sqlglot import exp

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.operator import Operand, Operator
from shoal.segments.values import Json, shown


def _check(value: object) -> None:
    if not isinstance(value, bool):
        raise UserError("bad_value", f"{shown(value)} is neither true nor false.", fix="Write true or false.")


def _is_set(value: Json, operand: Operand, _now: Instant) -> bool:
    return (value is not None) == operand


def _is_set_sql(value: exp.Expr, operand: Operand, _binding: Binding) -> exp.Expr:
    return variant.is_set(value) if operand else exp.not_(variant.is_set(value))


OPERATORS = (
    Operator(
        name="is_set",
        grammar='"is" negated? "set"',
        check=_check,
        english=lambda operand: "is set" if operand else "is not set",
        holds=_is_set,
        condition=_is_set_sql,
    ),
)
