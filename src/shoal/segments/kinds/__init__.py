"""The catalogue of kinds: everything a definition may be made of, one file each."""

from __future__ import annotations

from shoal.segments.kinds import anonymous, average, consent, event_count, first_last, groups, segment, trait, trend
from shoal.segments.nodes import Kind

KINDS: tuple[Kind, ...] = (
    event_count.KIND,
    first_last.KIND,
    trend.KIND,
    average.KIND,
    trait.KIND,
    consent.KIND,
    segment.KIND,
    groups.GROUPS,
    groups.NOT,
    anonymous.KIND,
)
"""Every kind of node, in the order of the documentation. A test pins it."""
