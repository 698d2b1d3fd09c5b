"""between: numbers or dates from one to another, both included."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import Instant, format_instant
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.dates import check_instant, read_instant
from shoal.segments.operators.equality import as_tuple
from shoal.segments.operators.numbers import number
from shoal.segments.operators.operator import Dates, Operand, Operator
from shoal.segments.operators.words import instant_words, scalars, written
from shoal.segments.values import Json, check_number, instant_of, is_number


def _ends(operand: Operand) -> tuple[str, str]:
    """Both ends as sentences show them."""
    if isinstance(operand, Dates):
        return instant_words(operand.first), instant_words(operand.last)
    low, high = scalars(operand)
    return written(low), written(high)


def _check(value: object) -> None:
    if isinstance(value, Dates):
        check_instant(value.first)
        check_instant(value.last)
        sound = value.first <= value.last
    elif isinstance(value, tuple) and len(value) == 2:
        sound = check_number(value[0]) <= check_number(value[1])
    else:
        fix = 'Write [5, 10] or ["2026-03-01", "2026-04-01"].'
        raise UserError("bad_value", "A range needs two numbers or two dates.", fix=fix)
    if not sound:
        low, high = _ends(value)
        fix = f"Put the {'earlier date' if isinstance(value, Dates) else 'smaller number'} first."
        require(sound, "bad_value", f"The range from {low} to {high} is empty.", fix=fix)


def _read(value: object) -> object:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        return Dates(read_instant(value[0]), read_instant(value[1]))
    return as_tuple(value)


def _write(operand: Operand) -> Json:
    if isinstance(operand, Dates):
        return [format_instant(operand.first), format_instant(operand.last)]
    return list(scalars(operand))


def _holds(value: Json, operand: Operand, _now: Instant) -> bool:
    if isinstance(operand, Dates):
        instant = instant_of(value)
        return instant is not None and operand.first <= instant <= operand.last
    low, high = scalars(operand)
    return is_number(value) and number(low) <= value <= number(high)


def _condition(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    if isinstance(operand, Dates):
        found = variant.instant(value)
        return exp.and_(
            exp.GTE(this=found, expression=binding.value(operand.first)),
            exp.LTE(this=found.copy(), expression=binding.value(operand.last)),
        )
    low, high = scalars(operand)
    return exp.and_(
        variant.compares(value, ">=", number(low), binding), variant.compares(value, "<=", number(high), binding)
    )


OPERATORS = (
    Operator(
        name="between",
        grammar='"is" "between" range',
        check=_check,
        read=_read,
        write=_write,
        english=lambda operand: "is between {} and {}".format(*_ends(operand)),
        holds=_holds,
        condition=_condition,
    ),
)

GRAMMAR = """
range: number "and" number -> range_of_numbers
    | date "and" date -> range_of_dates
"""

BUILD: Mapping[str, Callable[..., Operand]] = {
    "range_of_numbers": lambda low, high: (low, high),
    "range_of_dates": Dates,
}
