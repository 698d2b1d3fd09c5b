"""One subscriber: who it is, which segments they are in and why, what they did, consent and traits."""

from __future__ import annotations

from nicegui import background_tasks, ui
from nicegui.client import Client

from shoal.core.errors import UserError
from shoal.core.ids import subscriber_number, subscriber_text
from shoal.flow.past import Known, now_called, past, who
from shoal.ui.asking import ask
from shoal.ui.parts import day_and_time, element, link, notice, text, tile
from shoal.ui.policy import page
from shoal.ui.pulse import listen
from shoal.ui.served import served
from shoal.ui.shell import frame, tell
from shoal.ui.subscriber.facts import consents, traits
from shoal.ui.subscriber.identities import identities
from shoal.ui.subscriber.standings import Standings
from shoal.ui.subscriber.timeline import Timeline

_FIX = "Look them up by an address, a user id, a phone number or an id."


@page("/subscribers/{subscriber}", title="Subscriber", role="viewer")
async def subscriber(subscriber: str, event: str = "") -> None:
    """The page of somebody, by the id that `shoal members` prints: an address has no place in an address."""
    number = subscriber_number(subscriber)
    known = None if number is None else await ask(who, served().opened, number)
    if known is None:
        await _nobody(number)
        return
    with frame(known.name or "An anonymous visitor", under="/subscribers") as head:
        head.title.style("overflow-wrap: anywhere")
        with head.below:
            first = min(key.first_at for key in known.keys)
            text("p", f"Subscriber {subscriber_text(known.subscriber)}, first seen {day_and_time(first)}", "sub")
        with head.beside:
            link("Look up somebody else", "/subscribers", "button")
        with element("div", "halves"):
            left, right = element("div", "stack"), element("div", "stack")
        with left:
            standings = Standings(known.subscriber)
            await standings.draw()
            history = element("div", "stack")
        with right:
            facts = element("div", "stack")
            identities(known)
    with history, tile("stack"):
        text("h2", "Consent and timeline")
        text("p", "Reading the history …", "sub", role="status")
    listen(standings.follow)
    background_tasks.create(_read(known, event, history, facts, ui.context.client))


async def _nobody(number: int | None) -> None:
    """Say that there is nobody of that id; where it went into another, lead there."""
    called = None if number is None else await ask(now_called, served().opened, number)
    with frame("Subscriber", under="/subscribers"):
        if called is not None:
            notice("This subscriber is a part of another now.", fix="They were found to be one person.")
            link("Go there", f"/subscribers/{subscriber_text(called)}", "button primary")
            return
        told = "There is no such subscriber." if number is not None else "That is no id of a subscriber."
        notice(told, fix=_FIX, is_error=True)
        link("Look somebody up", "/subscribers", "button primary")


async def _read(known: Known, event: str, history: ui.element, facts: ui.element, client: Client) -> None:
    """The lake takes a moment, and nobody waits for it."""
    try:
        found = await ask(past, served().opened, known.subscriber)
    except UserError as error:
        with client:
            history.clear()
            with history:
                is_new = error.code == "unknown_subscriber"
                words = "They have just arrived: the history has nothing of them yet." if is_new else error.message
                notice(words, fix="Load this page again." if is_new else error.fix or "", is_error=not is_new)
        return
    except Exception as error:
        with client:
            tell(error)
        raise
    with client:
        history.clear()
        with facts:
            traits(found)
        with history:
            if not found.profile.identified:
                told = "Nobody has identified this visitor yet."
                notice(told, fix="They are in no segment that doesn't ask for visitors.")
            consents(found.profile)
            await Timeline(known.subscriber, found.names, event if event in found.names else "").draw()
