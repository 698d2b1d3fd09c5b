"""The engine of a running server: takes what arrives from the journal to the lake, again and again."""

from __future__ import annotations

import threading

from shoal.flow.drain import Drain
from shoal.flow.home import Opened, one_writer
from shoal.flow.unifying import unify

PAUSE_S = 0.2
"""Between two looks into a journal that was empty."""


class Engine:
    """A thread that holds the workspace's write lock while it runs.

    Raises UserError `busy` where somebody else holds it.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._lock = one_writer(opened.home)
        self._lock.__enter__()
        self._stopping = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Take what is in the journal, and stop."""
        self._stopping.set()
        self._thread.join()
        self._lock.__exit__(None, None, None)
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        try:
            with Drain(self._opened.home, self._opened.database) as drain:
                while True:
                    ending = self._stopping.is_set()
                    turned = False
                    while drain.turn() is not None:
                        turned = True
                    if turned:
                        unify(self._opened)
                    if ending:
                        return
                    self._stopping.wait(PAUSE_S)
        except BaseException as error:  # told by close, and by readiness
            self._failed = error
