"""The builder: a new segment, or the next version of one."""

from __future__ import annotations

from shoal.core.errors import UserError
from shoal.flow import standing
from shoal.flow.standing import Listed
from shoal.segments.sentence import parse
from shoal.ui.asking import ask
from shoal.ui.builder import desk as desks
from shoal.ui.builder import tree as trees
from shoal.ui.parts import element, link, notice, text
from shoal.ui.policy import page
from shoal.ui.pulse import listen
from shoal.ui.segment_table import address
from shoal.ui.served import served
from shoal.ui.shell import frame


@page("/segments/new", title="New segment", role="editor")
async def new_segment(sentence: str = "") -> None:
    """An empty builder; `sentence` in the address fills it."""
    try:
        tree = trees.of(parse(sentence)) if sentence else trees.empty()
    except UserError:
        tree = trees.empty()
    await _draw("New segment", "Choose conditions, or write the sentence: both change the same.", None, tree)


@page("/segments/{name}/edit", title="Edit a segment", role="editor")
async def edit_segment(name: str) -> None:
    """The builder over what is saved."""
    try:
        listed = (await ask(standing.one, served().opened, served().current, name)).segments[0]
    except UserError as error:
        with frame("Edit a segment", under="/segments"):
            notice(error.message, fix=error.fix or "", is_error=True)
            link("All segments", "/segments")
        return
    number = listed.version.number if listed.version else 0
    sub = f"A draft over version {number}: nothing changes until you save." if number else "A ready-made definition."
    await _draw(listed.segment.title or name, sub, listed, trees.of(listed.segment.when))


async def _draw(title: str, sub: str, saved: Listed | None, tree: trees.Tree) -> None:
    desk = await desks.begin(saved, tree)
    with frame(title, under="/segments") as head:
        with head.below:
            text("p", sub, "sub")
        with head.beside:
            link("Leave without saving", address(saved.segment.name) if saved else "/segments")
        with element("div", "halves"):
            desk.draw()
            with element("div", "stack"):
                desk.draw_side()
    listen(desk.follow)
    desk.recount()
