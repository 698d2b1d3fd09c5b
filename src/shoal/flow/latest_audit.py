"""The last audit of a served workspace: made on a thread of its own, kept with its time until it is made anew."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from shoal.core.errors import UserError
from shoal.core.failures import failure
from shoal.flow.auditing import run_audit
from shoal.flow.home import Opened
from shoal.measurement.audit import Audit
from shoal.store import lake

SMALL = 5_000_000
"""Rows of the lake up to which nobody has to ask for the first audit: more would keep the engine waiting for long."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How an audit stands, and what the one before it found."""

    audit: Audit | None  # the last that was finished; its `as_of` is its time
    running_s: float | None  # for how long one has been running; None: none is
    took_s: float | None  # how long the last one took; None: there was none
    error: UserError | None  # why the last one failed; None where it didn't


class LatestAudit:
    """One at a time. May be asked on any thread."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._turn = threading.Lock()
        self._began: float | None = None
        self._done = Progress(None, None, None, None)

    def progress(self) -> Progress:
        """How it stands."""
        with self._turn:
            running = None if self._began is None else time.monotonic() - self._began
            return Progress(self._done.audit, running, self._done.took_s, self._done.error)

    def records(self) -> int:
        """How many rows of the lake one reads."""
        with self._opened.database.read() as connection:
            return sum(file.rows for file in lake.catalogued(connection))

    def begin_if_small(self) -> bool:
        """Make the first one where that takes no more than moments; whether one was made, or is being made."""
        now = self.progress()
        if now.audit is None and now.running_s is None and now.error is None and self.records() <= SMALL:
            self.begin()
        now = self.progress()
        return now.audit is not None or now.running_s is not None

    def begin(self) -> None:
        """Make one, unless one is being made; this returns at once."""
        with self._turn:
            if self._began is not None:
                return
            self._began = time.monotonic()
        # A thread that nobody waits for: a server that is told to stop does so.
        threading.Thread(target=self._run, name="audit", daemon=True).start()

    def _run(self) -> None:
        audit, error = self._done.audit, None
        try:
            audit = run_audit(self._opened)
        except Exception as raised:
            error = raised if isinstance(raised, UserError) else failure(raised)
            if error is None:
                error = UserError("internal", "The audit failed.", fix="Run `shoal audit`, and report what it says.")
                raise
        finally:
            with self._turn:
                assert self._began is not None
                self._done = Progress(audit, None, time.monotonic() - self._began, error)
                self._began = None
