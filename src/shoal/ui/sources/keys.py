"""Keys of programs, and the script for web pages with a key in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from nicegui import ui

from shoal.access.keys import SCOPES, Key
from shoal.flow import admitting
from shoal.ui.asking import ask
from shoal.ui.doing import button, confirmed, copied
from shoal.ui.forms import answers, chosen
from shoal.ui.parts import day_and_time, element, text, tile
from shoal.ui.parts import field as field_
from shoal.ui.policy import acting, may
from shoal.ui.served import served

A_PLACE = "YOUR-WRITE-KEY"
MOST = 50
"""So many keys are shown at first."""


@dataclass(slots=True)
class Keys:
    """The tiles on one page; `host` is how browsers reach this server."""

    host: str
    place: ui.element = field(init=False)
    script: ui.element = field(init=False)

    async def draw(self) -> None:
        """Both tiles."""
        with tile("stack") as drawn:
            drawn.props.update(id="keys")
            text("h2", "Keys of programs")
            self.place = element("div", "stack")
            if may("create a key"):
                self._form()
        with tile("stack"):
            text("h2", "Script for web pages")
            told = (
                "It tells page views, how far and how long pages are read, video time and sent forms; "
                "nothing where a browser asks not to be followed. No cookies."
            )
            text("p", told, "sub")
            self.script = element("div", "stack")
        self._snippet(A_PLACE)
        await self.show()

    async def show(self) -> None:
        """Ask for the keys, and show them: those in use first."""
        found = await ask(admitting.known_keys, served().opened)
        self.place.clear()
        ordered = sorted(found, key=lambda key: (key.revoked_at is not None, -key.id))
        with self.place:
            if not found:
                text("p", "None yet. Programs that hand in events or ask for people show a key.", "sub")
            for key in ordered[:MOST]:
                self._key(key)
            if len(ordered) > MOST:
                with element("details"):
                    text("summary", f"{len(ordered) - MOST:,} more", "quiet")
                    for key in ordered[MOST:]:
                        self._key(key)

    def _key(self, key: Key) -> None:
        with element("div", "version", **{"data-key": str(key.id)}):
            with element("div", "row").style("justify-content: space-between; gap: 2px 12px"):
                with element("div", "row").style("gap: 2px 10px"):
                    text("span", key.name).style("font-weight: 550; overflow-wrap: anywhere")
                    text("code", f"{key.beginning}…")
                    if key.revoked_at is not None:
                        text("span", "revoked", "chip")
                if key.revoked_at is None:
                    with element("div", "row"):
                        if key.may("write"):
                            about = f"Script with key {key.name}"
                            button("In the script", lambda: self._snip(key), "quiet", label=about)
                        if may("revoke a key"):
                            question = "Programs that show it are refused from now on."
                            about = f"Revoke {key.name}"
                            confirmed("Revoke", question, "Revoke it", lambda: self._revoke(key.id), label=about)
            ended = "" if key.revoked_at is None else f", revoked {day_and_time(key.revoked_at)}"
            may_do = ", ".join(SCOPES[each] for each in key.scopes)
            text("div", f"May {may_do}; source {key.source}; made {day_and_time(key.created_at)}{ended}", "d")

    def _form(self) -> None:
        with element("details"):
            text("summary", "Make a key", "button")
            with element("div", "stack").style("padding-top: 10px"):
                text("div", "What you call it, and the source that its events get", "k")
                with element("div", "row"):
                    name = field_("Name, such as the program").style("flex: 1 1 200px")
                    source = field_("Source, such as web", value="web").style("flex: 1 1 140px")
                with element("div", "row"):
                    boxes = {scope: _box(scope, words) for scope, words in SCOPES.items()}
                made = element("div", "stack", role="status")
                with element("div", "row"):
                    make = text("button", "Make it", "primary", type="button")

        async def create(said: dict[str, str]) -> None:
            acting("create a key")
            scopes = tuple(scope for scope in SCOPES if chosen(said, scope))
            created = await ask(admitting.create_key, served().opened, said["name"], said["source"], scopes)
            made.clear()
            with made:
                text("p", "Keep it now: it is not shown again.", "said")
                copied(created[1], "the key")
            if "write" in scopes:
                self._snippet(created[1])
            await self.show()

        answers(make, {"name": name, "source": source, **boxes}, create)

    async def _revoke(self, number: int) -> None:
        acting("revoke a key")
        await ask(admitting.revoke_key, served().opened, number)
        await self.show()

    async def _snip(self, key: Key) -> None:
        self._snippet(f"{key.beginning}…", key.name)

    def _snippet(self, key: str, name: str = "") -> None:
        """The script's line with a key: whole where it was just made, else its beginning, for the rest is not known."""
        self.script.clear()
        with self.script:
            line = f'<script async src="{escape(self.host)}/v1/shoal.js" data-write-key="{escape(key)}"></script>'
            copied(line, "the script's line")
            if name:
                text("p", f"Put the whole key of {name} in: it was shown when it was made, and never again.", "d")
            elif key == A_PLACE:
                text("p", f"Put a key with the scope write in the place of {A_PLACE}.", "d")
            else:
                text("p", "The key that was just made is in it.", "d")
            text("p", "It belongs into the head of each page, and its key may only write.", "d")


def _box(scope: str, words: str) -> ui.element:
    with element("label", "row").style("gap: 6px; font-size: 14px"):
        checked = {"checked": "checked"} if scope == "write" else {}
        box = element("input", "", type="checkbox", name=scope, **checked)
        text("span", words)
    return box
