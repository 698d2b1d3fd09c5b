"""Small parts that pages are made of. Texts are set as texts: nothing in them is taken for markup."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from shoal.core.time import Instant, now

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def element(tag: str, classes: str = "", **said: str) -> ui.element:
    """A plain element with its attributes, which are taken as they are."""
    made = ui.element(tag).classes(classes)
    made.props.update(said)
    return made


def text(tag: str, words: str, classes: str = "", **said: str) -> TextElement:
    """A plain element that holds a text."""
    made = TextElement(tag=tag, text=words).classes(classes)
    made.props.update(said)
    return made


def tile(classes: str = "") -> ui.element:
    """A white tile, to be drawn into."""
    return element("section", f"tile {classes}".strip())


def figure(what: str, value: str, compared: str = "", tone: str = "") -> None:
    """A number with what it is of, and what it is compared with."""
    with tile():
        text("div", what, "k")
        text("div", value, "v")
        if compared:
            text("div", compared, f"d {tone}".strip())


def notice(message: str, *, fix: str = "", is_error: bool = False) -> None:
    """What is to be known, and what to do about it."""
    with element("div", "notice error" if is_error else "notice", role="alert" if is_error else "status"):
        text("strong" if fix else "span", message)
        if fix:
            text("div", fix)


def empty(title: str, words: str) -> ui.element:
    """What will be here, and how it comes here; commands and links are drawn into it."""
    with tile():
        place = element("div", "empty")
    with place:
        text("strong", title)
        text("p", words, "sub")
    return place


def command(words: str) -> None:
    """A command to type."""
    with element("pre"):
        text("code", words)


def link(words: str, to: str, classes: str = "quiet") -> ui.element:
    """A link to another page."""
    return text("a", words, classes, href=to)


def spark(values: Sequence[int], label: str) -> None:
    """A small line of sizes over time; `label` says it in words."""
    if len(values) < 2 or min(values) == max(values):
        tone, points = "flat", "0,11 90,11"
    else:
        low, high = min(values), max(values)
        step = 90 / (len(values) - 1)
        points = " ".join(
            f"{place * step:.1f},{20 - (one - low) / (high - low) * 18:.1f}" for place, one in enumerate(values)
        )
        tone = "falls" if values[-1] < values[0] else "rises"
    with element("svg", f"spark {tone}", width="90", height="22", viewBox="0 0 90 22", role="img") as drawn:
        element("polyline", points=points)
    drawn.props["aria-label"] = label


def people(number: int) -> str:
    """A number of people, in words.

    >>> people(1), people(20_000)
    ('1 person', '20,000 people')
    """
    return f"{number:,} {'person' if number == 1 else 'people'}"


def signed(number: int) -> str:
    """A change, with its sign.

    >>> signed(34), signed(-2), signed(0)
    ('+34', '−2', 'no change')
    """
    return "no change" if not number else f"{'+' if number > 0 else '−'}{abs(number):,}"


def tone(number: int) -> str:
    """The colour of a change."""
    return "up" if number > 0 else "down" if number < 0 else ""


def seconds(milliseconds: float) -> str:
    """A short length of time.

    >>> seconds(180), seconds(12_400), seconds(600_000)
    ('0.2 s', '12 s', '10 min')
    """
    if milliseconds < 10_000:
        return f"{max(0.0, milliseconds) / 1_000:.1f} s"
    if milliseconds < 10 * MINUTE_MS:
        return f"{milliseconds / 1_000:.0f} s"
    return f"{milliseconds / MINUTE_MS:.0f} min" if milliseconds < 2 * HOUR_MS else f"{milliseconds / HOUR_MS:.0f} h"


def day_and_time(at: Instant) -> str:
    """An instant with its zone.

    >>> day_and_time(Instant(1_772_323_200_000))
    '1 March 2026, 00:00 UTC'
    """
    told = dt.datetime.fromtimestamp(at / 1_000, dt.UTC)
    return f"{told.day} {told:%B %Y, %H:%M} UTC"


def ago(at: Instant) -> str:
    """How long ago an instant was, in words."""
    passed = now() - at
    if passed < MINUTE_MS:
        return "just now"
    for length, word in ((DAY_MS, "day"), (HOUR_MS, "hour"), (MINUTE_MS, "minute")):
        if passed >= length:
            number = passed // length
            return f"{number} {word}{'' if number == 1 else 's'} ago"
    return "just now"


VALUE = "(event) => emit(event.target.value)"
"""Sends what a field holds."""


def field(words: str, *, value: str = "", tag: str = "input", **said: str) -> ui.element:
    """A field to type in; `words` say what. What it holds is the browser's: the page is drawn anew around it."""
    kind = {"type": "text"} if tag == "input" and "type" not in said else {}
    return element(tag, "field", placeholder=words, **{"aria-label": words, "defaultValue": value, **kind, **said})


def set_value(of: ui.element, value: str) -> None:
    """Put a text into a field."""
    ui.run_javascript(f"const field = getHtmlElement({of.id}); if (field) field.value = {json.dumps(value)};")
