"""What an audit finds out, as values: nothing here queries or prints.

Instants are UTC milliseconds, shares run from 0 to 1, days are calendar days in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shoal.core.time import Instant

Severity = Literal["attention", "watch", "note"]
Dimension = Literal["completeness", "accuracy", "freshness", "machines", "consent"]


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file of the import ledger; rows read = records' rows + rejected + skipped."""

    source: str
    file: str
    rows_read: int
    rows_rejected: int
    rows_skipped: int
    records: int  # handed to the journal
    duplicates: int  # of those, already known
    reasons: Mapping[str, int]  # why rows were rejected or skipped: reason to rows
    warnings: tuple[str, ...]
    received_at: Instant


@dataclass(frozen=True, slots=True)
class DuplicateFigures:
    """What identity resolution says of people who may be there twice; sizes only."""

    merged: int = 0  # identities that were joined to another because they share a key
    waiting: int = 0  # pairs to review
    proposals: Mapping[str, int] = field(default_factory=dict)  # the same by reason in words; a pair may have several
    shared_keys: Mapping[str, int] = field(default_factory=dict)  # keys that many people share, by kind
    addressless: int = 0  # people without an address because two accounts share it


@dataclass(frozen=True, slots=True)
class Facts:
    """What the audit needs to know and the lake doesn't hold."""

    imports: tuple[ImportedFile, ...] = ()
    duplicates: DuplicateFigures | None = None  # None: identities were not looked at


@dataclass(frozen=True, slots=True)
class EventCount:
    """How often one source reports one event."""

    name: str
    events: int
    people: int
    first: Instant
    last: Instant


@dataclass(frozen=True, slots=True)
class FieldShare:
    """How many of those that could have a field have it.

    `kind` is "trait" (of the source's people), "property" (of the events called `event`) or "key" (of
    all people).
    """

    kind: Literal["trait", "property", "key"]
    name: str
    present: int
    of: int
    event: str | None = None

    @property
    def share(self) -> float:
        """From 0 to 1; 0 where nothing could have it."""
        return self.present / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of days without events, where about `expected` a day are usual; `until` is the last empty day.

    `events` names what is missing; none means that nothing at all came from the source.
    """

    since: dt.date
    until: dt.date
    expected: float
    events: tuple[str, ...] = ()

    @property
    def days(self) -> int:
        """Length in days, both ends counted."""
        return (self.until - self.since).days + 1


@dataclass(frozen=True, slots=True)
class Freshness:
    """How recent a source is and how late its events arrive.

    `lag_*` is arrival minus happening, ms; `age_*` is the data's newest instant minus the newest event
    of each person, ms; `behind` is how far the source's newest event lies behind the data's, ms;
    `usual_gap` is the 90th percentile between its active days, in days. None where a source reports no
    events, or too few. A list of people (`of_people`) is no stream: `behind` is how far its last import lies behind
    the data's newest event, and it has no gaps.
    """

    lag_median: int | None
    lag_p90: int | None
    age_median: int | None
    age_p90: int | None
    behind: int
    usual_gap: float | None
    stale: bool
    gaps: tuple[Gap, ...]
    of_people: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found, with what it costs and how to mend it."""

    check: str
    dimension: Dimension
    severity: Severity
    sources: tuple[str, ...]  # empty: the list as a whole
    sentence: str
    affected: int
    of: int
    unit: str  # "events", "people", "rows", "days", "opens"
    fix: str
    points: float  # 0 to the check's weight
    field: str | None = None

    @property
    def share(self) -> float:
        """Affected part, from 0 to 1."""
        return min(self.affected / self.of, 1.0) if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Loss:
    """Points that one check takes from a score, with its worst finding as the reason."""

    check: str
    points: float
    reason: str


@dataclass(frozen=True, slots=True)
class SourceAudit:
    """All that is known of one source."""

    name: str
    records: int  # events and records that state facts only
    people: int
    events: int
    statements: int  # trait values and consents
    first: Instant | None
    last: Instant | None
    names: tuple[EventCount, ...]  # most frequent first
    daily: tuple[tuple[dt.date, int], ...]  # days with events only, oldest first
    fields: tuple[FieldShare, ...]
    freshness: Freshness
    rows_read: int
    rows_rejected: int
    rows_skipped: int
    score: float  # 0 to 100
    losses: tuple[Loss, ...]  # most points first


@dataclass(frozen=True, slots=True)
class MachineEstimate:
    """How many opens or clicks machines made, as far as it shows.

    `reasons` counts each reason by itself; one event may have several. `marked` were known to be
    machines when they came in and are left out by "by a person".
    """

    kind: Literal["opens", "clicks"]
    events: int
    machine: int
    marked: int
    reasons: Mapping[str, int]

    @property
    def share(self) -> float:
        """Machines among all, from 0 to 1."""
        return self.machine / self.events if self.events else 0.0


@dataclass(frozen=True, slots=True)
class ConsentShare:
    """Where identified people stand on one channel and purpose; `unknown` never said."""

    channel: str
    purpose: str
    granted: int
    denied: int
    pending: int
    unknown: int

    @property
    def people(self) -> int:
        """All identified people."""
        return self.granted + self.denied + self.pending + self.unknown


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of a list at one instant.

    `score` is the mean of the sources' scores weighted by their records, less the losses of the list as
    a whole; None without any source. `worst_sources` have the lowest score; empty where all have the same.
    """

    as_of: Instant
    newest: Instant | None
    people: int
    identified: int
    events: int
    score: float | None
    losses: tuple[Loss, ...]
    worst_sources: tuple[str, ...]
    sources: tuple[SourceAudit, ...]  # lowest score first
    findings: tuple[Finding, ...]  # most points first
    coverage: tuple[FieldShare, ...]  # key traits and identity keys over all people
    machines: tuple[MachineEstimate, ...]
    consent: tuple[ConsentShare, ...]
    duplicates: DuplicateFigures | None
    imports: tuple[ImportedFile, ...]
