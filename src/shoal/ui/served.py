"""What the pages of one server ask: its workspace, its engine, and who may sign in."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import State

from shoal.flow.current import Current
from shoal.flow.engine import Engine
from shoal.flow.glance import Advice
from shoal.flow.home import Opened
from shoal.flow.signing_in import Reception
from shoal.flow.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Served:
    """A workspace that is served; NiceGUI is one for a process, so is this."""

    opened: Opened
    reception: Reception
    sizes: Sizes
    advice: Advice
    state: State  # of the whole application: its intake and its engine

    @property
    def engine(self) -> Engine | None:
        """What takes in events; None where this process does not."""
        engine: Engine | None = self.state.engine
        return engine

    @property
    def current(self) -> Current | None:
        """The live reading; None while the engine starts, and where this process has none."""
        return None if self.engine is None else self.engine.current

    def no_answer(self, what: str) -> str:
        """Why something is not shown: it follows, or this server was told to leave it to another process."""
        if self.engine is None:
            return f"The engine is a process apart (`--role engine`): {what} is told by servers that run it themselves."
        return f"The engine is starting: {what} follows in a moment."


_served: list[Served] = []


def serve(what: Served) -> None:
    """Say what pages ask from now on."""
    _served[:] = [what]


def served() -> Served:
    """What pages ask."""
    return _served[0]
