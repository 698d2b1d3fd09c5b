"""The catalogue of checks; docs/concepts/audit.md tells the same list to people."""

from __future__ import annotations

from shoal.measurement.audit.checks import agreement, events, formats, gaps, hygiene, imports, timeliness
from shoal.measurement.audit.checks.check import Check

CHECKS: tuple[Check, ...] = (
    *imports.CHECKS,
    *gaps.CHECKS,
    *formats.CHECKS,
    *events.CHECKS,
    *agreement.CHECKS,
    *timeliness.CHECKS,
    *hygiene.CHECKS,
)
"""Every check, in the order of the documentation."""
