"""The members of a segment, a page at a time; the first page follows what happens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

from nicegui import background_tasks, ui
from nicegui.elements.mixins.text_element import TextElement

from shoal.core.ids import subscriber_number, subscriber_text
from shoal.core.time import Instant
from shoal.flow.naming import Face, faces, names_of
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
class _Cells:
    """What is filled in once consent is looked up."""

    name: TextElement
    mail: TextElement


@dataclass(slots=True)
class Members:
    """The table on one page. Names come from the database at once; consent is in the lake, and follows."""

    name: str
    as_of: Instant | None
    place: ui.element
    starts: list[int] = field(default_factory=lambda: [-1])  # ids after which the pages so far begin
    shown: list[int] = field(default_factory=list)
    faces: dict[int, Face] = field(default_factory=dict)
    mail: dict[int, str] = field(default_factory=dict)
    cells: dict[int, _Cells] = field(default_factory=dict)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def draw(self) -> None:
        """Ask for the page that is turned to, and show it."""
        found = await ask(self._ask)
        numbers = [subscriber_number(text_) for text_ in found.members["subscriber"].to_pylist()]
        await self._show([one for one in numbers if one is not None], found.last)

    async def follow(self) -> None:
        """Draw anew where somebody on this page came or went."""
        current = served().current
        if current is None or self.as_of is not None or self.name not in await ask(current.versions):
            return
        ids = await ask(current.members, self.name, after=self.starts[-1], most=A_PAGE + 1)
        if ids[:A_PAGE] != self.shown:
            await self._show(ids[:A_PAGE], ids[A_PAGE - 1] if len(ids) > A_PAGE else None)

    def _ask(self) -> Page:
        here = served()
        return page(
            here.opened, here.current, self.name, after=self.starts[-1], most=A_PAGE, as_of=self.as_of, addresses=False
        )

    async def _show(self, ids: list[int], last: int | None) -> None:
        new = [one for one in ids if one not in self.faces]
        self.faces |= {one.subscriber: one for one in await ask(faces, served().opened, new)}
        self.shown = ids
        self.place.clear()
        self.cells.clear()
        with self.place:
            self._table(ids)
            self._turning(last)
        background_tasks.create(self._look())

    async def _look(self) -> None:
        """Look up consent of those on the page of whom it isn't known; one look at a time."""
        async with self.looking:
            wanted = [one for one in self.shown if one not in self.mail]
            if not wanted:
                return
            found = await ask(names_of, served().opened, wanted)
        for row in found.to_pylist():
            number = subscriber_number(row["subscriber"])
            if number is not None:
                self.faces[number] = Face(number, row["email"], row["user_id"])
                self.mail[number] = CONSENT.get(row["email_consent"] or "", "no address")
        for number, cells in self.cells.items():
            if number in self.mail:
                cells.name.text, cells.mail.text = _called(self.faces[number]), self.mail[number]

    def _table(self, ids: list[int]) -> None:
        if not ids:
            text("p", "Nobody is in it." if self.as_of is None else "Nobody was in it then.", "sub")
            return
        with element("div", "scroll"), element("table", "t", **{"data-members": "1"}):
            with element("thead"), element("tr"):
                for title in ("Address", "User id", "Mail"):
                    text("th", title, "wide" if title == "User id" else "")
            with element("tbody"):
                for number in ids:
                    with element("tr"):
                        self._row(self.faces[number])

    def _row(self, face: Face) -> None:
        with element("td"):
            to = f"/subscribers/{quote(subscriber_text(face.subscriber), safe='')}"
            name = text("a", _called(face), "name", href=to, **{"data-row": "1"})
        text("td", face.user_id or "–", "wide")
        self.cells[face.subscriber] = _Cells(name, text("td", self.mail.get(face.subscriber, "…")))

    def _turning(self, last: int | None) -> None:
        if len(self.starts) == 1 and last is None:
            return
        with element("nav", "row", **{"aria-label": "Pages of the members"}):
            if len(self.starts) > 1:
                text("button", "Before", "quiet", type="button").on("click", self._before)
            text("span", f"Page {len(self.starts)}", "k")
            if last is not None:
                text("button", "Next", "quiet", type="button").on("click", partial(self._next, last))

    async def _next(self, after: int) -> None:
        self.starts.append(after)
        await self.draw()

    async def _before(self) -> None:
        self.starts.pop()
        await self.draw()


def _called(face: Face) -> str:
    return face.email or face.user_id or subscriber_text(face.subscriber)
