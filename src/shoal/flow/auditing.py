"""The audit of a workspace, with what its ledger and its identities know."""

from __future__ import annotations

from collections import Counter

from shoal.core.time import Instant
from shoal.flow.defining import asked_at
from shoal.flow.home import Opened
from shoal.flow.reading import open_reading
from shoal.ingest import ledger
from shoal.measurement.audit import Audit, DuplicateFigures, Facts, ImportedFile, audit
from shoal.profiles import duplicates
from shoal.profiles.likeness import REASONS


def run_audit(opened: Opened, as_of: Instant | None = None) -> Audit:
    """Audit the workspace as of an instant, by default now."""
    instant = asked_at(as_of)
    with open_reading(opened) as duck:
        return audit(duck, instant, facts(opened))


def facts(opened: Opened) -> Facts:
    """What the audit can't see in the lake: files, refused rows, merged and doubtful identities."""
    with opened.database.read() as connection:
        files = tuple(_file(line) for line in ledger.all_imports(connection))
        found = duplicates.report(connection)
    shared: Counter[str] = Counter()
    for each in found.shared:
        shared[each.kind] += each.keys
    figures = DuplicateFigures(
        merged=found.merged,
        waiting=found.open,
        proposals={REASONS[reason]: pairs for reason, pairs in found.by_reason.items()},
        shared_keys=shared,
        addressless=found.addressless,
    )
    return Facts(imports=files, duplicates=figures)


def _file(line: ledger.Import) -> ImportedFile:
    return ImportedFile(
        source=line.source,
        file=line.file,
        rows_read=line.rows_read,
        rows_rejected=line.rows_rejected,
        rows_skipped=line.rows_skipped,
        records=line.records,
        duplicates=line.duplicates,
        reasons=line.reasons,
        warnings=line.warnings,
        received_at=line.received_at,
    )
