"""Destinations: where changes and members go, how far each is, and how the last attempts went."""

from __future__ import annotations

from dataclasses import dataclass, field

from nicegui import ui

from shoal.core.errors import UserError
from shoal.flow import destinations
from shoal.flow.destinations import Seen
from shoal.measurement.wording import listing, many
from shoal.ui.asking import ask
from shoal.ui.doing import button, confirmed
from shoal.ui.parts import ago, command, day_and_time, element, text, tile
from shoal.ui.policy import acting, may
from shoal.ui.served import served

_STATES = {"active": "chip now", "paused": "chip watch", "failing": "chip down"}
_ATTEMPTS = 5


@dataclass(slots=True)
class Outlets:
    """The tile on one page."""

    place: ui.element = field(init=False)

    async def draw(self) -> None:
        """The tile."""
        with tile("stack") as drawn:
            drawn.props.update(id="destinations")
            text("h2", "Destinations")
            self.place = element("div", "stack")
        await self.show()

    async def show(self) -> None:
        """Ask for the destinations, and show them."""
        found = await ask(_look)
        self.place.clear()
        with self.place:
            if not found:
                text("p", "None yet. A destination is told who enters and leaves segments.", "sub")
                command("shoal destination create webhook NAME --set url=https://crm.example.org/in")
            for seen in found:
                self._destination(seen)

    def _destination(self, seen: Seen) -> None:
        one = seen.destination
        with element("div", "version", **{"data-destination": one.name}):
            with element("div", "row").style("justify-content: space-between; gap: 2px 12px"):
                with element("div", "row").style("gap: 2px 10px"):
                    text("span", one.name).style("font-weight: 550")
                    text("span", one.kind, "chip")
                    text("span", one.state, _STATES[one.state])
                if may("pause a destination"):
                    self._turn(seen)
            follows = "all segments" if one.segments is None else listing(one.segments)
            why = f" It is {one.state}: {one.reason.replace('_', ' ')}." if one.reason else ""
            behind = f"does not know the last {many(seen.behind, 'change')}" if seen.behind else "knows every change"
            text("div", f"Follows {follows}; {behind}.{why}", "d")
            if seen.attempts:
                with element("details"):
                    last = seen.attempts[0]
                    text("summary", f"Last attempt {ago(last.at)}: {last.outcome.replace('_', ' ')}", "quiet")
                    for each in seen.attempts[:_ATTEMPTS]:
                        status = "" if each.status is None else f", HTTP {each.status}"
                        took = f"{each.outcome.replace('_', ' ')}{status}, {each.took_ms:,} ms"
                        text("div", f"{day_and_time(each.at)}: {many(each.rows, 'row')}, {took}", "d")

    def _turn(self, seen: Seen) -> None:
        name = seen.destination.name
        if seen.destination.state == "active":
            question = "Nothing is sent until it is resumed; what happens meanwhile is sent then."
            confirmed("Pause", question, "Pause it", lambda: self._pause(name), label=f"Pause {name}")
        else:
            button("Resume", lambda: self._resume(name), label=f"Resume {name}")

    async def _pause(self, name: str) -> None:
        acting("pause a destination")
        await ask(destinations.pause, served().opened, name)
        await self.show()

    async def _resume(self, name: str) -> None:
        acting("resume a destination")
        await ask(destinations.resume, served().opened, name)
        await self.show()


def _look() -> list[Seen]:
    opened = served().opened
    found = []
    for each in destinations.known_destinations(opened):
        try:
            found.append(destinations.see(opened, each.name))
        except UserError as error:
            if error.code != "unknown_destination":  # it was removed meanwhile
                raise
    return found
