"""The live reading: memberships that follow new facts and the clock."""

from __future__ import annotations

from shoal.segments.live.changes import Change, Changes
from shoal.segments.live.engine import Live, Persons
from shoal.segments.live.facts import Consented, Facts, Happened, Mentioned, Needs, Stated
from shoal.segments.live.gaps import GAPS, Gap, gap_of

__all__ = [
    "GAPS",
    "Change",
    "Changes",
    "Consented",
    "Facts",
    "Gap",
    "Happened",
    "Live",
    "Mentioned",
    "Needs",
    "Persons",
    "Stated",
    "gap_of",
]
