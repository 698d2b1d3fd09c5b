"""Operators on texts; `contains` also asks whether a list has an element."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.operator import Operand, Operator
from shoal.segments.operators.words import expect_text, quoted, scalar, written
from shoal.segments.patterns import compiled
from shoal.segments.values import Json, check_characters, check_scalar, same


def _check_text(value: object) -> str:
    text = expect_text(value)
    check_characters(text, "A text")
    return text


def _check_part(value: object) -> object:
    return _check_text(value) if isinstance(value, str) else check_scalar(value)


def _check_pattern(value: object) -> None:
    compiled(_check_text(value))


def _contains(value: Json, operand: Operand, _now: Instant) -> bool:
    if isinstance(value, list):
        return any(same(element, scalar(operand)) for element in value)
    return isinstance(value, str) and isinstance(operand, str) and operand in value


def _on_text(test: Callable[[str, str], bool]) -> Callable[[Json, Operand, Instant], bool]:
    def holds(value: Json, operand: Operand, _now: Instant) -> bool:
        return isinstance(value, str) and test(value, str(operand))

    return holds


def _starts_with_sql(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    begins = exp.func("starts_with", variant.text(value), binding.value(str(operand)), dialect="duckdb")
    return variant.of_text(value, begins, [str(operand)], begins=True)


def _on_text_sql(function: str) -> Callable[[exp.Expr, Operand, Binding], exp.Expr]:
    def condition(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
        asked = exp.func(function, variant.text(value), binding.value(str(operand)), dialect="duckdb")
        return asked if variant.one_type(value) == "VARCHAR" else exp.and_(asked, variant.is_text(value))

    return condition


def _contains_sql(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    element = variant.list_has(value, scalar(operand), binding)
    if not isinstance(operand, str):
        return element
    return exp.or_(_on_text_sql("contains")(value, operand, binding), element)


def _phrase(words: str) -> Callable[[Operand], str]:
    return lambda operand: f"{words} {quoted(str(operand))}"


OPERATORS = (
    Operator(
        name="contains",
        grammar='"contains" value',
        check=_check_part,
        english=lambda operand: f"contains {written(scalar(operand))}",
        holds=_contains,
        condition=_contains_sql,
    ),
    Operator(
        name="not_contains",
        grammar='"does" "not" "contain" value',
        check=_check_part,
        english=lambda operand: f"does not contain {written(scalar(operand))}",
        opposite_of="contains",
    ),
    Operator(
        name="starts_with",
        grammar='"starts" "with" value',
        check=_check_text,
        english=_phrase("starts with"),
        holds=_on_text(str.startswith),
        condition=_starts_with_sql,
    ),
    Operator(
        name="ends_with",
        grammar='"ends" "with" value',
        check=_check_text,
        english=_phrase("ends with"),
        holds=_on_text(str.endswith),
        condition=_on_text_sql("suffix"),
    ),
    Operator(
        name="matches",
        grammar='"matches" value',
        check=_check_pattern,
        english=_phrase("matches"),
        holds=_on_text(lambda value, pattern: compiled(pattern).search(value) is not None),
        condition=_on_text_sql("regexp_matches"),
    ),
)
