"""The command that serves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

import typer

from shoal.api.environment import HOME, LOG_LEVEL, PAGES, ROLE, ROLES
from shoal.api.logs import LEVELS, OF_GRANIAN, set_up
from shoal.api.stopping import tell_children
from shoal.cli.main import app
from shoal.cli.show import Shown
from shoal.core.errors import require
from shoal.flow.admitting import known_keys
from shoal.flow.home import Opened, open_home
from shoal.flow.signing_in import known_users

PATIENCE_S = 9
"""For how long what is being answered may take when the server is told to stop; the journal keeps what is not done."""


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8400,
    role: Annotated[
        str, typer.Option(help="What this process does: all, web (requests and pages) or engine (memberships).")
    ] = "all",
    log_level: Annotated[
        str, typer.Option(help=f"How much the log on standard error tells: {', '.join(LEVELS)}.")
    ] = "info",
    no_pages: Annotated[
        bool, typer.Option("--no-pages", help="Answer programs only: no web app, and nobody signs in.")
    ] = False,
) -> None:
    """Serve the web app and take events over HTTP, until it is told to stop."""
    shown: Shown = context.obj
    require(role in ROLES, "wrong_use", f"There is no role {role!r}.", fix=f"Choose of {', '.join(ROLES)}.")
    require(
        log_level in LEVELS, "wrong_use", f"There is no log level {log_level!r}.", fix=f"Choose of {', '.join(LEVELS)}."
    )
    opened = open_home(shown.home)  # says what is wrong before anything is started
    missing = list(_missing(opened, has_pages=not no_pages))
    opened.database.close()
    os.environ |= {
        HOME: str(shown.home.resolve()),
        LOG_LEVEL: log_level,
        ROLE: role,
        PAGES: "no" if no_pages else "yes",
    }
    if role == "engine":
        from shoal.api.alone import alone  # noqa: PLC0415 - nothing else needs it

        alone()
        return
    at = f"http://{host}:{port}"
    asked = "what programs can ask is at"
    shown.say(f"{asked.capitalize()} {at}/docs." if no_pages else f"The web app is at {at}; {asked} /docs.")
    for each in missing:
        shown.say(each)
    set_up(log_level)
    _listen(host, port, log_level)


def _missing(opened: Opened, *, has_pages: bool) -> Iterator[str]:
    """What a workspace has not yet, and how it gets it."""
    if has_pages and not known_users(opened):
        yield "Nobody may sign in yet: `shoal user create NAME --role admin` adds the first user."
    if not any(key.revoked_at is None for key in known_keys(opened)):
        yield "Nothing may write yet: `shoal key create NAME` makes a key."


def _listen(host: str, port: int, log_level: str) -> None:
    from granian import Granian  # noqa: PLC0415 - nothing else needs it
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    server = Granian(
        "shoal.api.process:serving",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        log_access=False,
        log_dictconfig=OF_GRANIAN,
        log_level=LogLevels(log_level),
        workers_kill_timeout=PATIENCE_S,
        backpressure=1_000,
        respawn_failed_workers=False,
    )
    server.on_startup(tell_children)
    server.serve()
