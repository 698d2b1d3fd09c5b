"""A plan: what applying a folder of segments would do, and whom it would move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from shoal.core.time import Instant
from shoal.flow.applying import Decision, decide
from shoal.flow.defining import asked_at, data_names
from shoal.flow.home import Opened
from shoal.flow.linting import judged, subjects_of
from shoal.flow.reading import open_reading
from shoal.segments.lint.finding import Finding
from shoal.segments.overlaps import Memberships, Overlap
from shoal.segments.steps import Step

OVERLAPS = 10
"""How many of the largest overlaps a plan tells of each segment."""


@dataclass(frozen=True, slots=True)
class Movement:
    """How many people a step moves, exactly."""

    before: int  # members by the current version
    after: int
    enter: int
    leave: int
    stay: int


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """What applying would do, with its consequences as of an instant."""

    decision: Decision
    as_of: Instant
    moved: Mapping[str, Movement]  # every step, by name
    overlaps: Mapping[str, tuple[Overlap, ...]]  # of what stays, the largest first
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(each.severity == "error" for each in self.findings)


def plan(opened: Opened, folder: Path | None = None, as_of: Instant | None = None) -> SegmentPlan:
    """Plan a folder, by default the workspace's: the steps, who enters and leaves, overlaps, findings. Writes nothing.

    Raises what `decide` raises, and `future_instant`.
    """
    instant = asked_at(as_of)
    decision = decide(opened, folder)
    catalog = data_names(opened)
    after = {name: each.when for name, each in decision.declared.items()}
    with open_reading(opened) as duck:
        members = Memberships.read(duck, after, instant, after)
        moved = _moved(duck, decision, members)
        findings = judged(duck, subjects_of(decision), members, after, catalog)
    overlaps = {name: members.overlaps(name)[:OVERLAPS] for name in after}
    return SegmentPlan(decision, instant, moved, overlaps, findings)


def _moved(duck: duckdb.DuckDBPyConnection, decision: Decision, members: Memberships) -> dict[str, Movement]:
    """Compare the members by the current versions with those by the declared ones; one query more."""
    current = {name: each.segment().when for name, each in decision.before.items()}
    gone = {step.name: current[step.name] for step in decision.changes if step.name in current}
    before = Memberships.read(duck, gone, members.now, current)
    return {step.name: _movement(step, before, members) for step in decision.steps}


def _movement(step: Step, before: Memberships, after: Memberships) -> Movement:
    come = after.of(step.name) if step.after else _NOBODY
    if step.change == "unchanged":
        return Movement(len(come), len(come), 0, 0, len(come))
    gone = before.of(step.name) if step.before else _NOBODY
    stay = len(np.intersect1d(gone, come, assume_unique=True))
    return Movement(len(gone), len(come), len(come) - stay, len(gone) - stay, stay)


_NOBODY = np.array([], np.int64)
