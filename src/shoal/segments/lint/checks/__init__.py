"""The catalogue of checks; docs/concepts/lint.md tells the same list to people."""

from __future__ import annotations

from shoal.segments.lint.checks import (
    and_or,
    content,
    everybody,
    goal,
    how_many,
    machines,
    names,
    negation,
    overlap,
    size,
    spelling,
    window,
)
from shoal.segments.lint.finding import Check

CHECKS: tuple[Check, ...] = (
    names.CHECK,
    spelling.CHECK,
    everybody.CHECK,
    and_or.CHECK,
    negation.CHECK,
    window.CHECK,
    machines.CHECK,
    size.CHECK,
    overlap.CHECK,
    how_many.CHECK,
    goal.CHECK,
    content.CHECK,
)
"""Every check, in the order of the documentation."""
