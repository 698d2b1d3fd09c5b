"""How operands are written in sentences."""

from __future__ import annotations

import json

from shoal.core.errors import UserError
from shoal.core.time import Instant, format_instant
from shoal.segments.operators.operator import Operand
from shoal.segments.values import Scalar, shown


def quoted(text: str) -> str:
    """A text in double quotes, as JSON writes it.

    >>> quoted('say "yes"')
    '"say \\\\"yes\\\\""'
    """
    return json.dumps(text, ensure_ascii=False)


def written(value: Scalar) -> str:
    """A text, number, true or false as sentences show it.

    >>> written("US"), written(5), written(0.5), written(True)
    ('"US"', '5', '0.5', 'true')
    """
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def instant_words(instant: Instant) -> str:
    """An instant as sentences show it: only the date where it is midnight in UTC.

    >>> instant_words(Instant(86_400_000))
    '1970-01-02'
    """
    return format_instant(instant).removesuffix("T00:00:00Z")


def scalar(operand: Operand) -> Scalar:
    """The operand, known to be a single value."""
    assert isinstance(operand, str | int | float)
    return operand


def scalars(operand: Operand) -> tuple[Scalar, ...]:
    """The operand, known to be several values."""
    assert isinstance(operand, tuple)
    return operand


def expect_text(value: object) -> str:
    """The text, not empty; raises UserError."""
    if not isinstance(value, str):
        raise UserError("bad_value", f"{shown(value)} is not a text.", fix='Write it in double quotes: "…".')
    if not value:
        raise UserError("incomplete_condition", "The text to compare with is empty.", fix="Write one.")
    return value
