"""Shoal finds the micro-audiences hiding in an e-mail list.

    import shoal

    ws = shoal.open("path")
    at_risk = shoal.segment('did "Order Completed" and opens in the last 30 days are at most 0.5 times the 30 days before')
    ws.count(at_risk, as_of=shoal.instant("2026-03-01"))
"""

from shoal.core.errors import UserError
from shoal.core.time import parse_instant as instant
from shoal.segments.sentence import parse as segment
from shoal.workspace import Workspace

open = Workspace.open  # noqa: A001 (the promised name)

__all__ = ["UserError", "Workspace", "instant", "open", "segment"]
