"""Buttons that change something: they ask once more where it can't be taken back, and texts that can be copied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from shoal.ui.parts import element, text

Act = Callable[[], Awaitable[None]]

_COPY = """() => {{
  const shown = getHtmlElement({shown}), told = getHtmlElement({told});
  navigator.clipboard.writeText(shown.textContent).then(
    () => {{ told.textContent = "Copied"; setTimeout(() => {{ told.textContent = "Copy"; }}, 2000); }},
    () => {{ getSelection().selectAllChildren(shown); }});
}}"""


def button(words: str, act: Act, classes: str = "button", *, label: str = "") -> None:
    """A button that does something at once; `label` says what, where the words alone don't."""
    said = {"aria-label": label} if label else {}
    text("button", words, classes, type="button", **said).on("click", act)


def confirmed(words: str, question: str, yes: str, act: Act, *, label: str = "") -> None:
    """A button that asks first, in its place."""
    place = element("span", "row")

    def rest() -> None:
        place.clear()
        with place:
            said = {"aria-label": label} if label else {}
            text("button", words, "quiet warn", type="button", **said).on("click", ask)

    def ask() -> None:
        place.clear()
        with place:
            text("span", question, "d", role="alert")
            text("button", yes, "button", type="button").on("click", done)
            text("button", "Leave it", "quiet", type="button").on("click", rest)

    async def done() -> None:
        with place:
            await act()

    rest()


def copied(words: str, label: str) -> None:
    """A text to take elsewhere, with a button that copies it."""
    with element("div", "stack"):
        with element("pre", tabindex="0").style("white-space: pre-wrap; overflow-wrap: anywhere"):
            shown = text("code", words)
        with element("div", "row"):
            told = text("button", "Copy", "button", type="button", **{"aria-label": f"Copy {label}"})
    told.on("click", js_handler=_COPY.format(shown=shown.id, told=told.id))
