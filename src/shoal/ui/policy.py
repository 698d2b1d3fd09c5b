"""Which page and which action needs which role. What is not declared here is not served."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from fastapi import Request
from nicegui import ui
from nicegui.client import Client

from shoal.access.sessions import Session
from shoal.access.users import ROLES, User
from shoal.core.errors import UserError
from shoal.ui.parts import notice

ACTIONS = {
    "save a segment": "editor",
    "roll back a segment": "editor",
    "replay dead letters": "admin",
    "discard a dead letter": "admin",
    "create a key": "admin",
    "revoke a key": "admin",
    "create a webhook": "admin",
    "revoke a webhook": "admin",
    "pause a destination": "admin",
    "resume a destination": "admin",
}
"""What changes something, and the role that it takes."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: where it is, what it is called, and who may see it."""

    path: str
    title: str
    role: str  # of ROLES
    icon: str = ""  # in the navigation; "" where it isn't in it
    keys: str = ""  # that lead there, such as "g s"


PAGES: dict[str, Page] = {}
"""All pages, by path, in the order of the navigation."""

Draw = Callable[..., Any]


def page(path: str, *, title: str, role: str, icon: str = "", keys: str = "") -> Callable[[Draw], Draw]:
    """Serve what a function draws at a path, to who has a role."""
    told = Page(path, title, role, icon, keys)
    assert role in ROLES, role
    assert path not in PAGES, path
    PAGES[path] = told

    def serve(draw: Draw) -> Draw:
        ui.page(path, title=f"{title} · Shoal", response_timeout=20)(_permitted(draw, told))
        return draw

    return serve


def _permitted(draw: Draw, told: Page) -> Draw:
    """The same, for who may see it; for anybody else a page that says so."""
    asks_request = "request" in inspect.signature(draw).parameters

    @wraps(draw)
    async def permitted(request: Request, **said: Any) -> Any:
        session: Session = request.state.session
        if not session.user.may(told.role):
            ui.context.client.status_code = 403
            _refusal(told)
            return None
        drawn = draw(**said, **({"request": request} if asks_request else {}))
        return await drawn if inspect.isawaitable(drawn) else drawn

    parameters = [one for one in inspect.signature(draw).parameters.values() if one.name != "request"]
    asked = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    permitted.__signature__ = inspect.Signature([asked, *parameters])  # type: ignore[attr-defined]
    return permitted


def _refusal(told: Page) -> None:
    from shoal.ui.shell import frame  # noqa: PLC0415 - the shell shows the pages that are declared here

    with frame(told.title):
        notice(
            f"{told.title} is for those who may {ROLES[told.role]}.",
            fix="Ask an admin here for another role.",
        )


def me(client: Client | None = None) -> User:
    """Who looks at the page."""
    session: Session = (client or ui.context.client).request.state.session
    return session.user


def may(action: str) -> bool:
    """Whether whoever looks at the page may do something of ACTIONS."""
    return me().may(ACTIONS[action])


def acting(action: str) -> User:
    """Whoever does something of ACTIONS. Raises UserError `not_allowed`."""
    user = me()
    if not user.may(ACTIONS[action]):
        told = f"To {action} takes the role {ACTIONS[action]}."
        raise UserError("not_allowed", told, fix="Ask an admin here for another role.")
    return user


def undeclared() -> list[str]:
    """Paths of pages that were registered without a policy: there are to be none."""
    return sorted(path for path in Client.page_routes.values() if path not in PAGES)
