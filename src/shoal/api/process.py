"""The process that answers requests; it starts that of the engine (`api.engine`)."""

from __future__ import annotations

import os
import sys

from starlette.types import ASGIApp

from shoal.api.app import made
from shoal.api.environment import PAGES, ROLE, end, opened_workspace
from shoal.api.logs import Logged
from shoal.flow.engine import Engine
from shoal.flow.engine_process import EngineProcess
from shoal.flow.home import Opened


def serving() -> ASGIApp:
    """The application over the workspace that `SHOAL_HOME` names; its engine is elsewhere where the role is `web`."""
    has_engine = os.environ.get(ROLE, "all") == "all"
    has_pages = os.environ.get(PAGES, "yes") == "yes"
    return Logged(made(opened_workspace(), engine=_engine if has_engine else None, pages=has_pages))


def _engine(opened: Opened) -> Engine:
    return EngineProcess(opened, [sys.executable, "-m", "shoal.api.engine"], end)
