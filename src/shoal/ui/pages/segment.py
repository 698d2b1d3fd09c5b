"""One segment: its sentence, its size over time, who is in it and why, what each condition keeps, and its versions."""

from __future__ import annotations

from dataclasses import dataclass

from nicegui import background_tasks, ui
from nicegui.client import Client
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant
from shoal.flow import applying, asking, drafting, saving, standing
from shoal.flow.sizes import Moment
from shoal.segments.sentence import english
from shoal.segments.sql.queries import Counts
from shoal.segments.versions import Version
from shoal.ui.asking import ask, lint
from shoal.ui.charts import sizes_plot
from shoal.ui.conditions import explanation, waterfall
from shoal.ui.findings import findings
from shoal.ui.members import Members
from shoal.ui.parts import VALUE, ago, day_and_time, element, field, link, notice, people, signed, text, tile, tone
from shoal.ui.policy import acting, may, page
from shoal.ui.pulse import listen
from shoal.ui.segment_table import address
from shoal.ui.served import served
from shoal.ui.shell import frame

DAYS = 30


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the page begins with."""

    listed: standing.Listed
    counts: Counts
    at: Instant
    moments: tuple[Moment, ...]
    change: int | None
    versions: tuple[Version, ...]


@page("/segments/{name}", title="Segment", role="viewer")
async def segment(name: str, as_of: str = "") -> None:
    """The page of a segment; `as_of` asks who was in it then."""
    try:
        instant = parse_instant(as_of) if as_of else None
        seen = await ask(_look, name, instant)
    except UserError as error:
        with frame("Segment", under="/segments"):
            notice(error.message, fix=error.fix or "", is_error=True)
            link("All segments", "/segments")
        return
    own = seen.listed.segment
    with frame(own.title or name, under="/segments") as head:
        with head.below:
            text("p", english(own.when), "sub").style("max-width: 86ch")
        with head.beside:
            _buttons(name, as_of)
        if instant is not None:
            notice(f"This is as of {day_and_time(instant)}, by today's definition.", fix="It doesn't move.")
        with element("div", "halves"):
            with element("div", "stack"):
                size = _size(seen)
                members = _members(name, instant)
            with element("div", "stack"):
                _waterfall(seen)
                _explain(name, own.title or name, instant)
                said = tile("stack")
                _versions(seen, name)

    async def follow() -> None:
        current = served().current
        if current is not None and instant is None:
            found = (await ask(current.sizes)).get(name)
            if found is not None:
                size.text = people(found)
        await members.follow()

    listen(follow)
    background_tasks.create(_fill(ui.context.client, members, said, seen.listed))


def _look(name: str, instant: Instant | None) -> _Seen:
    here = served()
    listed = standing.one(here.opened, here.current, name).segments[0]
    counts, at = _counts(listed, instant)
    moments = tuple(here.sizes.series(name, counts.members, at, days=DAYS)) if instant is None else ()
    versions = applying.history(here.opened, name) if listed.version else ()
    return _Seen(listed, counts, at, moments, here.sizes.change(name, at), versions)


def _counts(listed: standing.Listed, instant: Instant | None) -> tuple[Counts, Instant]:
    """From memory where that can be; from the lake of the past, and where it asks for what nobody has done yet."""
    here = served()
    if instant is None:
        try:
            drafted = drafting.draft(here.opened, here.current, listed.segment.when.to_data(), lint=False)
        except UserError:
            pass  # a name that the data does not hold: the linter tells of it on the page
        else:
            return drafted.counts, drafted.as_of
    answer = asking.count(here.opened, listed.segment.name, instant)
    return answer.counts, answer.as_of


def _buttons(name: str, as_of: str) -> None:
    if as_of:
        link("Now", address(name), "button")
    with element("form", "row", method="get", action=address(name)):
        field("As of this day", value=as_of[:10], type="date", name="as_of")
        text("button", "As of", "button", type="submit")
    if may("save a segment"):
        link("Edit", f"{address(name)}/edit", "primary")


def _size(seen: _Seen) -> TextElement:
    with tile("stack"):
        text("h2", "In it")
        with element("div", "row"):
            size = text("div", people(seen.counts.members), "v", **{"data-size": seen.listed.segment.name})
            if seen.change is not None and seen.moments:
                text("span", f"{signed(seen.change)} in 7 days", f"d {tone(seen.change)}")
        share = seen.counts.members / seen.counts.eligible if seen.counts.eligible else 0
        text("p", f"{share:.1%} of {people(seen.counts.eligible)}, at {day_and_time(seen.at)}", "d")
        if len(seen.moments) > 2:
            first = seen.moments[0]
            sizes_plot(seen.moments, f"From {people(first.size)} to {people(seen.counts.members)} in {DAYS} days")
        elif seen.moments:
            text("p", "How large it was is known from its first day on.", "d")
    return size


def _members(name: str, instant: Instant | None) -> Members:
    with tile("stack"):
        text("h2", "Who")
        place = element("div", "stack")
    return Members(name, instant, place)


def _waterfall(seen: _Seen) -> None:
    with tile("stack"):
        text("h2", "What each condition keeps")
        waterfall(seen.counts)


def _explain(name: str, title: str, instant: Instant | None) -> None:
    with tile("stack"):
        text("h2", "Why is somebody in it, or not?")
        with element("div", "row"):
            asked_for = field("Address or id").style("flex: 1 1 160px")
            button = text("button", "Explain", "button", type="button")
        place = element("div", "stack")

    async def show(event: GenericEventArguments) -> None:
        asked = str(event.args or "").strip()
        place.clear()
        with place:
            try:
                found = await ask(asking.explain_one, served().opened, asked, name, instant)
            except UserError as error:
                notice(error.message, fix=error.fix or "", is_error=True)
            else:
                explanation(found, title)

    button.on("click", show, js_handler=f"() => emit(getHtmlElement({asked_for.id}).value)")
    asked_for.on("keydown.enter", show, js_handler=VALUE)


def _versions(seen: _Seen, name: str) -> None:
    with tile("stack"):
        text("h2", "Versions")
        if not seen.versions:
            text("p", "It is a ready-made definition that nobody has saved yet.", "sub")
        for each in reversed(seen.versions):
            with element("div", "version"):
                with element("div", "row"):
                    is_now = each.number == seen.versions[-1].number
                    text("span", f"{each.number}", "chip now" if is_now else "chip")
                    text("span", f"{_CHANGED[each.change]} by {each.actor}, {ago(each.at)}", "d")
                    if not is_now and not each.is_deletion and may("roll back a segment"):
                        _back(name, each.number, seen.versions[-1].number)
                if each.sentence:
                    text("div", each.sentence, "sent")


_CHANGED = {"new": "made", "meaning": "changed", "label": "relabelled", "deleted": "ended"}


def _back(name: str, number: int, current: int) -> None:
    async def back() -> None:
        user = acting("roll back a segment")
        await ask(saving.rollback, served().opened, name, number, actor=user.name, expected=current)
        ui.navigate.to(address(name))

    text("button", "Bring back", "quiet", type="button").on("click", back)


async def _fill(client: Client, members: Members, said: ui.element, listed: standing.Listed) -> None:
    """What takes longer than a first look: who, and what the linter says."""
    with client:
        await members.draw()
    own = listed.segment
    found = await lint(own.name, own.when, own)
    with client, said:
        text("h2", "What the linter says")
        findings(found)
        if found and may("save a segment"):
            link("Mend it in the builder", f"{address(own.name)}/edit", "button").style("align-self: start")
