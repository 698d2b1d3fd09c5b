"""Names of what a server's process is told by the one that starts it."""

from __future__ import annotations

HOME = "SHOAL_HOME"
"""Folder of the workspace."""

LOG_LEVEL = "SHOAL_LOG_LEVEL"
"""How much the log tells: one of `logs.LEVELS`."""
