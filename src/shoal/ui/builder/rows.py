"""The tree as rows: each reads as English, each dashed word opens what may stand in its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Protocol

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from shoal.core.errors import UserError
from shoal.ui.asking import ask
from shoal.ui.builder import tree as trees
from shoal.ui.builder.openings import openings
from shoal.ui.builder.picker import Option, opens
from shoal.ui.builder.suggest import Names, clauses, suggest
from shoal.ui.builder.tokens import Token, tokens
from shoal.ui.builder.tree import Group, Join, Part, Row, Tree
from shoal.ui.parts import element, text


class Edited(Protocol):
    """Whose tree is drawn."""

    tree: Tree
    names: Names

    async def change(self, tree: Tree, focus: str = "") -> None:
        """Take another tree; `focus` names what is to have the focus then."""


@dataclass(slots=True)
class Drawn:
    """What is filled in later: numbers and errors, by part."""

    numbers: dict[int, TextElement] = field(default_factory=dict)
    errors: dict[int, ui.element] = field(default_factory=dict)

    def tell(self, errors: Mapping[int, UserError]) -> None:
        """Show errors at their places, and only these."""
        for id, place in self.errors.items():
            place.clear()
            if id in errors:
                with place:
                    text("span", f"{errors[id].message} {errors[id].fix or ''}".strip(), "told")


def draw(edited: Edited) -> Drawn:
    """The whole tree."""
    drawn = Drawn()
    _group(edited, edited.tree.root, drawn, is_root=True)
    return drawn


JOINS: Mapping[Join, str] = {"all": "all of these hold", "any": "at least one holds", "none": "none of these holds"}


def _group(edited: Edited, group: Group, drawn: Drawn, *, is_root: bool = False) -> None:
    with element("div", "group", role="group", **{"data-part": str(group.id)}):
        with element("div", "row group-head"):
            if is_root:
                text("span", "Everybody for whom", "k")
            if group.negated:
                _word("not", f"{group.id}.not", partial(_turn, edited, group))
            _word(group.join, f"{group.id}.join", partial(_join, edited, group))
            text("span", {"all": "of these hold", "any": "of these holds", "none": "of these holds"}[group.join], "k")
            if not is_root:
                drawn.numbers[group.id] = text("span", "…", "chip kept")
                _more(edited, group)
        drawn.errors[group.id] = element("div")
        with element("div", "grp"):
            if not group.parts:
                text("p", "Begin with what they did, what is known about them, or another segment.", "sub")
            for part in group.parts:
                if isinstance(part, Row):
                    _row(edited, part, drawn)
                else:
                    _group(edited, part, drawn)
            with element("div", "row"):
                _add(edited, group)
                button = text("button", "+ Add group", "quiet", type="button")
                button.on("click", partial(_add_group, edited, group))


def _row(edited: Edited, row: Row, drawn: Drawn) -> None:
    with element("div", "cond", **{"data-part": str(row.id)}):
        with element("div", "words"):
            if row.negated:
                _word("not", f"{row.id}.not", partial(_turn, edited, row))
            numbers = count()
            for piece in _pieces(row.sentence):
                if isinstance(piece, str):
                    text("span", piece)
                else:
                    _token(edited, row, piece, next(numbers))
            _clauses(edited, row)
        drawn.numbers[row.id] = text("span", "…", "chip kept")
        _more(edited, row)
    drawn.errors[row.id] = element("div")


def _pieces(sentence: str) -> list[str | Token]:
    """The sentence cut into words that stay and words that may be changed."""
    pieces: list[str | Token] = []
    at = 0
    for one in tokens(sentence):
        pieces += [sentence[at : one.start].strip(), one]
        at = one.end
    return [one for one in (*pieces, sentence[at:].strip()) if one]


def _word(words: str, focus: str, propose: Callable[[str], Awaitable[list[Option]]], *, typing: str = "") -> ui.element:
    made = text("button", words, "tok", type="button", **{"data-token": focus})
    opens(made, propose, typing=typing)
    return made


_TYPED = {
    "event": "Which event", "trait": "Which fact", "property": "Which property", "value": "Type a value",
    "number": "A number", "length": "How long, such as 45 days", "times": "How often, such as 4",
    "window": "When, such as 45 days", "date": "A date, such as 2026-11-01", "segment": "Which segment",
    "test": "How to compare", "list": "Which list", "source": "Which import", "text": "Type a text",
    "score": "Which prediction", "cluster": "Which group", "experiment": "Which experiment", "arm": "Which arm",
    "channel": "Which channel", "purpose": "Which purpose", "method": "Which way",
    "hours": "such as between 9:00 and 12:00", "weekdays": "Which day",
}  # fmt: skip


def _token(edited: Edited, row: Row, token: Token, number: int) -> None:
    focus = f"{row.id}.{number}"
    words = token.words(row.sentence)
    shown = words[1:-1] if words.startswith('"') and words.endswith('"') else words

    async def propose(typed: str) -> list[Option]:
        found = await ask(suggest, row.sentence, token, typed, edited.names)
        return [Option(one.label, partial(_say, edited, row, one.sentence, focus), warns=one.removes) for one in found]

    _word(shown, focus, propose, typing=_TYPED.get(token.kind, ""))


def _clauses(edited: Edited, row: Row) -> None:
    async def propose(_: str) -> list[Option]:
        found = await ask(clauses, row.sentence, edited.names)
        return [Option(one.label, partial(_say, edited, row, one.sentence, f"{row.id}.+")) for one in found]

    made = text("button", "+", "tok plus", type="button", **{"aria-label": "Say more", "data-token": f"{row.id}.+"})
    opens(made, propose)


async def _say(edited: Edited, row: Row, sentence: str, focus: str) -> None:
    await edited.change(trees.put(edited.tree, row.id, Row(row.id, sentence, row.negated)), focus)


async def _join(edited: Edited, group: Group, _: str) -> list[Option]:
    def choose(join: Join) -> Callable[[], Awaitable[None]]:
        return lambda: edited.change(trees.joined(edited.tree, group.id, join), f"{group.id}.join")

    return [Option(f"{join}: {words}", choose(join)) for join, words in JOINS.items()]


async def _turn(edited: Edited, part: Part, _: str) -> list[Option]:
    return [Option("Take the “not” away", lambda: edited.change(trees.turned(edited.tree, part.id)))]


async def _add_group(edited: Edited, group: Group) -> None:
    join: Join = "any" if group.join == "all" else "all"
    await edited.change(trees.added(edited.tree, group.id, Group(trees.fresh(), join)))


def _add(edited: Edited, group: Group) -> None:
    async def choose(sentence: str) -> None:
        part = trees.row(sentence)
        await edited.change(trees.added(edited.tree, group.id, part), f"{part.id}.0")

    async def propose(typed: str) -> list[Option]:
        found = await ask(openings, typed, edited.names.catalog)
        return [Option(one.label, partial(choose, one.sentence), note=one.sentence) for one in found]

    made = text("button", "+ Add condition", "quiet", type="button", **{"data-token": f"{group.id}.add"})
    opens(made, propose, typing="What about them? Type a word or a whole sentence")


def _more(edited: Edited, part: Part) -> None:
    async def propose(_: str) -> list[Option]:
        def to(change: Callable[[Tree, int], Tree]) -> Callable[[], Awaitable[None]]:
            return lambda: edited.change(change(edited.tree, part.id), f"{part.id}.more")

        return [
            Option("Say the opposite", to(trees.turned)),
            Option("Move up", to(lambda tree, id: trees.moved(tree, id, -1))),
            Option("Move down", to(lambda tree, id: trees.moved(tree, id, 1))),
            Option("Put it in a group", to(trees.wrapped)),
            Option("Remove", to(trees.removed), warns=True),
        ]

    words = {"aria-label": "More", "data-token": f"{part.id}.more"}
    opens(text("button", "⋯", "tok plus", type="button", **words), propose)
