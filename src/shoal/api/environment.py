"""What each process of a server is told by the one that starts it, and when it ends by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy import event

from shoal.api.logs import happened, no_tracebacks, set_up
from shoal.core.failures import is_unflushed
from shoal.flow.home import Opened, open_home
from shoal.store.columns import without_pandas

HOME = "SHOAL_HOME"
"""Folder of the workspace."""

LOG_LEVEL = "SHOAL_LOG_LEVEL"
"""How much the log tells: one of `logs.LEVELS`."""

ROLE = "SHOAL_ROLE"
"""What the process does: one of `ROLES`."""

ROLES = ("all", "web", "engine")

PAGES = "SHOAL_PAGES"
"""Whether the web app is served: `yes`, or `no` for what programs ask only."""


def opened_workspace() -> Opened:
    """The workspace that `SHOAL_HOME` names, and the log set up.

    The process ends at once when the disk could not say that it has a commit: to ask again may be answered with yes
    while the data is lost (https://wiki.postgresql.org/wiki/Fsync_Errors). The next start reads what is on disk.
    """
    without_pandas()
    set_up(os.environ.get(LOG_LEVEL, "info"))
    no_tracebacks()
    opened = open_home(Path(os.environ[HOME]))

    @event.listens_for(opened.database.engine, "handle_error")
    def look(context: sa.engine.ExceptionContext) -> None:
        if is_unflushed(context.original_exception):
            end()

    return opened


def end() -> NoReturn:
    """End without any word to the disk; who waits for an answer gets none, and sends it again."""
    happened("disk_failed", code="unflushed")
    os._exit(os.EX_IOERR)
