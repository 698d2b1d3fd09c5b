"""The audit in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.core.time import Instant, to_datetime
from shoal.measurement.audit.evidence import DAY_MS
from shoal.measurement.audit.model import Audit, Severity
from shoal.measurement.wording import in_percent, listing, lost, many

_STYLES: dict[Severity, str] = {"attention": "red", "watch": "yellow", "note": "dim"}
FINDINGS = 12
"""So many findings are shown; the page and the JSON have all."""


def render(audit: Audit, console: Console) -> None:
    """Print summary, sources, findings, machines and consent as tables."""
    if not audit.sources:
        console.print("There is nothing to audit yet: import files first.")
        return
    console.print(_summary(audit))
    console.print(_sources(audit))
    console.print(_findings(audit))
    for line in _notes(audit):
        console.print(line)


def _summary(audit: Audit) -> Text:
    text = Text(f"Data score {audit.score:.0f} of 100. " if audit.score is not None else "")
    text.append(f"{many(audit.identified, 'known person', 'known people')}, {many(audit.events, 'event')}, ")
    text.append(f"{many(len(audit.sources), 'source')}; newest {_day(audit.newest)}.")
    if audit.worst_sources:
        worst = audit.sources[0]
        which = "Worst source" if len(audit.worst_sources) == 1 else "Worst sources"
        reason = f" {worst.losses[0].reason}" if worst.losses and len(audit.worst_sources) == 1 else ""
        text.append(f"\n{which}: {listing(audit.worst_sources)} ({worst.score:.0f}).{reason}")
    return text


def _sources(audit: Audit) -> Table:
    table = Table(title="Sources, lowest score first", title_justify="left")
    table.add_column("Source", overflow="fold")
    for title in ("Score", "Records", "People"):
        table.add_column(title, justify="right")
    for title in ("First", "Last", "Behind"):
        table.add_column(title, no_wrap=True)
    table.add_column("Main reason", overflow="fold")
    for source in audit.sources:
        behind = source.freshness.behind // DAY_MS
        table.add_row(
            source.name,
            f"{source.score:.0f}",
            f"{source.records:,}",
            f"{source.people:,}",
            _day(source.first),
            _day(source.last),
            many(behind, "day"),
            source.losses[0].reason if source.losses else "nothing found",
        )
    return table


def _findings(audit: Audit) -> Table:
    shown = audit.findings[:FINDINGS]
    more = f", {len(shown)} of {len(audit.findings)}" if len(shown) < len(audit.findings) else ""
    table = Table(title=f"Findings, most costly first{more}", title_justify="left", show_lines=True)
    table.add_column("Source", overflow="fold")
    table.add_column("What was found", overflow="fold", ratio=3)
    table.add_column("Points", justify="right")
    table.add_column("What to do", overflow="fold", ratio=2)
    for finding in shown:
        style = _STYLES[finding.severity]
        table.add_row(
            " and ".join(finding.sources) or "the whole list",
            Text(finding.sentence, style),
            lost(finding.points),
            finding.fix,
        )
    return table


def _notes(audit: Audit) -> list[str]:
    found = [
        f"Machines made about {estimate.machine:,} of {many(estimate.events, estimate.kind[:-1])}"
        f"{in_percent(estimate.machine, estimate.events)}."
        for estimate in audit.machines
    ]
    consents = (
        f"Consent to {consent.channel} ({consent.purpose}): {consent.granted:,} granted, "
        f"{consent.denied:,} denied, {consent.pending:,} pending, {consent.unknown:,} unknown."
        for consent in audit.consent
    )
    return [*found, *consents]


def _day(instant: Instant | None) -> str:
    return "never" if instant is None else to_datetime(instant).date().isoformat()
