"""The audit of a list, from its views to its findings and scores."""

from __future__ import annotations

import duckdb

from shoal.core.time import Instant
from shoal.measurement.audit.checks import CHECKS
from shoal.measurement.audit.checks.check import Scene, findings
from shoal.measurement.audit.consent import consent_shares
from shoal.measurement.audit.evidence import Evidence, evidence
from shoal.measurement.audit.freshness import freshness
from shoal.measurement.audit.inventory import SourceInventory, coverage, inventory, newest_instant
from shoal.measurement.audit.machines import machine_estimates
from shoal.measurement.audit.model import Audit, Facts, Finding, Freshness, SourceAudit
from shoal.measurement.audit.score import losses, score, whole_score, worst
from shoal.measurement.tally import Tally, tallied


def audit(
    duck: duckdb.DuckDBPyConnection, now: Instant, facts: Facts | None = None, *, tally: Tally | None = None
) -> Audit:
    """Audit what the reading holds of instants up to `now`.

    `duck` has the views `events`, `traits`, `consents`, `subscribers` and `keys`. The audit reads only, its
    temporary tables are gone when it returns. An empty list gives an audit without sources. `tally` is one of
    the same instant, where the caller has it already.
    """
    if tally is None:
        with tallied(duck, now) as made:
            return audit(duck, now, facts, tally=made)
    assert tally.now == now, "a tally of another instant"
    with evidence(duck, now, facts or Facts()) as found:
        return _audit(found)


def _audit(found: Evidence) -> Audit:
    people, identified = found.row("SELECT count(*), count(*) FILTER (identified) FROM subscribers")
    newest = newest_instant(found)
    listed = inventory(found)
    fresh = freshness(found, listed, newest)
    scene = Scene(found, listed, fresh, identified)
    seen = [finding for check in CHECKS for finding in findings(check, scene)]
    seen.sort(key=lambda finding: (-finding.points, -finding.share, finding.check, finding.sources))
    sources = sorted(
        (_source(source, fresh[source.name], found.facts, seen) for source in listed),
        key=lambda source: (source.score, source.name),
    )
    whole = losses(seen, None)
    return Audit(
        as_of=found.now,
        newest=newest,
        people=people,
        identified=identified,
        events=sum(source.events for source in sources),
        score=whole_score([(source.score, source.records) for source in sources], whole),
        losses=whole,
        worst_sources=worst({source.name: source.score for source in sources}),
        sources=tuple(sources),
        findings=tuple(seen),
        coverage=coverage(found, identified),
        machines=machine_estimates(found),
        consent=consent_shares(found, identified),
        duplicates=found.facts.duplicates,
        imports=found.facts.imports,
    )


def _source(source: SourceInventory, fresh: Freshness, facts: Facts, seen: list[Finding]) -> SourceAudit:
    files = [file for file in facts.imports if file.source == source.name]
    lost = losses(seen, source.name)
    return SourceAudit(
        name=source.name,
        records=source.records,
        people=source.people,
        events=source.events,
        statements=source.statements,
        first=source.first,
        last=source.last,
        names=source.names,
        daily=source.daily,
        fields=source.fields,
        freshness=fresh,
        rows_read=sum(file.rows_read for file in files),
        rows_rejected=sum(file.rows_rejected for file in files),
        rows_skipped=sum(file.rows_skipped for file in files),
        score=score(lost),
        losses=lost,
    )
