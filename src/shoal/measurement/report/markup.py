"""HTML from Python values: text is escaped, always; only `tag` makes markup."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | Markup | None

_VOID = frozenset({"meta", "br", "hr"})


def tag(name: str, *children: Content | Iterable[Content], **attributes: str | float | bool | None) -> Markup:
    """An element. Attribute names end in `_` where Python needs it, inner `_` become `-`; None and False are left out.

    >>> tag("a", "1 < 2", href="#x", class_="y", aria_label="z")
    '<a href="#x" class="y" aria-label="z">1 &lt; 2</a>'
    """
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{together(*children)}</{name}>")


def together(*children: Content | Iterable[Content]) -> Markup:
    """The children one after the other, text among them escaped."""
    return Markup("".join(_flat(children)))


def _flat(children: Iterable[Content | Iterable[Content]]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, str):
            yield html.escape(child)
        else:
            yield from _flat(child)


def embedded(value: Mapping[str, object]) -> Markup:
    """A value as JSON inside a script element; nothing in it can end the element.

    >>> embedded({"x": "</script>"})
    '<script type="application/json">{"x":"\\\\u003c/script>"}</script>'
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return Markup(f'<script type="application/json">{text}</script>')
