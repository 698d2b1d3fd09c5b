"""An engine without a server: the process of `shoal serve --role engine`, which starts that of the engine itself."""

from __future__ import annotations

import signal
import sys
import threading

from shoal.api.environment import end, opened_workspace
from shoal.flow.apart import Saying
from shoal.flow.delivering import Deliverer
from shoal.flow.engine_process import EngineProcess
from shoal.store.secret import secret_at


def alone() -> None:
    """Follow the segments and tell destinations until the process is told to stop.

    Raises UserError `busy` where somebody else writes to the workspace.
    """
    stopping = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopping.set())
    opened = opened_workspace()
    engine = EngineProcess(opened, [sys.executable, "-m", "shoal.api.engine"], end)
    deliverer = Deliverer(opened, secret_at(opened.home.secret), lambda: engine.current)
    saying = Saying(opened, engine)
    stopping.wait()
    deliverer.close()
    engine.close()
    saying.close()
    opened.database.close()
