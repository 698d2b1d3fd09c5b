"""What an operator is: its words and its meaning in each reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from shoal.core.time import Duration, Instant
from shoal.segments.operators.binding import Binding
from shoal.segments.values import Json, Scalar


@dataclass(frozen=True, slots=True)
class Dates:
    """The instants from one to another, both included."""

    first: Instant
    last: Instant


Operand = Scalar | tuple[Scalar, ...] | Duration | Dates
"""What a value is compared with. Instants are whole milliseconds."""

Lags = tuple[int | None, int | None]
"""Milliseconds after a date from when on it passes, and until when it does; None sets no limit."""


def unchanged(value: object) -> object:
    """The form in JSON is the operand."""
    return value


def plain(operand: Operand) -> Json:
    """The operand is its form in JSON."""
    assert isinstance(operand, str | int | float)
    return operand


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison of a value with an operand.

    `holds` is the oracle's reading; `condition` gives SQL that is true exactly then, and false or NULL
    otherwise. Both are of the plain meaning: where `opposite_of` names another operator, this one holds
    exactly where the other does not, so also where there is no value, and has no reading of its own.
    """

    name: str  # the key in JSON
    grammar: str  # the words and operand in the sentence grammar, as Lark alternatives
    check: Callable[[object], object]  # raises UserError for an operand that makes no sense
    english: Callable[[Operand], str]
    holds: Callable[[Json, Operand, Instant], bool] | None = None
    condition: Callable[[exp.Expr, Operand, Binding], exp.Expr] | None = None
    opposite_of: str | None = None
    read: Callable[[object], object] = unchanged  # operand from its form in JSON; raises UserError
    write: Callable[[Operand], Json] = plain  # operand to its form in JSON
    lags: Callable[[Operand], Lags] | None = None  # of dates that time alone makes pass, or stop to
