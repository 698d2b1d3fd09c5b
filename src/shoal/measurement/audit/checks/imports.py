"""Checks on how the files came in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shoal.measurement.audit.checks.check import Check, Scene, Sight
from shoal.measurement.span import main_span
from shoal.measurement.tally import OLDEST
from shoal.measurement.wording import day, in_percent, many

STRAYS = 0.01
"""Up to this share of a source's events may be strays."""


def _rejected(scene: Scene) -> Iterator[Sight]:
    for source in scene.sources:
        files = [file for file in scene.evidence.facts.imports if file.source == source.name]
        read, rejected = sum(file.rows_read for file in files), sum(file.rows_rejected for file in files)
        if rejected:
            # The ledger gives reasons for rejected and skipped rows together.
            reasons = sum((Counter(file.reasons) for file in files if file.rows_rejected), Counter[str]())
            top = ", ".join(f"{reason.replace('_', ' ')} ({rows:,})" for reason, rows in reasons.most_common(3))
            yield Sight(
                f"{many(rejected, 'row')} of {read:,}{in_percent(rejected, read)} could not be read. "
                f"Most often: {top}.",
                rejected,
                read,
                (source.name,),
            )


def _repeated(scene: Scene) -> Iterator[Sight]:
    for source in scene.sources:
        files = [file for file in scene.evidence.facts.imports if file.source == source.name]
        records, known = sum(file.records for file in files), sum(file.duplicates for file in files)
        if known:
            yield Sight(
                f"{many(known, 'record')} of {records:,}{in_percent(known, records)} came more than once. "
                "Each is counted once.",
                known,
                records,
                (source.name,),
            )


def _no_own_time(scene: Scene) -> Iterator[Sight]:
    stamped = scene.evidence.rows(
        """SELECT source, sum(stamped)::BIGINT AS stamped, sum(events)::BIGINT
           FROM tally_people GROUP BY source HAVING stamped > 0 ORDER BY source"""
    )
    for source, count, events in stamped:
        yield Sight(
            f"{many(count, 'event')} of {events:,}{in_percent(count, events)} have no usable time of their own; "
            "the time of arrival stands in.",
            count,
            events,
            (source,),
        )


def _impossible_time(scene: Scene) -> Iterator[Sight]:
    for source, old, events in scene.evidence.rows(
        """SELECT source, sum(ancient)::BIGINT AS old, sum(events)::BIGINT
           FROM tally_people GROUP BY source HAVING old > 0 ORDER BY source"""
    ):
        yield Sight(f"{many(old, 'event')} are dated before 1995.", old, events, (source,))


def _stray_dates(scene: Scene) -> Iterator[Sight]:
    """A few events far from all others of their source; many would be its history."""
    for source in scene.sources:
        span = main_span([each for each in source.daily if each[0] >= OLDEST])
        if span is not None and 0 < span.outside <= STRAYS * source.events:
            others = source.events - span.outside
            yield Sight(
                f"{many(span.outside, 'event lies', 'events lie')} far from the other {others:,}, "
                f"which are from {day(span.first)} to {day(span.last)}.",
                span.outside,
                source.events,
                (source.name,),
            )


CHECKS = (
    Check(
        "rejected_rows",
        "accuracy",
        "Could every row of the source's files be read?",
        "rows",
        15,
        0.10,
        "Open the reject file of the import: it names line and reason. Mend the rows or the mapping, import again.",
        _rejected,
    ),
    Check(
        "repeated_rows",
        "accuracy",
        "Do exports bring the same records again and again?",
        "records",
        2,
        0.50,
        "Nothing is counted twice. To save time, export only what is new since the last import.",
        _repeated,
    ),
    Check(
        "no_own_time",
        "accuracy",
        "Does every event say when it happened?",
        "events",
        10,
        0.20,
        "Export the column that holds the time, name it in the mapping, and check the sender's clock and zone.",
        _no_own_time,
    ),
    Check(
        "impossible_time",
        "accuracy",
        "Are event times plausible?",
        "events",
        5,
        0.01,
        "Look for dates of 1970 or 1900 in the export: they stand for a missing time. Leave them blank or mend them.",
        _impossible_time,
    ),
    Check(
        "stray_dates",
        "accuracy",
        "Do nearly all events lie close together?",
        "events",
        2,
        STRAYS,
        "Look at their dates: a wrong year or a test is easily mended, an old sign-up is right.",
        _stray_dates,
    ),
)
