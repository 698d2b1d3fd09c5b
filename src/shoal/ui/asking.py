"""Questions of pages: on threads of their own, so that no page waits for another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from nicegui import run

P = ParamSpec("P")
T = TypeVar("T")


async def ask(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The answer of a function of flow; its UserErrors come through."""
    return cast("T", await run.io_bound(question, *args, **kwargs))
