"""The web app on the server of the API: behind its routes, and in front of none of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import FastAPI
from nicegui import core, ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from shoal.core.errors import UserError
from shoal.core.failures import failure
from shoal.flow.glance import Advice
from shoal.flow.home import Opened
from shoal.flow.signing_in import Reception
from shoal.flow.sizes import Sizes
from shoal.segments.sentence import grammar
from shoal.ui import pages, pulse, sign_in, sockets
from shoal.ui.gate import Gate
from shoal.ui.parts import element, link, notice, text
from shoal.ui.policy import undeclared
from shoal.ui.served import Served, serve
from shoal.ui.shell import frame, install

API = ("/v1/", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json")
"""Paths that are never pages: what is wrong with them is answered as the API answers."""


class _Pages(Mount):
    """All paths that are not the API's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """None of the API's, whatever its method."""
        return (Match.NONE, {}) if scope["path"].startswith(API) else super().matches(scope)


def mount(app: FastAPI, opened: Opened) -> None:
    """Serve the pages beside the routes that an application has already; once in a process."""
    assert not undeclared(), f"pages without a policy: {undeclared()}; of {len(pages.ALL)} files"
    serve(Served(opened, Reception(opened), Sizes(opened), Advice(opened), app.state))
    ui.run_with(
        app,
        root=_nowhere,
        title="Shoal",
        favicon=Path(__file__).parent / "static" / "mark.svg",
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10,
        binding_refresh_interval=None,
    )
    # NiceGUI's own two log each browser that goes on before a page is there, and the gate does what they do.
    core.app.user_middleware[:] = [
        one for one in core.app.user_middleware if isinstance(one.cls, type) and issubclass(one.cls, GZipMiddleware)
    ]
    sockets.bind()
    core.app.on_page_exception(_failed)
    core.app.on_startup(pulse.beat)
    core.app.on_startup(lambda: asyncio.to_thread(grammar))  # it takes a second, once
    install()
    routes: list[BaseRoute] = app.router.routes
    routes.pop()  # the one that NiceGUI added: ours leaves the API's paths alone and has a gate
    routes += [
        *sign_in.ROUTES,
        Mount("/_ui", StaticFiles(packages=[("shoal.ui", "static")])),
        _Pages("", Gate(core.app)),
    ]


def _nowhere() -> None:
    """What is shown for a path that no page has."""
    ui.context.client.status_code = 404
    with frame("There is no such page", under="/nowhere"):
        notice("Nothing is at this address.", fix="It may have been renamed: look for it in the list of segments.")
        link("All segments", "/segments")


def _failed(error: Exception) -> None:
    """What is shown where a page can't be drawn: what the user can do about it, and nothing of our inside."""
    told = error if isinstance(error, UserError) else failure(error)
    with element("main", "main"):
        text("h1", "This page could not be shown")
        if told is not None:
            notice(told.message, fix=told.fix or "", is_error=True)
        else:
            notice("Something went wrong here; the log has it.", fix="Try again, and report it.", is_error=True)
        link("Overview", "/")
