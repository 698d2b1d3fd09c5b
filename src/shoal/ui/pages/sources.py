"""Sources: what comes in and how well, what could not be taken, who may hand it in, and where it goes on to."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from shoal.flow.arrivals import Arrived
from shoal.measurement.wording import many
from shoal.ui import cookies
from shoal.ui.asking import ask
from shoal.ui.parts import day_and_time, element, link, text
from shoal.ui.policy import page
from shoal.ui.shell import frame
from shoal.ui.sources.health import health
from shoal.ui.sources.hooks import Hooks
from shoal.ui.sources.keys import Keys
from shoal.ui.sources.letters import Letters
from shoal.ui.sources.outlets import Outlets
from shoal.ui.watched import watched

EVERY_S = 5.0
"""How often it is looked what arrived."""


@page("/sources", title="Sources", role="viewer", icon="cable", keys="g r")
async def sources(request: Request) -> None:
    """The page of all sources."""
    came = await ask(watched().arriving.arrived)
    audits = watched().audits
    if came.sources:
        await ask(audits.begin_if_small)
    host = f"{'https' if cookies.is_https(request) else 'http'}://{request.headers.get('host', 'localhost')}"
    with frame("Sources") as head:
        with head.below:
            line = text("p", _line(came), "sub behind")
        with head.beside:
            link("Audit", "/audit", "button")
        place = element("div")
        with element("div", "halves"):
            with element("div", "stack"):
                await Letters(came.letters).draw()
                await Keys(host).draw()
            with element("div", "stack"):
                await Hooks(host).draw()
                await Outlets().draw()

    def show(fresh: Arrived) -> None:
        line.text = _line(fresh)
        place.clear()
        with place:
            health(fresh, audits.progress())

    async def again() -> None:
        show(await ask(watched().arriving.arrived))

    show(came)
    ui.timer(EVERY_S, again)


def _line(came: Arrived) -> str:
    lately = sum(each.lately for each in came.sources.values())
    return f"{many(lately, 'record')} arrived since {day_and_time(came.since)}"
