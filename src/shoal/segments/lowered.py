"""The core conditions that every kind lowers to: all that the set-at-a-time readings know.

Windows stay windows here, so that a lowered definition does not depend on the instant it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol, runtime_checkable

from sqlglot import exp

from shoal.segments.inside import Tested
from shoal.segments.operators.binding import Binding
from shoal.segments.streams import Stream
from shoal.segments.windows import Window

Sign = Literal["<=", "<", ">=", ">"]


@dataclass(frozen=True, slots=True)
class Count:
    """The number of events of a stream in a window, 0 where there are none."""

    stream: Stream
    window: Window


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Core, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Core, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """The part does not hold: the complement among all subscribers."""

    part: Core


@dataclass(frozen=True, slots=True)
class CountWithin:
    """A count from `low` to `high`, both included; `high` None sets no limit."""

    count: Count
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class CountsCompared:
    """`left` against `factor` times `right`, exactly."""

    left: Count
    sign: Sign
    factor: Fraction
    right: Count


@dataclass(frozen=True, slots=True)
class AgainstAverage:
    """A subscriber's count, or count per other count, strictly above or below that of the list as a whole.

    The list is all identified subscribers. Without `per` its average is the mean count, people with
    none included; with `per` it is the list's total over its total of the other. Where a subscriber's
    own ratio has no divisor, the condition is false.
    """

    count: Count
    per: Count | None
    above: bool


@dataclass(frozen=True, slots=True)
class TraitHolds:
    """The trait's latest value, or what it holds at a path, passes a plain comparison; false where it has none."""

    name: str
    comparison: Tested


@dataclass(frozen=True, slots=True)
class ConsentHolds:
    """The latest state of a consent is one of these; false where there is none."""

    channel: str
    purpose: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InSegment:
    """Member of another segment, by its name."""

    name: str


@runtime_checkable
class Scanned(Protocol):
    """A condition that no other expresses, with a query of its own. It is a frozen dataclass in its kind's file."""

    def scan(self, binding: Binding) -> exp.Select:
        """One column `subscriber`: those of whom it holds at `binding.now`, each once.

        It reads the views of a reading (docs/decisions/0001-backbone.md) and nothing that is stamped later.
        """


Core = (
    AllOf
    | AnyOf
    | Opposite
    | CountWithin
    | CountsCompared
    | AgainstAverage
    | TraitHolds
    | ConsentHolds
    | InSegment
    | Scanned
)
