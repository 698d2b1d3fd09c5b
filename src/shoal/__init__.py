"""Shoal finds the micro-audiences hiding in an e-mail list.

import shoal

ws = shoal.open("path")
lapsed = shoal.segment('did "Order Completed" and not did "Order Completed" in the last 60 days')
ws.count(lapsed, as_of=shoal.instant("2026-03-01"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shoal.core.errors import UserError
from shoal.core.time import parse_instant as instant

if TYPE_CHECKING:
    from shoal.segments.sentence import parse as segment
    from shoal.workspace import Workspace

    open = Workspace.open

__all__ = ["UserError", "Workspace", "instant", "open", "segment"]


def __getattr__(name: str) -> Any:
    """The other promised names, loaded when they are asked for: the process that parses files needs none of them."""
    if name in ("Workspace", "open"):
        from shoal.workspace import Workspace  # noqa: PLC0415

        return Workspace if name == "Workspace" else Workspace.open
    if name == "segment":
        from shoal.segments.sentence import parse  # noqa: PLC0415

        return parse
    raise AttributeError(f"module 'shoal' has no attribute {name!r}")
