"""The application: routes, errors, and what they share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shoal.api import calls, changes, destinations, health, reference, script, segments, subscribers, webhooks
from shoal.api.bell import Bell
from shoal.api.description import describe, operation_id
from shoal.api.errors import answer, on_any, on_http_error, on_user_error, on_wrong_value
from shoal.api.limits import Limited, Limits
from shoal.api.origins import Origins
from shoal.api.stopping import when_told
from shoal.api.streams import Streams
from shoal.api.turns import Turns
from shoal.core.errors import UserError
from shoal.destinations.outgoing import fetched
from shoal.flow.accepting import Intake
from shoal.flow.admitting import Door
from shoal.flow.delivering import Deliverer
from shoal.flow.engine import Engine
from shoal.flow.home import Opened
from shoal.flow.webhooks import Fetch, Post
from shoal.store.secret import secret_at

MakesEngine = Callable[[Opened], Engine]


def made(opened: Opened, *, engine: MakesEngine | None = None, fetch: Fetch = fetched, pages: bool = False) -> FastAPI:
    """The application over an open workspace.

    `engine` makes what takes arrivals to the lake; `fetch` asks other servers, for certificates of webhooks; `pages`
    adds the web app, once in a process.
    """

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncIterator[None]:
        app.state.engine = engine(opened) if engine else None
        app.state.intake = Intake(opened.database, kept=app.state.engine.wake if engine else None)
        when_told(app.state.streams.end, app.state.bell.end)
        deliverer = Deliverer(opened, secret, lambda: app.state.engine.current) if engine else None
        try:
            yield
        finally:
            app.state.intake.close()
            if deliverer is not None:
                deliverer.close()
            if app.state.engine is not None:
                app.state.engine.close()
            opened.database.close()

    app = FastAPI(
        title="Shoal",
        version=metadata.version("shoal"),
        lifespan=alive,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    secret = secret_at(opened.home.secret)
    app.state.opened, app.state.door, app.state.post = opened, Door(opened, secret), Post(opened, secret, fetch)
    _routed(app, opened)
    app.state.has_pages = pages
    if pages:
        from shoal.ui.mount import mount  # noqa: PLC0415 - it takes a second to load

        mount(app, opened)
    return app


def _routed(app: FastAPI, opened: Opened) -> None:
    """Its routes, what limits them, and how they refuse."""
    app.state.limits, app.state.streams = Limits(opened.settings), Streams()
    app.state.turns = Turns()
    app.state.bell = Bell(opened, lambda: app.state.engine.current if app.state.engine else None)
    app.add_middleware(Limited, limits=app.state.limits, refuse=answer, below="/v1/")
    app.add_middleware(Origins, paths=calls.PATHS)
    app.add_exception_handler(UserError, on_user_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_wrong_value)
    app.add_exception_handler(Exception, on_any)
    for each in (calls, webhooks, segments, subscribers, changes, destinations, script, health, reference):
        app.include_router(each.router)
    describe(app)
