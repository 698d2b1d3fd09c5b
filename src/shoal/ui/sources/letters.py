"""Dead letters: calls that could not be taken, each with why, and what can be done with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from nicegui import ui

from shoal.flow import replaying
from shoal.flow.replaying import Replayed
from shoal.ingest.letters import DeadLetter
from shoal.measurement.wording import many
from shoal.ui.asking import ask
from shoal.ui.doing import button, confirmed
from shoal.ui.parts import day_and_time, element, text, tile
from shoal.ui.policy import acting, may
from shoal.ui.served import served

A_PAGE = 10
_LONGEST = 4_000


@dataclass(slots=True)
class Letters:
    """The tile on one page."""

    total: int
    starts: list[int] = field(default_factory=lambda: [0])
    place: ui.element = field(init=False)

    async def draw(self) -> None:
        """The tile, and the oldest letters."""
        with tile("stack") as drawn:
            drawn.props.update(id="letters")
            self.place = element("div", "stack")
        await self.show()

    async def show(self, told: str = "") -> None:
        """Ask for the page that is turned to, and show it; `told` is what was just done."""
        most = A_PAGE + 1
        found = await ask(replaying.known_letters, served().opened, after=self.starts[-1], most=most)
        self.place.clear()
        with self.place:
            with element("div", "row").style("justify-content: space-between"):
                text("h2", f"Dead letters, {self.total:,}" if self.total else "Dead letters")
                if found and may("replay dead letters"):
                    button("Replay all", self._replay_all)
            if told:
                text("p", told, "sub", role="status")
            if not found and len(self.starts) == 1:
                text("p", "None. Calls that can't be taken are kept here with why, and can be read again.", "sub")
            for letter in found[:A_PAGE]:
                self._letter(letter)
            self._turning(found)

    def _letter(self, dead: DeadLetter) -> None:
        with element("div", "version", **{"data-letter": str(dead.id)}):
            text("div", dead.letter.message).style("overflow-wrap: anywhere; font-weight: 550")
            from_ = f"from {dead.source}, {day_and_time(dead.received_at)}"
            text("div", f"Number {dead.id}, {dead.letter.reason.replace('_', ' ')}, {from_}", "d")
            with element("details"):
                text("summary", "What came", "quiet")
                shown = dead.letter.payload[:_LONGEST].decode(errors="replace")
                more = f"\n… {len(dead.letter.payload):,} bytes in all" if len(dead.letter.payload) > _LONGEST else ""
                with element("pre", tabindex="0").style("white-space: pre-wrap; overflow-wrap: anywhere"):
                    text("code", shown + more)
            with element("div", "row"):
                if may("replay dead letters"):
                    button("Replay", lambda: self._replay(dead.id), "quiet", label=f"Replay {dead.id}")
                if may("discard a dead letter"):
                    question = "It is forgotten for good."
                    about = f"Discard {dead.id}"
                    confirmed("Discard", question, "Discard it", lambda: self._discard(dead.id), label=about)

    async def _replay(self, number: int) -> None:
        acting("replay dead letters")
        await self._told(await ask(replaying.replay, served().opened, [number]))

    async def _replay_all(self) -> None:
        acting("replay dead letters")
        await self._told(await ask(replaying.replay, served().opened))

    async def _told(self, done: Replayed) -> None:
        self.total = max(0, self.total - done.taken)
        self.starts = [0]
        await self.show(f"{done.taken:,} taken, {done.refused:,} still can't be.")

    async def _discard(self, number: int) -> None:
        acting("discard a dead letter")
        gone = await ask(replaying.discard, served().opened, [number])
        self.total = max(0, self.total - gone)
        await self.show(f"{many(gone, 'letter')} discarded.")

    def _turning(self, found: tuple[DeadLetter, ...]) -> None:
        if len(self.starts) == 1 and len(found) <= A_PAGE:
            return

        async def go_on() -> None:
            self.starts.append(found[A_PAGE - 1].id)
            await self.show()

        async def go_back() -> None:
            self.starts.pop()
            await self.show()

        with element("nav", "row", **{"aria-label": "Pages of the dead letters"}):
            if len(self.starts) > 1:
                button("Before", go_back, "quiet")
            text("span", f"Page {len(self.starts):,}", "k")
            if len(found) > A_PAGE:
                button("Next", go_on, "quiet")
