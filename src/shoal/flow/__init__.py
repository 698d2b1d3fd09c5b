"""The only wiring: takes records from room to room. The rooms themselves do not know of each other's turn.

Each module is loaded when it is first asked for, as in `flow.importing.import_paths(…)`, so that a command starts
without the libraries of all others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shoal.flow import (
        analysing,
        applying,
        asking,
        auditing,
        defining,
        importing,
        linting,
        people,
        previewing,
        reviewing,
        starting,
        unfinished,
        weighing,
    )
else:

    def __getattr__(name: str) -> object:
        """The module of that name (PEP 562)."""
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


__all__ = [
    "analysing",
    "applying",
    "asking",
    "auditing",
    "defining",
    "importing",
    "linting",
    "people",
    "previewing",
    "reviewing",
    "starting",
    "unfinished",
    "weighing",
]
