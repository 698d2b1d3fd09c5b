"""The audit: what data there is, how complete, right and recent it is, and what to mend first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from nicegui import ui

from shoal.flow.latest_audit import Progress
from shoal.measurement.audit import Audit, Finding, SourceAudit
from shoal.measurement.audit.model import Dimension, FieldShare, Severity
from shoal.measurement.wording import day_of, length, lost, many, percent
from shoal.ui.asking import ask
from shoal.ui.parts import day_and_time, element, empty, figure, link, notice, people, text, tile
from shoal.ui.policy import page
from shoal.ui.shell import frame
from shoal.ui.watched import progress_words, watched

EVERY_S = 0.5
MOST = 12
"""So many findings of a kind are shown at first."""

_DIMENSIONS: dict[Dimension, str] = {
    "completeness": "Completeness",
    "accuracy": "Accuracy",
    "freshness": "Freshness",
    "machines": "Machines",
    "consent": "Consent",
}
_SEVERITIES: dict[Severity, tuple[str, str]] = {
    "attention": ("error", "To mend"),
    "watch": ("warning", "To watch"),
    "note": ("note", "To know"),
}


@page("/audit", title="Audit", role="viewer", icon="fact_check", keys="g a")
async def audit() -> None:
    """The last audit; the first visit makes one."""
    audits = watched().audits
    begun = await ask(audits.begin_if_small)
    records = 0 if begun else await ask(audits.records)
    with frame("Audit") as head:
        with head.below:
            line = text("p", "", "sub", role="status")
        with head.beside:
            again = text("button", "Look again", "button", type="button")
        place = element("div", "stack")
    shown: list[Progress] = []

    def follow() -> None:
        now = audits.progress()
        line.text = progress_words(now) or _line(now)
        again.set_visibility(now.running_s is None)
        if not shown or (shown[0].audit, shown[0].error) != (now.audit, now.error):
            shown[:] = [now]
            place.clear()
            with place:
                _draw(now, records)

    def begin() -> None:
        audits.begin()
        follow()

    again.on("click", begin)
    follow()
    ui.timer(EVERY_S, follow)


def _line(now: Progress) -> str:
    if now.audit is None or now.took_s is None:
        return ""
    return f"As of {day_and_time(now.audit.as_of)}, made in {length(now.took_s * 1_000)}"


def _draw(now: Progress, records: int) -> None:
    if now.error is not None:
        notice(now.error.message, fix=now.error.fix or "", is_error=True)
    if now.audit is None:
        if now.error is None:
            with tile():
                asked = f" It has {records:,} rows: “Look again” reads them, which takes a while." if records else ""
                text("p", f"What is found stands here when the history has been read.{asked}", "sub")
        return
    if not now.audit.sources:
        with empty("Nothing to audit yet", "Once data has come in, it is judged here, and each finding says its fix."):
            link("To the sources", "/sources", "button")
        return
    _figures(now.audit)
    with element("div", "halves"):
        with element("div", "stack"):
            for dimension in get_args(Dimension):
                _findings(dimension, [each for each in now.audit.findings if each.dimension == dimension])
        with element("div", "stack"):
            _sources(now.audit)
            _coverage(now.audit.coverage)
            _consent(now.audit)


def _figures(found: Audit) -> None:
    loud = sum(each.severity == "attention" for each in found.findings)
    with element("div", "tiles"):
        score = "–" if found.score is None else f"{found.score:.0f} of 100"
        taken = sum(each.points for each in found.losses)
        whole = (
            f"the sources' mean by records, less {taken:.0f} for the list" if taken else "the sources' mean by records"
        )
        figure("Data score", score, whole)
        figure(
            "To mend",
            many(loud, "finding"),
            f"of {many(len(found.findings), 'finding')} in all",
            "down" if loud else "up",
        )
        newest = "nothing has a time yet" if found.newest is None else f"the newest {day_and_time(found.newest)}"
        figure("Events", f"{found.events:,}", newest)
        visitors = found.people - found.identified
        figure("People", f"{found.identified:,}", f"and {many(visitors, 'visitor')} without a name")


def _findings(dimension: Dimension, found: Sequence[Finding]) -> None:
    with tile("stack") as drawn:
        drawn.props["data-dimension"] = dimension
        text("h2", f"{_DIMENSIONS[dimension]}, {many(len(found), 'finding')}" if found else _DIMENSIONS[dimension])
        if not found:
            text("p", "Nothing was found.", "sub")
        order = get_args(Severity)
        ordered = sorted(found, key=lambda each: (order.index(each.severity), -each.points))
        for each in ordered[:MOST]:
            _finding(each)
        if len(ordered) > MOST:
            with element("details"):
                text("summary", f"{len(ordered) - MOST:,} more", "quiet")
                with element("div", "stack"):
                    for each in ordered[MOST:]:
                        _finding(each)


def _finding(found: Finding) -> None:
    tone, words = _SEVERITIES[found.severity]
    with element("div", f"finding {tone}"):
        text("span", f"{words}: ", "unseen")
        text("div", found.sentence)
        text("div", found.fix, "d")
        share = f"{found.affected:,} of {found.of:,} {found.unit}" if found.of else ""
        whose = ", ".join(found.sources)
        points = f"{lost(found.points)} points" if found.points else ""
        text("div", " · ".join(part for part in (whose, share, points) if part), "d")


def _sources(found: Audit) -> None:
    with tile("stack"):
        text("h2", f"Inventory, {many(len(found.sources), 'source')}, lowest score first")
        for each in found.sources:
            with element("div", "version", **{"data-source": each.name}):
                with element("div", "row").style("justify-content: space-between; flex-wrap: nowrap"):
                    text("span", each.name).style("font-weight: 550; overflow-wrap: anywhere; min-width: 0")
                    text("span", f"{each.score:.0f}", "fall-number", title="Score, of 100")
                with element("div", "fall-track"):
                    element("div", "fall-fill").style(f"width: {each.score:.1f}%")
                text("div", _inventory(each), "d")
                text("div", _fresh(each), "d watch" if each.freshness.stale else "d")
                if each.names:
                    _names(each)


def _names(found: SourceAudit) -> None:
    with element("details"):
        text("summary", f"{many(len(found.names), 'event')} by name", "quiet")
        for count in found.names:
            told = f"{count.name}: {count.events:,} by {people(count.people)}, last {day_of(count.last)}"
            text("div", told, "d")


def _inventory(found: SourceAudit) -> str:
    span = "" if found.first is None or found.last is None else f", {day_of(found.first)} to {day_of(found.last)}"
    rows = ""
    if found.rows_read:
        rows = f", {found.rows_rejected:,} of {many(found.rows_read, 'row')} refused"
    return f"{many(found.records, 'record')} of {people(found.people)}{span}{rows}"


def _fresh(found: SourceAudit) -> str:
    fresh = found.freshness
    behind = f"{length(fresh.behind)} behind the newest" if fresh.behind else "as new as the newest"
    lag = "" if fresh.lag_median is None or fresh.of_people else f", half arrive within {length(fresh.lag_median)}"
    gaps = (
        "" if not fresh.gaps else f", {many(len(fresh.gaps), 'gap')}, the last until {fresh.gaps[-1].until:%-d %b %Y}"
    )
    return f"{'Stale: ' if fresh.stale else ''}{behind}{lag}{gaps}"


def _coverage(shares: Sequence[FieldShare]) -> None:
    with tile("stack"):
        text("h2", "Known of people")
        for each in shares:
            with element("div", "fall"):
                with element("div", "row fall-words"):
                    text("span", _FIELDS.get(each.name, each.name.replace("_", " ")))
                    text("span", f"{percent(each.share)} of {each.of:,}", "fall-number")
                with element("div", "fall-track"):
                    element("div", "fall-fill").style(f"width: {100 * each.share:.1f}%")


_FIELDS = {"email": "address", "user": "user id", "anonymous": "visits", "device": "devices", "phone": "phone number"}


def _consent(found: Audit) -> None:
    with tile("stack"):
        text("h2", "Where people stand on consent")
        if not found.consent:
            text("p", "No source says anything of it, and that is no consent.", "sub")
        for each in found.consent:
            with element("div", "fall"):
                with element("div", "row fall-words"):
                    text("span", f"{each.channel}, {each.purpose}")
                    text(
                        "span",
                        f"{percent(each.granted / each.people) if each.people else '0 %'} granted",
                        "fall-number",
                    )
                with element("div", "fall-track"):
                    element("div", "fall-fill").style(f"width: {100 * each.granted / max(1, each.people):.1f}%")
                said = f"{each.granted:,} granted, {each.denied:,} refused, {each.pending:,} asked"
                text("div", f"{said}, {each.unknown:,} never said, of {people(each.people)}", "d")
