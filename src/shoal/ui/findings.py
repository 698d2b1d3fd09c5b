"""What the linter says, each with its fix."""

from __future__ import annotations

from collections.abc import Sequence

from shoal.segments.lint.finding import SEVERITIES, Finding
from shoal.ui.parts import element, text

_WORDS = {"error": "To mend", "warning": "To look at", "note": "To know"}


def findings(found: Sequence[Finding]) -> None:
    """The loudest first."""
    if not found:
        text("p", "Nothing to say.", "sub")
    for each in sorted(found, key=lambda one: SEVERITIES.index(one.severity)):
        with element("div", f"finding {each.severity}"):
            text("span", f"{_WORDS[each.severity]}: ", "unseen")
            text("div", each.message)
            text("div", each.fix, "d")
