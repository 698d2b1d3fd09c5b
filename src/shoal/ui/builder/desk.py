"""A definition being edited on one page: rows and text are two views of one tree, and numbers follow every change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from nicegui import background_tasks, ui
from nicegui.client import Client
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from shoal.core.errors import UserError
from shoal.flow import comparing, drafting
from shoal.flow.defining import Known, known
from shoal.flow.standing import Listed
from shoal.segments.nodes import Node
from shoal.segments.sentence import parse
from shoal.segments.sql.queries import Counts
from shoal.ui.asking import ask, lint
from shoal.ui.builder import rows, side
from shoal.ui.builder import tree as trees
from shoal.ui.builder.rows import Drawn
from shoal.ui.builder.suggest import Names
from shoal.ui.builder.tree import Built, Tree
from shoal.ui.parts import VALUE, element, set_value, text, tile
from shoal.ui.parts import field as field_
from shoal.ui.served import served
from shoal.ui.shell import tell

PAUSE_S = 0.12
"""After a change: what follows within it is counted with it."""


@dataclass
class Desk:
    """The state of one page. Answers that come too late are dropped: the latest change wins."""

    saved: Listed | None  # what is edited; None: something new
    tree: Tree
    names: Names
    client: Client
    built: Built = field(init=False)
    drawn: Drawn = field(default_factory=Drawn)
    turn: int = 0
    words: str = ""  # that were typed last
    is_live: bool = False  # whether the last numbers came from memory

    def __post_init__(self) -> None:
        self.built = trees.built(self.tree)
        self._asking = asyncio.Lock()

    @property
    def node(self) -> Node | None:
        """The definition; None while it is unfinished."""
        return self.built.node

    def draw(self) -> None:
        """The rows, and the text below them."""
        with tile("stack builder"):
            self._place = element("div")
            with element("div", "stack"):
                text("h2", "The same in words")
                words = "" if self.node is None else self.node.english()
                self._text = field_(
                    "Write the sentence here", value=words, tag="textarea", rows="3", spellcheck="false"
                )
                self._text.on("input", self._typed, js_handler=VALUE, throttle=0.3)
                self._told = element("div", role="alert")
        self._redraw()

    def draw_side(self) -> None:
        """What the definition comes to."""
        self.side = side.Side(self.saved)
        self.side.draw(self)

    async def change(self, tree: Tree, focus: str = "") -> None:
        """Take another tree: draw it, write its text, and count."""
        self._take(tree)
        with self.client:  # the word that was clicked is gone when the rows are drawn anew
            self._redraw()
            self._told.clear()
            if self.node is not None:
                self.words = self.node.english()
                set_value(self._text, self.words)
            if focus:
                ui.run_javascript(_FOCUS.format(json.dumps(focus)))
        self.recount()

    async def _typed(self, event: GenericEventArguments) -> None:
        """The text was changed: where it can be read, the rows follow; where not, it is said what is wrong."""
        words = str(event.args or "")
        if words == self.words:  # the browser tells the last one once more
            return
        self.words = words
        self._told.clear()
        try:
            tree = trees.of(parse(words))
        except UserError as error:
            self.turn += 1  # what is being counted is not what stands there any more
            self.side.unfinished()
            with self._told:
                text("p", _line(error), "told")
            return
        self._take(tree)
        self._redraw()
        self.recount()

    def recount(self) -> None:
        """Ask for the numbers, after a moment."""
        self.turn += 1
        background_tasks.create(self._count(self.turn), name="count of a definition")

    def _take(self, tree: Tree) -> None:
        self.tree, self.built = tree, trees.built(tree)

    def _redraw(self) -> None:
        self._place.clear()
        with self._place:
            self.drawn = rows.draw(self)
        self.drawn.tell(self.built.errors if self.tree.root.parts else {})

    async def _count(self, turn: int) -> None:
        await asyncio.sleep(PAUSE_S)
        node = self.node
        if turn != self.turn:
            return
        with self.client:
            if node is None:
                self.side.unfinished()
                return
            try:
                async with self._asking:  # one question at a time, and the newest only
                    await self._ask(turn, node)
                await self._lint(turn, node)
            except UserError as error:
                if turn == self.turn:
                    self._refuse(error)
            except Exception as error:  # the page is told, and goes on
                tell(error)

    async def _ask(self, turn: int, node: Node) -> None:
        """First the number, then who, each as soon as it is known."""
        if turn != self.turn:
            return
        here = served()
        if not await self._draft(turn, node):
            return
        before = None if self.saved is None else self.saved.segment.when
        compared = await ask(comparing.compare, here.opened, node, before)
        if turn != self.turn:
            return
        self.side.compare(compared)

    async def _draft(self, turn: int, node: Node) -> bool:
        """Show the numbers; False where they come too late."""
        here = served()
        found = await ask(drafting.draft, here.opened, here.current, node.to_data(), lint=False)
        if turn != self.turn:
            return False
        self.is_live = found.reading == "live"
        self._numbers(found.counts)
        self.side.count(found.counts, found.as_of)
        return True

    async def follow(self) -> None:
        """Count anew as events arrive, where memory alone answers."""
        if not self.is_live:
            return
        async with self._asking:
            node, turn = self.node, self.turn
            if node is not None:
                await self._draft(turn, node)

    async def _lint(self, turn: int, node: Node) -> None:
        own = None if self.saved is None else self.saved.segment
        name = node.english() if own is None else own.name
        found = await lint(name, node, own, still=lambda: turn == self.turn)
        if turn == self.turn:
            self.side.lint(found)

    def _numbers(self, counts: Counts) -> None:
        by_place = {each.place: each for each in counts.conditions}
        for id, chip in self.drawn.numbers.items():
            place = self.built.places.get(id)
            found = by_place.get(place) if place is not None else None
            if found is not None:
                chip.text = f"{found.own:,}" if found.kept is None else f"keeps {found.kept:,}"
                chip.props["title"] = f"true of {found.own:,}"
            elif place in ("", "including_anonymous"):
                chip.text = f"keeps {counts.members:,}"
            else:
                _hide(chip)

    def _refuse(self, error: UserError) -> None:
        """A name that the data does not hold, or the like: said at the row that it stands in."""
        self.side.unfinished()
        for chip in self.drawn.numbers.values():
            chip.text = "–"
        place = (error.where or "").removeprefix("$").lstrip(".")
        fitting = [id for id, each in self.built.places.items() if each == place or place.startswith(f"{each}.")]
        rows_first = [id for id in reversed(fitting) if id in self.drawn.errors]
        if error.where and rows_first:
            self.drawn.tell({rows_first[0]: error})
        else:
            self._told.clear()
            with self._told:
                text("p", _line(error), "told")


async def begin(saved: Listed | None, tree: Tree) -> Desk:
    """A desk on the page that is being drawn."""
    opened = served().opened
    what: Known = await ask(known, opened)

    @lru_cache(maxsize=200)
    def values(event: str, name: str) -> Sequence[str]:
        return comparing.values(opened, event, name) if name else ()

    return Desk(saved, tree, Names(what.catalog, values), ui.context.client)


_FOCUS = "setTimeout(() => document.querySelector(`[data-token=${{CSS.escape({0})}}]`)?.focus(), 60)"


def _hide(chip: TextElement) -> None:
    chip.text = ""
    chip.classes("unseen")


def _line(error: UserError) -> str:
    where = f" ({error.where})" if error.where else ""
    return f"{error.message}{where} {error.fix or ''}".strip()
