"""Telling the process that answers requests that it is to stop, before its server waits for all who are connected.

Streams and long waits would go on for as long as the server has patience. So the command tells its child with a signal
that nothing else uses and that does no harm to a child that does not listen yet.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

_TOLD = signal.SIGURG
_STOPS = (signal.SIGINT, signal.SIGTERM)


def tell_children() -> None:
    """From now on tell all children when this process is to stop, and then do what was done before."""
    for number in _STOPS:
        before = signal.getsignal(number)

        def tell(said: int, frame: FrameType | None, before: object = before) -> None:
            for child in multiprocessing.active_children():
                if child.pid is not None:
                    with suppress(ProcessLookupError):
                        os.kill(child.pid, _TOLD)
            if callable(before):
                before(said, frame)

        signal.signal(number, tell)


def when_told(*acts: Callable[[], None]) -> None:
    """Call these in the running loop when the parent is told to stop. Only the main thread can be told."""

    def act() -> None:
        for each in acts:
            each()

    with suppress(RuntimeError, ValueError):  # a loop of another thread, as in a test
        asyncio.get_running_loop().add_signal_handler(_TOLD, act)
