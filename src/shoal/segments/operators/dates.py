"""Operators on texts that are ISO 8601 instants. A text that is no instant is false in all of them."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shoal.core.errors import UserError, require
from shoal.core.time import UNITS_MS, Duration, Instant, format_instant, parse_instant
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.operator import Lags, Operand, Operator
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


def _timed(
    name: str, grammar: str, words: str, lags: Callable[[int], Lags], test: Callable[[Instant, int, Instant], bool]
) -> Operator:
    """An operator that compares a date with now; `{}` in the words is the length, which the rest is given in ms."""

    def condition(value: exp.Expr, operand: Operand, binding: Binding) -> exp.Expr:
        since, until = lags(duration(operand).ms)
        found = variant.instant(value)
        bounds: list[exp.Expr] = []
        if until is not None:
            bounds.append(exp.GT(this=found, expression=binding.value(binding.now - until)))
        if since is not None:
            bounds.append(exp.LTE(this=found.copy(), expression=binding.value(binding.now - since)))
        return exp.and_(*bounds)

    return Operator(
        name=name,
        grammar=grammar,
        check=check_duration,
        read=read_duration,
        write=lambda operand: duration(operand).short(),
        english=lambda operand: words.format(duration(operand).english()),
        holds=_held(lambda instant, operand, now: test(instant, duration(operand).ms, now)),
        condition=condition,
        lags=lambda operand: lags(duration(operand).ms),
    )


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
    _timed(
        "within_last",
        '"is" "within" "the" "last" duration',
        "is within the last {}",
        lambda length: (0, length),
        lambda instant, length, now: now - length < instant <= now,
    ),
    _timed(
        "within_next",
        '"is" "within" "the" "next" duration',
        "is within the next {}",
        lambda length: (-length, 0),
        lambda instant, length, now: now < instant <= now + length,
    ),
    _timed(
        "before_ago",
        '"is" "more" "than" duration "ago"',
        "is more than {} ago",
        lambda length: (length, None),
        lambda instant, length, now: instant <= now - length,
    ),
    _timed(
        "after_next",
        '"is" "more" "than" duration "from" "now"',
        "is more than {} from now",
        lambda length: (None, -length),
        lambda instant, length, now: instant > now + length,
    ),
)
