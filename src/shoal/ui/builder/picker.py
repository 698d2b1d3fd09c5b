"""A word that opens: what may stand in its place, narrowed down by typing, chosen by click or Enter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from nicegui import ui
from nicegui.events import GenericEventArguments

from shoal.ui.parts import VALUE, element, text


@dataclass(frozen=True, slots=True)
class Option:
    """Something that may be chosen."""

    label: str
    choose: Callable[[], Awaitable[None]]
    note: str = ""
    warns: bool = False


Propose = Callable[[str], Awaitable[Sequence[Option]]]


def opens(anchor: ui.element, propose: Propose, *, typing: str = "") -> None:
    """Let a click on an element open what `propose` gives for what is typed; `typing` says what may be typed, if so."""

    async def open_it() -> None:
        options = await propose("")
        with anchor, ui.menu().props('no-parent-event no-focus transition-duration=0 max-height="60vh"') as menu:
            _draw(menu, propose, options, typing)
        menu.on("hide", menu.delete)
        menu.open()

    anchor.props["aria-haspopup"] = "listbox"
    anchor.on("click", open_it)


def _draw(menu: ui.menu, propose: Propose, options: Sequence[Option], typing: str) -> None:
    first: list[Option] = []

    async def choose(option: Option) -> None:
        menu.close()
        await option.choose()

    def show(some: Sequence[Option]) -> None:
        first[:] = some[:1]
        listed.clear()
        with listed:
            for one in some:
                _option(one, partial(choose, one))
            if not some:
                text("div", "Nothing fits what is typed.", "k")

    async def typed(event: GenericEventArguments) -> None:
        show(await propose(str(event.args or "")[:500]))

    async def entered(event: GenericEventArguments) -> None:
        found = await propose(str(event.args or "")[:500])
        if found:
            await choose(found[0])

    with element("div", "picker"):
        if typing:
            field = element(
                "input", "field", type="text", placeholder=typing, **{"aria-label": typing, "autofocus": ""}
            )
            field.on("input", typed, js_handler=VALUE, throttle=0.12)
            field.on("keydown.enter", entered, js_handler=VALUE)
        listed = element("div", "options", role="listbox")
    show(options)


def _option(option: Option, choose: Callable[[], Awaitable[None]]) -> None:
    made = element("button", "option warn" if option.warns else "option", type="button", role="option")
    made.props["data-choice"] = option.label
    with made:
        text("span", option.label)
        if option.note:
            text("span", option.note, "note")
    made.on("click", choose)
