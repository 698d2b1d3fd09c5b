"""What every page has: navigation, theme, keys, and how mistakes are told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from nicegui import app as pages_app
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from shoal.core.errors import UserError
from shoal.core.failures import failure
from shoal.ui.parts import element, text
from shoal.ui.policy import PAGES, Page, me

_STATIC = Path(__file__).parent / "static"
_log = logging.getLogger("shoal.ui")


def install() -> None:
    """Give all pages the styles and keys, and tell errors of what people do on them."""
    style, script = (f"/_ui/{name}?{_stamp(name)}" for name in ("shell.css", "shell.js"))
    ui.add_head_html(f'<link rel="stylesheet" href="{style}"><script src="{script}"></script>', shared=True)
    pages_app.on_exception(tell)


@dataclass(frozen=True, slots=True)
class Head:
    """Places of the head of a page, to be drawn into."""

    title: TextElement
    below: ui.element  # a line or two below the title
    beside: ui.element  # buttons to the right of it


@contextmanager
def frame(title: str, *, under: str = "") -> Iterator[Head]:
    """The page with its navigation; what is drawn within stands below its head, whose places are given.

    `under` is the path whose link is marked, by default that of the page.
    """
    with element("div", "shell"):
        text("a", "Skip to the content", "skip", href="#main")
        _navigation(under or ui.context.client.page.path)
        with element("main", "main", id="main", tabindex="-1"):
            with element("div", "head"):
                with element("div"):
                    named = text("h1", title)
                    below = element("div")
                beside = element("div", "row")
            yield Head(named, below, beside)
            with element("div", "phone-foot"):
                _foot()


def tell(error: Exception) -> None:
    """Say on the page what went wrong: a user's mistake with its fix, one of ours without its inside."""
    told = error if isinstance(error, UserError) else failure(error)
    if told is None:
        _log.error("a page failed", exc_info=error)
        told = UserError("internal", "Something went wrong here; the log has it.", fix="Try again, and report it.")
    try:
        ui.notify(f"{told.message} {told.fix or ''}".strip(), position="bottom", timeout=8_000, close_button="Close")
    except RuntimeError:
        _log.info("the page that is told of %s is gone", told.code)


def _navigation(path: str) -> None:
    with element("nav", "nav", **{"aria-label": "Pages"}):
        with element("a", "brand", href="/"):
            element("img", src="/_ui/mark.svg", alt="", width="22", height="22")
            text("span", "shoal")
        for page in PAGES.values():
            if page.icon and me().may(page.role):
                _link(page, is_on=page.path == path)
        with element("div", "nav-foot"):
            _foot()


def _link(page: Page, *, is_on: bool) -> None:
    said = {"href": page.path, **({"data-keys": page.keys} if page.keys else {})}
    if page.keys:
        said["title"] = f"Press {page.keys}"
    with element("a", "nav-link", **said, **({"aria-current": "page"} if is_on else {})):
        ui.icon(page.icon).props("aria-hidden=true")
        text("span", page.title)


def _foot() -> None:
    user = me()
    text("span", f"{user.name}, {user.role}")
    text("button", "Light or dark", "quiet", type="button", **{"data-do": "theme"})
    with element("form", method="post", action="/sign-out"):
        text("button", "Sign out", "quiet", type="submit")


def _stamp(name: str) -> str:
    return sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
