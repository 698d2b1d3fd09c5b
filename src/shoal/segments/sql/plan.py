"""What a query has to read, decided before any SQL is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from shoal.segments.inside import Tested
from shoal.segments.lowered import (
    AgainstAverage,
    AllOf,
    AnyOf,
    ConsentHolds,
    Core,
    Count,
    CountsCompared,
    CountWithin,
    InSegment,
    Opposite,
    Scanned,
    TraitHolds,
)
from shoal.segments.streams import Stream
from shoal.segments.windows import Window

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Definition:
    """A lowered definition: what it is called within the query, and who may be a member."""

    name: str | None  # None for the one that is asked for
    core: Core
    anonymous: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One scan per distinct stream, trait and consent, whatever number of conditions read it."""

    streams: dict[Stream, tuple[Window, ...]]
    traits: dict[str, tuple[Tested, ...]]
    consents: dict[tuple[str, str], tuple[tuple[str, ...], ...]]
    averages: tuple[Count, ...]  # counts whose total over the list is needed
    scanned: tuple[Scanned, ...]  # conditions with a query of their own

    @classmethod
    def of(cls, cores: Iterable[Core]) -> Plan:
        """The scans that these conditions need."""
        leaves = [leaf for core in cores for leaf in leaves_of(core)]
        counts = [count for leaf in leaves for count in _counts(leaf)]
        return cls(
            streams=_grouped((count.stream, count.window) for count in counts),
            traits=_grouped((leaf.name, leaf.comparison) for leaf in leaves if isinstance(leaf, TraitHolds)),
            consents=_grouped(
                ((leaf.channel, leaf.purpose), leaf.states) for leaf in leaves if isinstance(leaf, ConsentHolds)
            ),
            averages=tuple(
                dict.fromkeys(count for leaf in leaves if isinstance(leaf, AgainstAverage) for count in _counts(leaf))
            ),
            scanned=tuple(dict.fromkeys(leaf for leaf in leaves if isinstance(leaf, Scanned))),
        )


def leaves_of(core: Core) -> Iterator[Core]:
    """The conditions of a lowered definition, without the groups."""
    match core:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves_of(part)
        case Opposite(part):
            yield from leaves_of(part)
        case _:
            yield core


def _counts(leaf: Core) -> tuple[Count, ...]:
    match leaf:
        case CountWithin(count, _, _):
            return (count,)
        case CountsCompared(left, _, _, right):
            return (left, right)
        case AgainstAverage(count, per, _):
            return (count,) if per is None else (count, per)
        case TraitHolds() | ConsentHolds() | InSegment() | Scanned():
            return ()
    raise TypeError(f"not a condition: {leaf!r}")


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    found: dict[K, dict[V, None]] = {}
    for key, value in pairs:
        found.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in found.items()}
