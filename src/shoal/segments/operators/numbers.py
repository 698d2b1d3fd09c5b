"""Operators on numbers: whole and broken ones compare by value, exactly."""

from __future__ import annotations

from collections.abc import Callable
from operator import ge, gt, le, lt

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.equality import as_tuple
from shoal.segments.operators.operator import Operand, Operator
from shoal.segments.operators.words import scalar, scalars, written
from shoal.segments.values import Json, Number, check_number, is_number


def number(operand: Operand) -> Number:
    """The operand, known to be a number."""
    assert is_number(operand)
    return operand


def _check_range(value: object) -> None:
    if not isinstance(value, tuple) or len(value) != 2:
        raise UserError("bad_value", "A range needs two numbers.", fix="Write [5, 10].")
    low, high = check_number(value[0]), check_number(value[1])
    require(low <= high, "bad_value", f"The range from {low} to {high} is empty.", fix="Put the smaller number first.")


def _compare(name: str, grammar: str, words: str, test: Callable[[Number, Number], bool], sign: str) -> Operator:
    def holds(value: Json, operand: Operand, _now: Instant) -> bool:
        return is_number(value) and test(value, number(operand))

    def condition(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
        return variant.compares(value, sign, number(operand), binding)

    return Operator(
        name=name,
        grammar=grammar,
        check=check_number,
        english=lambda operand: f"is {words} {written(scalar(operand))}",
        holds=holds,
        condition=condition,
    )


def _between(value: Json, operand: Operand, _now: Instant) -> bool:
    low, high = scalars(operand)
    return is_number(value) and number(low) <= value <= number(high)


def _between_sql(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    low, high = scalars(operand)
    return exp.and_(
        variant.compares(value, ">=", number(low), binding), variant.compares(value, "<=", number(high), binding)
    )


OPERATORS = (
    _compare("gt", '("is" "more" "than" | ">") number', "more than", gt, ">"),
    _compare("gte", '("is" "at" "least" | ">=") number', "at least", ge, ">="),
    _compare("lt", '("is" "less" "than" | "<") number', "less than", lt, "<"),
    _compare("lte", '("is" "at" "most" | "<=") number', "at most", le, "<="),
    Operator(
        name="between",
        grammar='"is" "between" number "and" number',
        check=_check_range,
        read=as_tuple,
        write=lambda operand: list(scalars(operand)),
        english=lambda operand: "is between {} and {}".format(*map(written, scalars(operand))),
        holds=_between,
        condition=_between_sql,
    ),
)
