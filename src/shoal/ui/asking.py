"""Questions of pages: on threads of their own, so that no page waits for another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from nicegui import run

from shoal.flow.linting import lint_one
from shoal.segments.files import Segment
from shoal.segments.lint.finding import Finding, Subject
from shoal.segments.nodes import Node
from shoal.ui.served import served

P = ParamSpec("P")
T = TypeVar("T")


async def ask(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The answer of a function of flow; its UserErrors come through."""
    return cast("T", await run.io_bound(question, *args, **kwargs))


_linting = asyncio.Lock()


async def lint(
    name: str, node: Node, segment: Segment | None = None, *, still: Callable[[], bool] = lambda: True
) -> tuple[Finding, ...]:
    """What the linter says, for one page at a time: it reads much. Nothing where nobody wants it any more."""
    async with _linting:
        return await ask(lint_one, served().opened, Subject(name, node, segment)) if still() else ()
