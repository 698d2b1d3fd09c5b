"""Whether the server lives, and whether it can take events."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from shoal.api.typed import policy
from shoal.core.time import now
from shoal.flow import apart
from shoal.flow.accepting import Intake
from shoal.flow.apart import Seen
from shoal.flow.engine import Engine
from shoal.flow.home import Opened
from shoal.ingest import letters
from shoal.store import journal

router = APIRouter(tags=["Operation"])


_READY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ready": {"type": "boolean"},
        "waiting": {"type": "integer"},
        "engine": {"type": "string", "enum": list(get_args(apart.State))},
    },
    "required": ["ready", "waiting", "engine"],
}
_TEXT: dict[str, Any] = {"content": {"text/plain": {"schema": {"type": "string"}}}}


@router.get(
    "/healthz",
    summary="Whether the server lives.",
    response_class=PlainTextResponse,
    responses={200: _TEXT},
    openapi_extra=policy("open"),
)
async def healthz() -> PlainTextResponse:
    """Nothing is asked of anything else."""
    return PlainTextResponse("alive\n")


@router.get(
    "/readyz",
    summary="Whether events can be taken.",
    responses={status: {"content": {"application/json": {"schema": _READY}}} for status in (200, 503)},
    openapi_extra=policy("open"),
)
def readyz(request: Request) -> JSONResponse:
    """Whether the database answers, the journal is written to, and what is in it goes on to the lake.

    An engine that starts for the first time is waited for: what is taken meanwhile goes on to the lake in a moment.
    """
    opened: Opened = request.app.state.opened
    intake: Intake = request.app.state.intake
    with opened.database.read() as connection:
        journal.offset_of(connection, "lake")
    engine: Engine | None = request.app.state.engine
    state = apart.heard(opened.database).state if engine is None else apart.state_of(engine)
    ready = intake.is_open and state in apart.READY
    return JSONResponse({"ready": ready, "waiting": intake.waiting, "engine": state}, 200 if ready else 503)


@router.get(
    "/metrics",
    summary="Figures for Prometheus.",
    response_class=PlainTextResponse,
    responses={200: _TEXT},
    openapi_extra=policy("open"),
)
def metrics(request: Request) -> PlainTextResponse:
    """Counts only; nothing of anybody."""
    opened: Opened = request.app.state.opened
    intake: Intake = request.app.state.intake
    with opened.database.read() as connection:
        behind = journal.waiting(connection, after=journal.offset_of(connection, "lake"))
        dead = letters.count(connection)
    engine: Engine | None = request.app.state.engine
    figures = {
        "shoal_intake_waiting_rows": ("Rows that are not on disk yet.", intake.waiting),
        "shoal_journal_waiting_rows": ("Rows of the journal that are not in the lake yet.", behind),
        "shoal_dead_letters": ("Calls that could not be taken.", dead),
        "shoal_streams": ("Streams of changes that are open.", request.app.state.streams.open),
        "shoal_waits": ("Streams and requests that wait for the next change.", request.app.state.bell.waiting),
        **_of_engine(apart.heard(opened.database) if engine is None else apart.seen(engine)),
    }
    registry = CollectorRegistry()
    for name, (told, value) in figures.items():
        Gauge(name, told, registry=registry).set(value)
    return PlainTextResponse(generate_latest(registry).decode())


def _of_engine(seen: Seen) -> dict[str, tuple[str, float]]:
    """How the engine is; while it starts there is nothing more to say than whether it is alive."""
    figures: dict[str, tuple[str, float]] = {
        "shoal_engine_alive": (
            "1 while memberships are followed, 0 while something keeps them from it.",
            seen.state in apart.READY,
        )
    }
    if (status := seen.status) is not None:
        figures |= {
            "shoal_clock_lag_seconds": ("How old the answers about memberships are.", (now() - status.clock) / 1_000),
            "shoal_changes_newest": ("Number of the newest change of a membership.", status.newest),
            "shoal_subscribers": ("Identified subscribers.", status.people),
            "shoal_segments": ("Segments that are followed.", status.segments),
        }
    return figures
