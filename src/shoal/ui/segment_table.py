"""A table of segments: name, sentence, how large each was and is. Sizes move while the page is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from nicegui.elements.mixins.text_element import TextElement

from shoal.core.time import Instant, now
from shoal.flow.standing import Listed
from shoal.segments.sentence import english
from shoal.ui.asking import ask
from shoal.ui.parts import element, signed, spark, text, tone
from shoal.ui.served import served

DAYS = 14

Cells = dict[str, TextElement]
"""The cells of the sizes, by segment."""


@dataclass(frozen=True, slots=True)
class Row:
    """One segment as the table shows it."""

    listed: Listed
    sizes: tuple[int, ...]  # daily, oldest first; none where nothing is known
    change: int | None  # over 7 days; None: not known yet

    @property
    def name(self) -> str:
        """Its name."""
        return self.listed.segment.name


def rows_of(found: Sequence[Listed], as_of: Instant | None) -> list[Row]:
    """Segments with their past; to be asked on a thread."""
    until = as_of or now()
    rows = []
    for each in found:
        sizes: tuple[int, ...] = ()
        change = None
        if each.size is not None:
            name = each.segment.name
            change = served().sizes.change(name, until)
            sizes = tuple(one.size for one in served().sizes.series(name, each.size, until, days=DAYS))
        rows.append(Row(each, sizes, change))
    return rows


def address(name: str) -> str:
    """The page of a segment."""
    return f"/segments/{quote(name, safe='')}"


def draw(rows: Sequence[Row]) -> Cells:
    """The table; gives the cells of the sizes."""
    cells: Cells = {}
    with element("div", "scroll"), element("table", "t"):
        with element("thead"), element("tr"):
            text("th", "Segment")
            text("th", f"{DAYS} days", "wide")
            text("th", "People now", "num")
            text("th", "7 days", "num")
            text("th", "Goal", "wide")
        with element("tbody"):
            for row in rows:
                cells[row.name] = _row(row)
    return cells


def size_words(size: int | None) -> str:
    """A size; a dash where it is not counted all the time."""
    return "–" if size is None else f"{size:,}"


async def follow(cells: Cells) -> None:
    """Show the sizes as they are now."""
    current = served().current
    if current is not None:
        for name, size in (await ask(current.sizes)).items():
            if name in cells:
                cells[name].text = size_words(size)


def _row(row: Row) -> TextElement:
    segment = row.listed.segment
    with element("tr", **{"data-segment": row.name}):
        with element("td"):
            text("a", segment.title or segment.name, "name", href=address(row.name), **{"data-row": "1"})
            if row.listed.is_starter:
                text("span", "ready-made", "chip").style("margin-left: 8px")
            text("div", english(segment.when), "sent two", title=english(segment.when))
        with element("td", "wide"):
            if len(row.sizes) > 1:
                spark(row.sizes, f"{row.sizes[0]:,} to {row.sizes[-1]:,} people")
        size = text("td", size_words(row.listed.size), "num", **{"data-size": row.name})
        change = "–" if row.change is None else signed(row.change)
        text("td", change, f"num {tone(row.change or 0)}".strip())
        with element("td", "wide"):
            if segment.goal is not None:
                goal = segment.goal
                text("div", f"{goal.metric}: {goal.target} {goal.deadline()}", "sent")
    return size
