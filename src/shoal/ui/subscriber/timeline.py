"""What somebody did, the newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import GenericEventArguments

from shoal.core.ids import subscriber_text
from shoal.core.time import Instant
from shoal.flow.people import timeline
from shoal.segments.history import Event
from shoal.ui.asking import ask
from shoal.ui.parts import VALUE, element, text, tile
from shoal.ui.served import served
from shoal.ui.values import gist, to_the_second, value_words

A_PAGE = 20

Place = tuple[Instant, int] | None
"""The instant and the id of the event that a page begins behind; None: the newest."""


@dataclass(slots=True)
class Timeline:
    """The table on one page."""

    number: int
    names: Mapping[str, int]  # of events, with how many
    name: str = ""  # "": all
    starts: list[Place] = field(default_factory=lambda: [None])
    place: ui.element = field(init=False)

    async def draw(self) -> None:
        """The tile with its filter, and the newest events."""
        with tile("stack"):
            with element("div", "row").style("justify-content: space-between"):
                total = sum(self.names.values())
                text("h2", f"Timeline, {total:,} {'event' if total == 1 else 'events'}")
                if len(self.names) > 1:
                    self._filter()
            self.place = element("div", "stack")
        await self.show()

    async def show(self) -> None:
        """Ask for the page that is turned to, and show it."""
        asked = {"before": self.starts[-1], "most": A_PAGE + 1, "name": self.name or None}
        found = await ask(timeline, served().opened, self.number, **asked)  # type: ignore[arg-type]
        self.place.clear()
        with self.place:
            if not found:
                text("p", "They did nothing yet." if not self.names else "Nothing of that name.", "sub")
            else:
                _table(found[:A_PAGE])
                self._turning(found)

    def _filter(self) -> None:
        with element("select", "field", **{"aria-label": "Events of one name"}).style("max-width: 100%") as chosen:
            text("option", "All events", value="")
            for name, count in self.names.items():
                said = {"selected": "selected"} if name == self.name else {}
                text("option", f"{name} ({count:,})", value=name, **said)
        chosen.on("change", self._choose, js_handler=VALUE)

    async def _choose(self, event: GenericEventArguments) -> None:
        asked = str(event.args or "")
        self.name = asked if asked in self.names else ""
        self.starts = [None]
        query = f"?{urlencode({'event': self.name})}" if self.name else ""
        ui.navigate.history.replace(f"/subscribers/{subscriber_text(self.number)}{query}")
        await self.show()

    def _turning(self, found: Sequence[Event]) -> None:
        if len(self.starts) == 1 and len(found) <= A_PAGE:
            return
        with element("nav", "row", **{"aria-label": "Pages of the timeline"}):
            if len(self.starts) > 1:
                text("button", "Newer", "quiet", type="button").on("click", self._newer)
            text("span", f"Page {len(self.starts):,}", "k")
            if len(found) > A_PAGE:
                last = found[A_PAGE - 1]
                after = (last.at, last.event_id)
                text("button", "Older", "quiet", type="button").on("click", lambda: self._older(after))

    async def _older(self, after: tuple[Instant, int]) -> None:
        self.starts.append(after)
        await self.show()

    async def _newer(self) -> None:
        self.starts.pop()
        await self.show()


def _table(events: Sequence[Event]) -> None:
    with element("ol", "why", **{"data-timeline": "1"}):
        for event in events:
            with element("div", "version", role="listitem"):
                with element("div", "row").style("justify-content: space-between; gap: 0 12px"):
                    text("span", event.name).style("font-weight: 550; overflow-wrap: anywhere")
                    text("span", f"{to_the_second(event.at)}, by {event.source}", "d")
                if event.properties:
                    with element("details"):
                        said = gist(event.properties) or f"{len(event.properties)} properties"
                        text("summary", said, "sent").style(_ONE_LINE)
                        for name, value in event.properties.items():
                            text("div", f"{name}: {value_words(value)}", "d").style("overflow-wrap: anywhere")


_ONE_LINE = "cursor: pointer; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 100%"
