"""Small forms: what several fields hold is told at once, when a button is pressed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui
from nicegui.events import GenericEventArguments

Take = Callable[[dict[str, str]], Awaitable[None]]

_TELL = """() => {{
  const said = {{}};
  for (const [name, id] of Object.entries({fields})) {{
    const field = getHtmlElement(id);
    said[name] = field.type === "checkbox" ? (field.checked ? "yes" : "") : field.value;
  }}
  emit(said);
}}"""


def answers(pressed: ui.element, fields: Mapping[str, ui.element], take: Take) -> None:
    """Give what the fields hold, by name, to a function when a button is pressed."""
    ids = {name: each.id for name, each in fields.items()}

    async def told(event: GenericEventArguments) -> None:
        given = event.args if isinstance(event.args, dict) else {}
        await take({name: str(given.get(name) or "") for name in ids})

    pressed.on("click", told, js_handler=_TELL.format(fields=json.dumps(ids)))


def chosen(said: Mapping[str, str], name: str) -> bool:
    """Whether a box is ticked.

    >>> chosen({"write": "yes", "read": ""}, "write"), chosen({"write": "yes", "read": ""}, "read")
    (True, False)
    """
    return said[name] == "yes"
