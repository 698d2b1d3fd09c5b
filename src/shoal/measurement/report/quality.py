"""The audit's part of the page: scores, findings, completeness, events by day, freshness, machines, consent, files."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

from shoal.measurement.audit.evidence import DAY_MS
from shoal.measurement.audit.fields import KEY_TRAITS
from shoal.measurement.audit.model import Audit, ConsentShare, Finding, SourceAudit
from shoal.measurement.report.days import day_axis, stretch
from shoal.measurement.report.headlines import whole_told, worst_told
from shoal.measurement.report.markup import Content, Markup, tag
from shoal.measurement.report.parts import Bar, Column, Tone, bars, chart, layout, section, shaded, table
from shoal.measurement.wording import FEW, day_of, length, lost, many, people, percent, portion

SHOWN_FINDINGS = 25
SHOWN_DAYS = 180
WORDS = {"attention": "needs attention", "watch": "watch", "note": "note"}


def audit_section(audit: Audit) -> Markup:
    """All of the audit; says what will be here where there is no data."""
    if not audit.sources:
        empty = tag("p", "There is no data yet. Import a folder of exports, or try the demo shop.")
        return section(
            "audit", "The data", "How far the numbers above can be trusted.", tag("div", empty, class_="tile")
        )
    lowest = worst_told(audit)
    told = f"How far the numbers above can be trusted. {lowest[0].upper()}{lowest[1:]} of 100{whole_told(audit)}."
    return section(
        "audit",
        "The data",
        told,
        tag(
            "div",
            tag("div", _scores(audit), _consents(audit), class_="stack"),
            tag("div", _people(audit), _machines(audit), class_="stack"),
            class_="even",
        ),
        tag("div", _findings(audit), class_="tile", style="margin-top:14px"),
        tag(
            "div",
            _completeness(audit),
            _calendar(audit),
            _freshness(audit),
            _files(audit),
            class_="stack",
            style="margin-top:14px",
        ),
    )


def _tone(score: float) -> Tone:
    return "good" if score >= 80 else "watch" if score >= 60 else "attention"


def _scores(audit: Audit) -> Markup:
    listed = []
    for source in audit.sources:
        reason = source.losses[0].reason if source.losses else "Nothing found."
        label = tag("span", tag("b", source.name), tag("span", f" {reason}", class_="d"))
        listed.append(Bar(label, source.score / 100, f"{source.score:.0f}", tone=_tone(source.score)))
    whole = ""
    if audit.score is not None:
        whole = f"The whole list: {audit.score:.0f}, the mean by records" + (
            f" less {sum(loss.points for loss in audit.losses):.1f} for the list itself." if audit.losses else "."
        )
    title = tag("h3", "Score by source, of 100")
    return tag("div", title, bars(listed, "Score by source, of 100"), tag("p", whole, class_="note"), class_="tile")


def _people(audit: Audit) -> Markup:
    fields = [
        Bar(
            _field(share.kind, share.name),
            share.share,
            percent(share.share),
            f"{share.present:,}" if share.present else "",
            _filled(share.share),
        )
        for share in audit.coverage
    ]
    found: list[Content] = [
        tag("h3", "What is known of people"),
        tag("p", f"Shares of {people(audit.identified)} with an identity.", class_="d"),
        bars(fields, "Share of people with each field"),
    ]
    return tag("div", found, class_="tile")


def _consents(audit: Audit) -> Content:
    if not audit.consent:
        return None
    return tag("div", tag("h3", "Consent"), map(_consent, audit.consent), class_="tile")


def _field(kind: str, name: str) -> str:
    keys = {
        "email": "E-mail address",
        "phone": "Phone number",
        "user": "Customer id",
        "anonymous": "Browser",
        "device": "Device",
    }
    return keys.get(name, name) if kind == "key" else name.replace("_", " ").capitalize()


def _filled(share: float) -> Tone:
    return "good" if share >= 0.8 else ""


def _consent(consent: ConsentShare) -> Markup:
    total = max(consent.people, 1)
    parts = [
        ("granted", consent.granted),
        ("denied", consent.denied),
        ("pending", consent.pending),
        ("never said", consent.unknown),
    ]
    tones: dict[str, Tone] = {"granted": "good", "denied": "attention", "pending": "watch", "never said": ""}
    listed = [
        Bar(name, count / total, percent(count / total), f"{count:,}", tones[name]) for name, count in parts if count
    ]
    channel = {"email": "E-mail", "sms": "SMS", "push": "Push"}.get(consent.channel, consent.channel)
    return tag("div", tag("p", f"{channel}, {consent.purpose}", class_="d over"), bars(listed, f"Consent to {channel}"))


def _machines(audit: Audit) -> Content:
    if not audit.machines:
        return None
    found = []
    for estimate in audit.machines:
        reasons = "; ".join(f"{count:,} {reason}" for reason, count in estimate.reasons.items())
        share = f"about {portion(estimate.machine, estimate.events)}"
        share += f" of {estimate.events:,}" if estimate.events >= FEW else ""
        told = f"{share}. {reasons}." if reasons else "none seen."
        found.append(tag("p", tag("b", f"{estimate.kind.capitalize()}: "), told, style="font-size:14px;margin-top:6px"))
    return tag("div", tag("h3", "Opens and clicks by machines"), found, class_="tile")


def _findings(audit: Audit) -> Markup:
    if not audit.findings:
        return tag("p", "No check found anything. Good.")
    shown = audit.findings[:SHOWN_FINDINGS]
    first = {finding.check: finding for finding in reversed(shown)}
    rows = [_finding(finding, with_fix=first[finding.check] is finding) for finding in shown]
    left = len(audit.findings) - len(shown)
    note = f"Most costly first; {left} smaller ones are in the data form." if left else "Most costly first."
    columns = [Column("Source"), Column("What was found, and how to mend it"), Column("Points", True), Column("")]
    return tag("div", table("What to mend", columns, rows, note=note), class_="findings")


def _finding(finding: Finding, *, with_fix: bool) -> Sequence[Content]:
    """A row; the advice stands once for each check, at its most costly finding."""
    fix = tag("div", finding.fix, class_="fix") if with_fix else None
    sentence = tag("td", tag("div", finding.sentence), fix)
    tone = {"attention": "attention", "watch": "watch", "note": ""}[finding.severity]
    chip = tag("span", WORDS[finding.severity], class_=f"chip {tone}".strip())
    return " and ".join(finding.sources) or "the whole list", sentence, lost(finding.points), chip


def _completeness(audit: Audit) -> Content:
    """Key traits by source; a dash where a source doesn't speak of the trait."""
    sources = [source for source in audit.sources if any(field.kind == "trait" for field in source.fields)]
    names = [name for names in KEY_TRAITS.values() for name in names]
    stated = [name for name in dict.fromkeys(names) if any(_share(source, name) is not None for source in sources)]
    if not stated:
        return None
    rows: list[Sequence[Content]] = []
    for name in stated:
        cells = [_filled_cell(_share(source, name)) for source in sources]
        rows.append([name.replace("_", " ").capitalize(), *cells])
    columns = [Column("")] + [Column(source.name) for source in sources]
    note = "The share of each source's people for whom it states the trait; a dash where it never does."
    return tag("div", table("Completeness by source", columns, rows, note=note, kind="heat"), class_="tile")


def _share(source: SourceAudit, trait: str) -> float | None:
    return next((field.share for field in source.fields if field.kind == "trait" and field.name == trait), None)


def _filled_cell(share: float | None) -> Markup:
    return shaded(
        share,
        percent(share) if share is not None else "",
        tone="watch" if share is not None and share < 0.4 else "good",
    )


def _calendar(audit: Audit) -> Content:
    """Events by source and day: holes are seen at once."""
    sources = [source for source in reversed(audit.sources) if len(source.daily) > 1]
    if not sources:
        return None
    last = max(source.daily[-1][0] for source in sources)
    first = max(min(source.daily[0][0] for source in sources), last - dt.timedelta(days=SHOWN_DAYS - 1))
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    data: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "x": [day.isoformat() for day in days],
            "y": [source.name for source in sources],
            "z": [_intensity(source, days) for source in sources],
            "customdata": [[dict(source.daily).get(day, 0) for day in days] for source in sources],
            "colorscale": [[0, "var(--track)"], [0.01, "var(--sea-soft)"], [1, "var(--sea)"]],
            "showscale": False,
            "ygap": 4,
            "hovertemplate": "%{y}, %{x|%-d %b}<br>%{customdata:,} events<extra></extra>",
        }
    ]
    frame = layout(
        yaxis={"automargin": True, "showgrid": False, "type": "category", "ticks": "", "dtick": 1},
        margin={"l": 8, "r": 8, "t": 8, "b": 28},
    )
    frame["xaxis"] |= day_axis(first, last)
    told = (
        f"Events a day {stretch(first, last, SHOWN_DAYS)}; the stronger the colour, the more, on a scale of its own "
        "for each source, and grey is none. "
        f"{_gaps(audit)}"
    )
    return chart("Events by source and day", told, {"data": data, "layout": frame}, 52 + 34 * len(sources))


def _intensity(source: SourceAudit, days: Sequence[dt.date]) -> list[float]:
    counts = dict(source.daily)
    top = math.log1p(max(counts.values()))
    return [round(math.log1p(counts.get(day, 0)) / top, 3) for day in days]


def _gaps(audit: Audit) -> str:
    with_gaps = [
        f"{source.name} ({many(_days_missing(source), 'day')})" for source in audit.sources if source.freshness.gaps
    ]
    return f"Days are missing in {', '.join(with_gaps)}." if with_gaps else "No day is missing where events are usual."


def _days_missing(source: SourceAudit) -> int:
    """Days on which at least something was missing."""
    gaps = source.freshness.gaps
    return len({gap.since + dt.timedelta(days=number) for gap in gaps for number in range(gap.days)})


def _freshness(audit: Audit) -> Markup:
    columns = [Column("Source"), Column("Records", True), Column("People", True), Column("First"), Column("Last")]
    columns += [
        Column("Behind the newest", True),
        Column("Usual gap", True),
        Column("Arrived after", True),
        Column("Last heard of people", True),
    ]
    rows = [_fresh_row(source) for source in audit.sources]
    note = (
        "“Arrived after” is the median time from happening to arrival, “last heard of people” the median age of each "
        "person's newest event. For files, arrival is the import."
    )
    return tag("div", table("How recent each source is", columns, rows, note=note), class_="tile")


def _fresh_row(source: SourceAudit) -> Sequence[Content]:
    fresh = source.freshness
    behind = length(fresh.behind) if fresh.behind >= DAY_MS else "under a day"
    return (
        source.name,
        f"{source.records:,}",
        f"{source.people:,}",
        day_of(source.first) if source.first is not None else "never",
        day_of(source.last) if source.last is not None else "never",
        tag("span", behind, class_="chip attention") if fresh.stale else behind,
        "a list of people" if fresh.of_people else _gap(fresh.usual_gap),
        length(fresh.lag_median) if fresh.lag_median is not None else "no events",
        length(fresh.age_median) if fresh.age_median is not None else "no events",
    )


def _gap(days: float | None) -> str:
    return "not known" if days is None else many(round(days), "day")


def _files(audit: Audit) -> Content:
    if not audit.imports:
        return None
    columns = [
        Column("File"),
        Column("Source"),
        Column("Rows read", True),
        Column("Rejected", True),
        Column("Skipped", True),
    ]
    columns += [Column("Records", True), Column("Known before", True)]
    rows = [
        (
            file.file,
            file.source,
            f"{file.rows_read:,}",
            f"{file.rows_rejected:,}",
            f"{file.rows_skipped:,}",
            f"{file.records:,}",
            f"{file.duplicates:,}",
        )
        for file in audit.imports
    ]
    inner = table("Files", columns, rows, note="Every row is stored, rejected or skipped for a reason.")
    return tag(
        "details",
        tag("summary", f"{many(len(audit.imports), 'imported file')}, and what became of the rows"),
        inner,
        class_="tile",
    )
