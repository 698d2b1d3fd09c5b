"""Looking people up: by an address, a user id, a phone number or an id. What is typed stays out of addresses."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from shoal.core.ids import subscriber_text
from shoal.flow.moving import Move, lately
from shoal.flow.seeking import LEAST, Hit, Hits, seek
from shoal.ui.asking import ask
from shoal.ui.parts import VALUE, ago, day_and_time, element, empty, field, link, people, text, tile
from shoal.ui.policy import page
from shoal.ui.segment_table import address
from shoal.ui.served import served
from shoal.ui.shell import frame
from shoal.ui.values import KINDS

A_PAGE = 25
MOVES = 15


@page("/subscribers", title="Subscribers", role="viewer", icon="person_search", keys="g u")
async def subscribers(search: str | None = None) -> None:
    """The search, and who moved last."""
    with frame("Subscribers") as head:
        with head.below:
            text("p", await _total(), "sub")
        said = "Address, user id, phone number or id"
        sought = field(said, type="search", autocomplete="off", spellcheck="false").style("width: 100%")
        place = element("div", "stack", role="region", **{"aria-label": "Found", "aria-live": "polite"})
    if search is not None:
        ui.run_javascript("document.querySelector('main input[type=search]').focus()")
    desk = _Desk(place)
    await desk.ask("")
    sought.on("input", lambda event: desk.ask(str(event.args or "")[:400]), js_handler=VALUE, throttle=0.25)
    sought.on("keydown.enter", desk.open_first)


class _Desk:
    """What is sought on one page, and what is shown of it. One question at a time, and the last one counts."""

    def __init__(self, place: ui.element) -> None:
        self._place = place
        self._words, self._turn, self._is_looking = "", 0, False
        self._starts = [-1]
        self._found = Hits((), None)

    async def ask(self, words: str) -> None:
        """Look for what is typed."""
        if words == self._words and self._turn:
            return
        self._words, self._starts = words, [-1]
        await self._show()

    def open_first(self) -> None:
        """Go to somebody who was found alone."""
        if len(self._found.people) == 1 and len(self._starts) == 1:
            ui.navigate.to(f"/subscribers/{subscriber_text(self._found.people[0].subscriber)}")

    async def _show(self) -> None:
        """Look, once more where something else was typed meanwhile, and show what is found."""
        self._turn += 1
        if self._is_looking:
            return
        self._is_looking = True
        try:
            turn = 0
            while turn != self._turn:
                turn, words, opened = self._turn, self._words.strip(), served().opened
                found = await ask(seek, opened, words, after=self._starts[-1], most=A_PAGE)
                moved = await ask(lately, opened, MOVES) if not words else ()
        finally:
            self._is_looking = False
        self._found = found
        self._draw(words, found, moved)

    def _draw(self, words: str, found: Hits, moved: Sequence[Move]) -> None:
        self._place.clear()
        with self._place:
            if not words:
                _moves(moved)
            elif found.people:
                self._table(found)
            elif len(words) < LEAST:
                text("p", f"Type {LEAST} characters or more, or a whole id.", "sub")
            else:
                told = "No address, user id or phone number holds this, and it is no id."
                empty("Nobody found", told)

    def _table(self, found: Hits) -> None:
        with tile("stack"):
            if found.exact:
                text("p", "Exactly this:", "k")
            with element("div", "scroll"), element("table", "t", **{"data-people": "1"}):
                with element("thead"), element("tr"):
                    text("th", "Found by")
                    text("th", "Kind", "wide")
                    text("th", "First seen", "wide")
                    text("th", "Subscriber", "wide")
                with element("tbody"):
                    for hit in found.people:
                        _row(hit)
            if len(self._starts) > 1 or found.last is not None:
                self._turning(found.last)

    def _turning(self, last: int | None) -> None:
        async def go_on() -> None:
            if last is not None:
                self._starts.append(last)
                await self._show()

        async def go_back() -> None:
            self._starts.pop()
            await self._show()

        with element("nav", "row", **{"aria-label": "Pages of those found"}):
            if len(self._starts) > 1:
                text("button", "Before", "quiet", type="button").on("click", go_back)
            text("span", f"Page {len(self._starts):,}", "k")
            if last is not None:
                text("button", "Next", "quiet", type="button").on("click", go_on)


def _row(hit: Hit) -> None:
    shown = subscriber_text(hit.subscriber)
    with element("tr"):
        with element("td").style("overflow-wrap: anywhere"):
            text("a", hit.key.value, "name", href=f"/subscribers/{shown}", **{"data-row": "1"})
        text("td", KINDS[hit.key.kind], "wide")
        text("td", day_and_time(hit.key.first_at), "wide")
        with element("td", "wide"):
            text("code", shown)


def _moves(moved: Sequence[Move]) -> None:
    if not moved:
        with empty("Look somebody up", "Who enters and leaves segments is shown here, as it happens."):
            link("Send events, or import files", "/sources", "button")
        return
    with tile("stack"):
        text("h2", "Moved last")
        with element("div", "scroll"), element("table", "t", **{"data-moves": "1"}), element("tbody"):
            for each in moved:
                with element("tr"):
                    with element("td").style("overflow-wrap: anywhere"):
                        to = f"/subscribers/{subscriber_text(each.subscriber)}"
                        text("a", each.name, "name", href=to, **{"data-row": "1"})
                    with element("td"):
                        text("span", "entered " if each.entered else "left ", "d")
                        text("a", each.segment, href=address(each.segment))
                    text("td", ago(each.at), "num", title=day_and_time(each.at))


async def _total() -> str:
    current = served().current
    if current is None:
        return served().no_answer("the number of people")
    status = await ask(current.status)
    return f"{people(status.people)} with an address, a phone number or an id, at {day_and_time(status.clock)}"
