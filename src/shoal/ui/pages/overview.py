"""Overview."""

from __future__ import annotations

from shoal.ui.policy import page
from shoal.ui.shell import frame


@page("/", title="Overview", role="viewer", icon="space_dashboard", keys="g o")
async def overview() -> None:
    """Overview."""
    with frame("Overview"):
        pass
