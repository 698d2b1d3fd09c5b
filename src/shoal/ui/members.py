"""The members of a segment, a page at a time; the first page follows what happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from nicegui import ui

from shoal.core.ids import subscriber_number
from shoal.core.time import Instant
from shoal.flow.standing import Page, page
from shoal.ui.asking import ask
from shoal.ui.parts import element, text
from shoal.ui.served import served

A_PAGE = 25
CONSENT = {
    "granted": "may be mailed",
    "pending": "asked, no answer yet",
    "unknown": "consent not known",
    "denied": "refused mail",
    "suppressed": "bounced or complained",
}


@dataclass(slots=True)
class Members:
    """The table on one page."""

    name: str
    as_of: Instant | None
    place: ui.element
    starts: list[int] = field(default_factory=lambda: [-1])  # ids after which the pages so far begin
    shown: list[int] = field(default_factory=list)

    async def draw(self) -> None:
        """Ask for the page that is turned to, and show it."""
        found = await ask(self._ask)
        rows = found.members.to_pylist()
        self.shown = [number for row in rows if (number := subscriber_number(row["subscriber"])) is not None]
        self.place.clear()
        with self.place:
            self._table(rows)
            self._turning(found)

    async def follow(self) -> None:
        """Draw anew where somebody on this page came or went."""
        current = served().current
        if current is None or self.as_of is not None or self.name not in await ask(current.versions):
            return
        ids = await ask(current.members, self.name, after=self.starts[-1], most=A_PAGE)
        if ids != self.shown:
            await self.draw()

    def _ask(self) -> Page:
        here = served()
        return page(
            here.opened,
            here.current,
            self.name,
            after=self.starts[-1],
            most=A_PAGE,
            as_of=self.as_of,
            addresses=True,
        )

    def _table(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            text("p", "Nobody is in it." if self.as_of is None else "Nobody was in it then.", "sub")
            return
        with element("div", "scroll"), element("table", "t", **{"data-members": "1"}):
            with element("thead"), element("tr"):
                for title in ("Address", "User id", "Mail"):
                    text("th", title, "wide" if title == "User id" else "")
            with element("tbody"):
                for row in rows:
                    with element("tr"):
                        with element("td"):
                            shown = row["email"] or row["user_id"] or row["subscriber"]
                            to = f"/subscribers/{quote(row['subscriber'], safe='')}"
                            text("a", shown, "name", href=to, **{"data-row": "1"})
                        text("td", row["user_id"] or "–", "wide")
                        text("td", CONSENT.get(row["email_consent"] or "", "no address"))

    def _turning(self, found: Page) -> None:
        if len(self.starts) == 1 and found.last is None:
            return
        with element("nav", "row", **{"aria-label": "Pages of the members"}):
            if len(self.starts) > 1:
                text("button", "Before", "quiet", type="button").on("click", self._before)
            text("span", f"Page {len(self.starts)}", "k")
            if found.last is not None:
                after = found.last
                text("button", "Next", "quiet", type="button").on("click", lambda: self._next(after))

    async def _next(self, after: int) -> None:
        self.starts.append(after)
        await self.draw()

    async def _before(self) -> None:
        self.starts.pop()
        await self.draw()
