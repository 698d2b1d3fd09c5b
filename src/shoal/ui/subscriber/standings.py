"""The segments somebody is in: since when, when time alone takes them out, and why. It follows what happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nicegui import ui
from nicegui.events import GenericEventArguments

from shoal.core.errors import UserError
from shoal.flow import standing
from shoal.flow.current import Standing
from shoal.flow.standing import Listed
from shoal.segments.sentence import english
from shoal.ui.asking import ask
from shoal.ui.conditions import explanation
from shoal.ui.parts import VALUE, day_and_time, element, link, notice, text, tile
from shoal.ui.segment_table import address
from shoal.ui.served import served

_ALL = 1_000_000
EVERY_S = 1.0
"""How often it is looked whether the engine has started."""


@dataclass(slots=True)
class Standings:
    """The tile on one page."""

    number: int
    shown: list[Standing] | None = None  # None: not known yet
    place: ui.element = field(init=False)
    known: Mapping[str, Listed] = field(default_factory=dict)

    async def draw(self) -> None:
        """The tile, and what is so now."""
        with tile("stack"):
            text("h2", "Segments")
            self.place = element("div", "stack")
            self.known = {each.segment.name: each for each in await ask(self._listed)}
            if self.known:
                self._another()
        with self.place:
            text("p", served().no_answer("who is in what"), "sub")
        waiting = ui.timer(EVERY_S, self.follow)
        await self.follow()
        if self.shown is not None:
            waiting.cancel()

    async def follow(self) -> None:
        """Draw anew where something changed."""
        current = served().current
        if current is None:
            return
        found = await ask(current.standings, self.number)
        if found == self.shown:
            return
        self.shown = found
        self.place.clear()
        with self.place:
            if not found:
                text("p", "In none now.", "sub")
            for each in found:
                self._row(each)

    def _listed(self) -> tuple[Listed, ...]:
        return standing.listing(served().opened, served().current, most=_ALL, all_starters=True).segments

    def _row(self, each: Standing) -> None:
        listed = self.known.get(each.segment)
        with element("div", "version", **{"data-standing": each.segment}):
            with element("div", "row").style(
                "justify-content: space-between; flex-wrap: nowrap; align-items: baseline"
            ):
                title = listed.segment.title if listed else ""
                shown = text("a", title or each.segment, href=address(each.segment), **{"data-row": "1"})
                shown.style("font-weight: 600; text-decoration: none")
                why = text("button", "Why", "quiet", type="button", **{"aria-label": f"Why in {title or each.segment}"})
            if listed:
                text("div", english(listed.segment.when), "sent two")
            since = "Since before changes were kept" if each.since is None else f"Since {day_and_time(each.since)}"
            until = "" if each.leaves_at is None else f"; leaves on {day_and_time(each.leaves_at)} by time alone"
            text("div", f"{since}{until}", "d")
            place = element("div", "stack")
        why.on("click", lambda: self._why(place, each.segment))

    async def _why(self, place: ui.element, name: str) -> None:
        """Open the reasons, or close them."""
        if place.default_slot.children:
            place.clear()
            return
        with place:
            text("p", "Looking …", "sub")
        listed = self.known.get(name)
        try:
            found = await ask(standing.explained, served().opened, name, self.number)
        except UserError as error:
            place.clear()
            with place:
                notice(error.message, fix=error.fix or "", is_error=True)
            return
        place.clear()
        with place:
            explanation(found, (listed.segment.title if listed else "") or name)

    def _another(self) -> None:
        """Why in, or not in, any other."""
        with element("div", "row"):
            chosen = element("select", "field", **{"aria-label": "Why in a segment, or not"}).style("max-width: 100%")
            with chosen:
                text("option", "Why not in …", value="")
                for name, each in self.known.items():
                    text("option", each.segment.title or name, value=name)
            link("All segments", "/segments")
        place = element("div", "stack")

        async def choose(event: GenericEventArguments) -> None:
            place.clear()
            if str(event.args or "") in self.known:
                await self._why(place, str(event.args))

        chosen.on("change", choose, js_handler=VALUE)
