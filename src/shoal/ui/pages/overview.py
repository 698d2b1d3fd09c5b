"""Overview: how many people, what arrives, how far behind, what to do next, and the segments."""

from __future__ import annotations

from nicegui import background_tasks, ui
from nicegui.client import Client
from nicegui.elements.mixins.text_element import TextElement

from shoal.flow.glance import Glance, Step, glance
from shoal.flow.standing import Listing, listing
from shoal.ui import segment_table
from shoal.ui.asking import ask
from shoal.ui.parts import command, element, empty, figure, link, people, seconds, text, tile
from shoal.ui.policy import page
from shoal.ui.pulse import listen
from shoal.ui.segment_table import Cells, Row, address, rows_of
from shoal.ui.served import served
from shoal.ui.shell import frame

SHOWN = 12
LATE_MS, LOST_MS = 2_000, 30_000
EVERY_S = 2.0


@page("/", title="Overview", role="viewer", icon="space_dashboard", keys="g o")
async def overview() -> None:
    """The first page."""
    seen, found, rows = await ask(_look)
    with frame("Overview") as head:
        with head.below:
            line = text("p", "", "sub behind")
        figures = element("div", "tiles")
        step = tile("next")
        with step, element("div"):
            text("h2", "Next step")
            text("p", "Looking at your segments …", "sub")
        cells = _segments(found, rows)
    _show(seen, line, figures, found)

    async def again() -> None:
        fresh = await ask(glance, served().opened, served().current)
        _show(fresh, line, figures, found)

    listen(lambda: segment_table.follow(cells))
    ui.timer(EVERY_S, again)
    background_tasks.create(_advise(step, ui.context.client))


def _look() -> tuple[Glance, Listing, list[Row]]:
    here = served()
    found = listing(here.opened, here.current, most=SHOWN)
    return glance(here.opened, here.current), found, rows_of(found.segments, found.as_of)


def _show(seen: Glance, line: TextElement, figures: ui.element, found: Listing) -> None:
    line.text = _line(seen)
    behind = seen.behind_ms
    state = "late" if behind is None or behind > LATE_MS else ""
    line.classes(replace=f"sub behind {'lost' if behind is not None and behind > LOST_MS else state}".strip())
    figures.clear()
    with figures:
        known = "–" if seen.people is None else f"{seen.people:,}"
        figure("People on the list", known, "with an address, a phone number or an id")
        waiting = (
            f"{seen.waiting:,} on their way into the history" if seen.waiting else "all of them are in the history"
        )
        figure("Arrived in the last minute", f"{seen.events_a_minute:,}", waiting)
        age = "starting" if behind is None else seconds(behind)
        figure("Answers are behind by", age, "how old every number here is", "down" if state else "up")
        figure("Segments", f"{found.in_all:,}", "counted all the time")


def _line(seen: Glance) -> str:
    if seen.people is None:
        return served().no_answer("the size of everything")
    assert seen.behind_ms is not None
    return (
        f"{people(seen.people)} · {seen.events_a_minute:,} events a minute · "
        f"everything is {seconds(seen.behind_ms)} behind"
    )


def _segments(found: Listing, rows: list[Row]) -> Cells:
    if not rows:
        with empty("No segment yet", "Segments that you save are listed here, with how large they were and are."):
            link("Build one", "/segments/new", "button primary")
            link("Start from a ready-made one", "/segments?starters=1")
            text("p", "Or fill this workspace with a shop to try things on:", "sub")
            command("shoal demo")
        return {}
    with tile():
        cells = segment_table.draw(rows)
        if found.more:
            link("All segments", "/segments")
    return cells


async def _advise(place: ui.element, client: Client) -> None:
    """The linter takes its time, and nobody waits for it."""
    step = await ask(served().advice.step)
    with client, place:
        place.clear()
        with element("div"):
            text("h2", "Next step")
            _step(step)
        _way(step)


_TO = {"letters": ("Look at them", "/sources"), "segment": ("Build it", "/segments/new")}


def _step(step: Step | None) -> None:
    if step is None:
        text("p", "Nothing needs you", "said")
        text("p", "No call was lost, and the linter has nothing to say of your first segments.", "sub")
        return
    text("p", step.title, "said")
    text("p", step.evidence, "sub")


def _way(step: Step | None) -> None:
    if step is None:
        return
    if step.kind == "import":
        command("shoal import FOLDER")
    elif step.finding is not None and step.finding.segment:
        link("Open it in the builder", f"{address(step.finding.segment)}/edit", "button")
    elif step.kind in _TO:
        link(*_TO[step.kind], "button")
