"""The right column of the builder: who matches now, who would enter and leave, what the linter says, and saving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from nicegui import ui
from nicegui.events import GenericEventArguments

from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.flow import saving
from shoal.flow.comparing import Compared
from shoal.flow.standing import Listed
from shoal.segments.files import Goal, Segment, check_name
from shoal.segments.lint.finding import Finding
from shoal.segments.nodes import Node
from shoal.segments.sql.queries import Counts
from shoal.segments.templates import slug
from shoal.ui.asking import ask
from shoal.ui.conditions import moved
from shoal.ui.findings import findings
from shoal.ui.parts import day_and_time, element, field, people, text, tile
from shoal.ui.policy import acting
from shoal.ui.segment_table import address
from shoal.ui.served import served


class Edited(Protocol):
    """Whose definition it is about."""

    @property
    def node(self) -> Node | None:
        """The definition; None while it is unfinished."""


@dataclass
class Side:
    """The column."""

    saved: Listed | None

    def draw(self, edited: Edited) -> None:
        """The empty column."""
        with tile("stack"), element("div", "stack", **{"aria-live": "polite"}):
            text("h2", "People who match, this instant")
            self._count = text("div", "…", "v", **{"data-count": "1"})
            self._of = text("p", "", "d")
            self._moved = text("p", "", "d")
            self._few = element("div")
        with tile("stack"):
            text("h2", "Before you save")
            self._said = element("div", "stack")
        self._wait()
        with tile("stack"):
            _saving(edited, self.saved)

    def unfinished(self) -> None:
        """While nothing can be counted."""
        self._count.text = "–"
        for line in (self._of, self._moved):
            line.text = ""
        self._of.text = "It is counted as soon as it can be read."
        self._few.clear()
        self._wait()

    def _wait(self) -> None:
        """Until the linter has looked at what stands there now."""
        self._said.clear()
        with self._said:
            text("p", "The linter looks at it once it is counted.", "d")

    def count(self, counts: Counts, as_of: Instant) -> None:
        """The exact number."""
        self._count.text = f"{counts.members:,}"
        share = counts.members / counts.eligible if counts.eligible else 0
        self._of.text = f"{share:.1%} of {people(counts.eligible)}, at {day_and_time(as_of)}"

    def compare(self, compared: Compared) -> None:
        """Who, and who would come and go."""
        if compared.entering is not None and compared.leaving is not None:
            self._moved.text = f"Against the saved version: {moved(compared.entering, compared.leaving)}."
        self._few.clear()
        with self._few:
            for row in compared.few.to_pylist():
                text("div", row["email"] or row["user_id"] or row["subscriber"], "d")
            more = compared.members - compared.few.num_rows
            if more > 0:
                text("div", f"and {more:,} more", "d")

    def lint(self, found: Sequence[Finding]) -> None:
        """What the linter says; goal and content are asked for below, or on the segment's page."""
        self._said.clear()
        with self._said:
            findings([one for one in found if one.check not in ("goal", "content")])


def _saving(edited: Edited, saved: Listed | None) -> None:
    own = saved.segment if saved is not None else None
    goal = own.goal if own is not None else None
    text("h2", "Save")
    fields = [
        field("Name, such as Lookers", value=(own.title or own.name) if own else ""),
        field("Goal, such as orders", value=goal.metric if goal else ""),
        field("How far, such as 5 %", value=goal.target if goal else ""),
        field("By when, such as 30d", value=goal.by if goal else ""),
    ]
    button = text("button", "Save", "primary", type="button")
    told = element("div", role="alert")

    async def save(event: GenericEventArguments) -> None:
        told.clear()
        try:
            name = await _save(edited.node, saved, [str(one or "").strip() for one in event.args])
        except UserError as error:
            with told:
                text("p", f"{error.message} {error.fix or ''}".strip(), "told")
        else:
            ui.navigate.to(address(name))

    ids = ", ".join(str(one.id) for one in fields)
    button.on("click", save, js_handler=f"() => emit([{ids}].map((id) => getHtmlElement(id).value))")


async def _save(node: Node | None, saved: Listed | None, said: Sequence[str]) -> str:
    """Make the next version; gives the segment's name."""
    user = acting("save a segment")
    if node is None:
        fix = "Finish the conditions that are marked, or remove them."
        raise UserError("incomplete_condition", "The definition is not finished.", fix=fix)
    title, *rest = said
    goal = Goal(*rest) if any(rest) else None
    if saved is not None:
        segment = replace(saved.segment, when=node, title=title or saved.segment.title, goal=goal)
        expected = saved.version.number if saved.version else 0
    else:
        segment, expected = Segment(_name(title), node, title=title, goal=goal), 0
    await ask(saving.save, served().opened, segment, actor=user.name, expected=expected)
    return segment.name


def _name(title: str) -> str:
    """The name of a new segment, as it stands in addresses. Raises UserError `bad_name`."""
    name = (slug(title) or title)[:100].strip()
    check_name(name)
    told = f"A segment can't be called {title!r} here."
    require(name != "new", "bad_name", told, fix="Choose another name.")  # the address of the builder
    return name
