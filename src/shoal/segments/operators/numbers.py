"""Operators on numbers: whole and broken ones compare by value, exactly."""

from __future__ import annotations

from collections.abc import Callable
from operator import ge, gt, le, lt

from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.operator import Operand, Operator
from shoal.segments.operators.words import scalar, written
from shoal.segments.values import Json, Number, check_number, is_number


def number(operand: Operand) -> Number:
    """The operand, known to be a number."""
    assert is_number(operand)
    return operand


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


OPERATORS = (
    _compare("gt", '("is" "more" "than" | ">") number', "more than", gt, ">"),
    _compare("gte", '("is" "at" "least" | ">=") number', "at least", ge, ">="),
    _compare("lt", '("is" "less" "than" | "<") number', "less than", lt, "<"),
    _compare("lte", '("is" "at" "most" | "<=") number', "at most", le, "<="),
)
