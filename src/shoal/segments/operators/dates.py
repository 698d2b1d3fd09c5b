"""Operators on texts that are ISO 8601 instants. A text that is no instant is false in all of them."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import UNITS_MS, Duration, Instant, format_instant, parse_instant
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.operator import Operand, Operator
from shoal.segments.operators.words import instant_words
from shoal.segments.values import Json, instant_of, shown

EARLIEST = parse_instant("1000-01-01")
LATEST = parse_instant("9999-12-31T23:59:59.999Z")
LONGEST_MS = 366_000 * UNITS_MS["d"]


def read_instant(value: object) -> Instant:
    """The instant of a text in JSON or a sentence; raises UserError `bad_instant`."""
    found = instant_of(value) if isinstance(value, str) else None
    if found is None:
        raise UserError(
            "bad_instant",
            f"{shown(value)} is not a date or time.",
            fix="Write ISO 8601: 2026-03-01 or 2026-03-01T09:30:00Z.",
        )
    return found


def read_duration(value: object) -> Duration:
    """The duration of a text such as "30d"; raises UserError `bad_duration`."""
    if not isinstance(value, str):
        raise UserError(
            "bad_duration", f"{shown(value)} is not a length of time.", fix='Write for example "48h" or "7d".'
        )
    return Duration.parse(value)


def check_instant(value: object) -> None:
    """Raise UserError `bad_instant` unless the operand is an instant of the years 1000 to 9999."""
    sound = isinstance(value, int) and not isinstance(value, bool) and EARLIEST <= value <= LATEST
    require(sound, "bad_instant", f"{shown(value)} is not an instant.", fix="Name a day of the years 1000 to 9999.")


def check_duration(value: object) -> None:
    """Raise UserError `bad_duration` unless the operand is a duration of 1,000 years at most."""
    sound = isinstance(value, Duration) and value.ms <= LONGEST_MS
    require(sound, "bad_duration", "That is not a length of time in use.", fix="Write for example 48h or 7d.")


def duration(operand: Operand) -> Duration:
    """The operand, known to be a duration."""
    assert isinstance(operand, Duration)
    return operand


def _instant(operand: Operand) -> Instant:
    assert isinstance(operand, int)
    return Instant(operand)


def _held(test: Callable[[Instant, Operand, Instant], bool]) -> Callable[[Json, Operand, Instant], bool]:
    def holds(value: Json, operand: Operand, now: Instant) -> bool:
        instant = instant_of(value)
        return instant is not None and test(instant, operand, now)

    return holds


def _before_sql(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    return exp.LT(this=variant.instant(value), expression=binding.value(_instant(operand)))


def _after_sql(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    return exp.GT(this=variant.instant(value), expression=binding.value(_instant(operand)))


def _within_last_sql(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
    found = variant.instant(value)
    since = binding.value(binding.now - duration(operand).ms)
    return exp.and_(
        exp.GT(this=found, expression=since), exp.LTE(this=found.copy(), expression=binding.value(binding.now))
    )


def _enters_and_leaves(value: Json, operand: Operand) -> tuple[Instant, ...]:
    instant = instant_of(value)
    return () if instant is None else (instant, Instant(instant + duration(operand).ms))


OPERATORS = (
    Operator(
        name="before",
        grammar='"is" "before" date',
        check=check_instant,
        read=read_instant,
        write=lambda operand: format_instant(_instant(operand)),
        english=lambda operand: f"is before {instant_words(_instant(operand))}",
        holds=_held(lambda instant, operand, _now: instant < _instant(operand)),
        condition=_before_sql,
    ),
    Operator(
        name="after",
        grammar='"is" "after" date',
        check=check_instant,
        read=read_instant,
        write=lambda operand: format_instant(_instant(operand)),
        english=lambda operand: f"is after {instant_words(_instant(operand))}",
        holds=_held(lambda instant, operand, _now: instant > _instant(operand)),
        condition=_after_sql,
    ),
    Operator(
        name="within_last",
        grammar='"is" "within" "the" "last" duration',
        check=check_duration,
        read=read_duration,
        write=lambda operand: duration(operand).short(),
        english=lambda operand: f"is within the last {duration(operand).english()}",
        holds=_held(lambda instant, operand, now: now - duration(operand).ms < instant <= now),
        condition=_within_last_sql,
        moments=_enters_and_leaves,
    ),
)
