"""What a check is, and how what it sees becomes findings with points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from shoal.measurement.audit.evidence import Evidence
from shoal.measurement.audit.inventory import SourceInventory
from shoal.measurement.audit.model import Dimension, Finding, Freshness, Severity
from shoal.measurement.wording import FEW


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a check may look at."""

    evidence: Evidence
    sources: tuple[SourceInventory, ...]
    freshness: Mapping[str, Freshness]
    identified: int  # people


@dataclass(frozen=True, slots=True)
class Sight:
    """What a check saw: `affected` of `of`, told in a sentence; no source means the list as a whole."""

    sentence: str
    affected: int
    of: int
    sources: tuple[str, ...] = ()
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the data.

    `weight` is the most points it can take from a score; all of them are lost when the affected share
    reaches `full`, and in proportion below. `unit` is what is counted, in the plural. What was seen among fewer
    than `few` is mostly chance: it takes its part of the points only, and is a note.
    """

    name: str
    dimension: Dimension
    question: str
    unit: str
    weight: float
    full: float
    fix: str
    look: Callable[[Scene], Iterable[Sight]]
    few: int = FEW


def findings(check: Check, scene: Scene) -> list[Finding]:
    """What the check finds; sights with nothing affected are dropped."""
    return [_finding(check, sight) for sight in check.look(scene) if sight.affected > 0]


def _finding(check: Check, sight: Sight) -> Finding:
    share = min(sight.affected / sight.of, 1.0) if sight.of else 1.0
    sure = min(1.0, sight.of / check.few)
    lost = min(1.0, share / check.full) * sure
    return Finding(
        check=check.name,
        dimension=check.dimension,
        severity=severity(lost, check.weight) if sure == 1.0 else "note",
        sources=sight.sources,
        sentence=sight.sentence,
        affected=sight.affected,
        of=sight.of,
        unit=check.unit,
        fix=check.fix,
        points=round(check.weight * lost, 1),
        field=sight.field,
    )


def severity(lost: float, weight: float) -> Severity:
    """How loud a finding is: by the part of the weight that is lost, and by the weight.

    >>> severity(0.6, 10), severity(0.1, 10), severity(0.01, 10), severity(1.0, 2)
    ('attention', 'watch', 'note', 'note')
    """
    if weight < 3 or lost < 0.05:
        return "note"
    return "attention" if lost >= 0.5 and weight >= 5 else "watch"
