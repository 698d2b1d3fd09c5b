"""What conditions measure of a subscriber as one number: from a stream of events, or from a trait.

A measured number is whole: millionths, so that money adds up exactly and every reading comes to the same. Each number
is rounded to six decimals, half to even, before it is used; an average is cut off after six. What is
larger than a quadrillion is no number here: no sum can overflow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.operators.binding import Binding
from shoal.segments.values import Json, is_number

if TYPE_CHECKING:
    from shoal.segments.nodes import Person, Reference

UNIT = 1_000_000
"""Millionths: what 1 is measured as."""

LARGEST = 10**15
"""Numbers beyond it, either way, are not measured."""


def millionths(value: Json) -> int | None:
    """A stored number as it is measured; None for everything else.

    >>> millionths(19.99), millionths(-3), millionths("5"), millionths(1e300)
    (19990000, -3000000, None, None)
    """
    if not is_number(value) or not abs(value) <= LARGEST:
        return None
    return value * UNIT if isinstance(value, int) else round(value * 1e6)


def measured_words(value: int) -> str:
    """A measured number as people read it.

    >>> measured_words(19_990_000), measured_words(-500_000), measured_words(3_000_000)
    ('19.99', '-0.5', '3')
    """
    whole, rest = divmod(abs(value), UNIT)
    decimals = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if value < 0 else ''}{whole}{decimals}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A measured number among those of all identified subscribers who have one."""

    people: int  # who have one
    above: int  # who have a greater one
    below: int  # who have a smaller one
    total: int  # of all their numbers


class Measure(Protocol):
    """One number of a subscriber, or none."""

    @property
    def zero(self) -> bool:
        """Whether nothing counts as 0 where the number is compared."""

    def english(self) -> str:
        """`sum of total of orders in the last 90 days`."""

    def to_data(self) -> dict[str, Json]:
        """`{"sum": "total", "of": "Order Completed", "when": {"last": "90d"}}`."""

    def value(self, person: Person) -> int | None:
        """The oracle's reading, in millionths; None where there is nothing to measure."""

    def rows(self, binding: Binding) -> exp.Select:
        """SQL of columns `subscriber` and `value` (HUGEINT, millionths), a row for each who has a number."""

    def moments(self, person: Person) -> Iterator[Instant]:
        """Instants at which the number may change."""

    def references(self) -> Iterator[Reference]:
        """The names used."""
