"""The list of segments: searched and paged on the server."""

from __future__ import annotations

from urllib.parse import urlencode

from nicegui import ui

from shoal.flow.searching import Found, search
from shoal.ui import segment_table
from shoal.ui.asking import ask
from shoal.ui.parts import VALUE, element, empty, field, link, text, tile
from shoal.ui.policy import may, page
from shoal.ui.pulse import listen
from shoal.ui.segment_table import Cells, Row, rows_of
from shoal.ui.served import served
from shoal.ui.shell import frame

A_PAGE = 25


@page("/segments", title="Segments", role="viewer", icon="groups", keys="g s")
async def segments(q: str = "", page: int = 1, starters: int = 0, search: str | None = None) -> None:
    """All segments, or those that a search finds."""
    page, q = max(1, page), q[:200]
    with frame("Segments") as head:
        with head.below:
            total = text("p", "", "sub")
        with head.beside:
            if may("save a segment"):
                link("Build a segment", "/segments/new", "primary")
        with element("div", "row"):
            sought = field("Search names, sentences, owners", value=q, type="search").style("flex: 1 1 260px")
            words = "Hide ready-made ones" if starters else "Show ready-made ones"
            link(words, _address(q, 1, starters=not starters), "button")
        place = element("div", "stack")
    if search is not None:
        ui.run_javascript("document.querySelector('main input[type=search]').focus()")
    cells: Cells = {}

    async def draw(words: str, number: int) -> None:
        found, rows = await ask(_look, words, number, starters=bool(starters))
        place.clear()
        cells.clear()
        total.text = _total(found, words)
        with place:
            cells.update(_drawn(found, rows, words, number, starters=bool(starters)))

    await draw(q, page)
    sought.on("input", lambda event: draw(str(event.args or "")[:200], 1), js_handler=VALUE, throttle=0.15)

    listen(lambda: segment_table.follow(cells))


def _look(words: str, number: int, *, starters: bool) -> tuple[Found, list[Row]]:
    here = served()
    found = search(here.opened, here.current, words, page=number, length=A_PAGE, starters=starters)
    return found, rows_of(found.segments, found.as_of)


def _total(found: Found, words: str) -> str:
    segments = "segment" if found.total == 1 else "segments"
    return f"{found.total:,} {segments}{' found' if words else ''}"


def _drawn(found: Found, rows: list[Row], words: str, number: int, *, starters: bool) -> Cells:
    if not rows:
        _nothing(words)
        return {}
    with tile():
        cells = segment_table.draw(rows)
        last = -(-found.total // A_PAGE)
        if last > 1:
            with element("nav", "row", **{"aria-label": "Pages of the list"}):
                if number > 1:
                    link("Before", _address(words, number - 1, starters=starters))
                text("span", f"Page {number} of {last}", "k")
                if number < last:
                    link("Next", _address(words, number + 1, starters=starters))
    return cells


def _nothing(words: str) -> None:
    if words:
        with empty("Nothing found", "No name, sentence, owner or tag holds all of these words."):
            link("Show all segments", "/segments")
        return
    with empty("No segment yet", "A segment is a sentence that says who is in it; it stays right as events arrive."):
        link("Build one", "/segments/new", "button primary")
        link("Look at ready-made ones", "/segments?starters=1")


def _address(words: str, number: int, *, starters: bool) -> str:
    said = {**({"q": words} if words else {}), **({"page": number} if number > 1 else {})}
    query = urlencode({**said, **({"starters": 1} if starters else {})})
    return f"/segments?{query}" if query else "/segments"
