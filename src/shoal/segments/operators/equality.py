"""is, is not, one of, none of: equality without coercion."""

from __future__ import annotations

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.operator import Operand, Operator
from shoal.segments.operators.words import scalar, scalars, written
from shoal.segments.values import Json, check_scalar, same, shown


def as_tuple(value: object) -> object:
    """A list of JSON as the tuple that a node keeps."""
    return tuple(value) if isinstance(value, list) else value


def _check_values(value: object) -> None:
    if not isinstance(value, tuple):
        raise UserError("bad_value", f"{shown(value)} is not a list.", fix='Write a list: ["a", "b"].')
    require(len(value) > 0, "incomplete_condition", "The list of values is empty.", fix="Name at least one value.")
    for one in value:
        check_scalar(one)


def _is(value: Json, operand: Operand, _now: Instant) -> bool:
    return same(value, scalar(operand))


def _one_of(value: Json, operand: Operand, _now: Instant) -> bool:
    return any(same(value, one) for one in scalars(operand))


def _is_sql(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    return variant.equals(value, scalar(operand), binding)


def _one_of_sql(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    return variant.equals_one(value, scalars(operand), binding)


def _listed(operand: Operand) -> str:
    return f"({', '.join(written(one) for one in scalars(operand))})"


OPERATORS = (
    Operator(
        name="is",
        grammar='("is" | "=") value',
        check=check_scalar,
        english=lambda operand: f"is {written(scalar(operand))}",
        holds=_is,
        condition=_is_sql,
    ),
    Operator(
        name="is_not",
        grammar='("is" "not" | "!=") value',
        check=check_scalar,
        english=lambda operand: f"is not {written(scalar(operand))}",
        opposite_of="is",
    ),
    Operator(
        name="one_of",
        grammar='"is" "one" "of" values',
        check=_check_values,
        read=as_tuple,
        write=lambda operand: list(scalars(operand)),
        english=lambda operand: f"is one of {_listed(operand)}",
        holds=_one_of,
        condition=_one_of_sql,
    ),
    Operator(
        name="none_of",
        grammar='"is" "none" "of" values',
        check=_check_values,
        read=as_tuple,
        write=lambda operand: list(scalars(operand)),
        english=lambda operand: f"is none of {_listed(operand)}",
        opposite_of="one_of",
    ),
)
