"""The process of a server: its application, its log, and when it ends by itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy import event
from starlette.types import ASGIApp

from shoal.api.app import made
from shoal.api.environment import HOME, LOG_LEVEL
from shoal.api.logs import Logged, happened, set_up
from shoal.core.failures import is_unflushed
from shoal.flow.home import open_home
from shoal.store.database import Database

SWITCH_S = 0.0005
"""How long a thread that computes keeps the interpreter while another wants it. The engine asks for it thousands of
times in a turn, and each time would wait for Python's usual 5 ms while requests are read."""


def serving() -> ASGIApp:
    """The application over the workspace that `SHOAL_HOME` names."""
    sys.setswitchinterval(SWITCH_S)
    set_up(os.environ.get(LOG_LEVEL, "info"))
    opened = open_home(Path(os.environ[HOME]))
    end_when_unflushed(opened.database, end)
    return Logged(made(opened, pages=True))


def end_when_unflushed(database: Database, ending: Callable[[], None]) -> None:
    """Let a process end at once when the disk could not say that it has a commit.

    To ask again may be answered with yes while the data is lost (https://wiki.postgresql.org/wiki/Fsync_Errors). The
    next start reads what is on disk.
    """

    @event.listens_for(database.engine, "handle_error")
    def look(context: sa.engine.ExceptionContext) -> None:
        if is_unflushed(context.original_exception):
            ending()


def end() -> NoReturn:
    """End without any word to the disk; who waits for an answer gets none, and sends it again."""
    happened("disk_failed", code="unflushed")
    os._exit(os.EX_IOERR)
