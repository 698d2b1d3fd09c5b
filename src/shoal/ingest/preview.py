"""What the first rows of a file would become, without importing anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from shoal.core.time import format_instant
from shoal.ingest.canonical import Json, Record
from shoal.ingest.events import canonical_name
from shoal.ingest.refusals import consents_of
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, RowSkippedError, Source

PREVIEW_ROWS = 10


def preview(source: Source, head: FileHead, context: Context) -> list[dict[str, Json]]:
    """The first ten rows (or groups of rows): each record as data with its row, or the row and why it is refused."""
    return [
        each for unit in islice(_units(source, head.sample), PREVIEW_ROWS) for each in _told(source, *unit, context)
    ]


def _units(source: Source, sample: Sequence[Row]) -> Iterator[tuple[int, tuple[Row, ...]]]:
    """The number of each unit's first row, and its rows."""
    numbered = enumerate(sample, start=1)
    if source.group_by is None:
        yield from ((number, (row,)) for number, row in numbered)
        return
    column = source.group_by
    for _, group in groupby(numbered, key=lambda pair: pair[1].get(column)):
        rows = list(group)
        yield rows[0][0], tuple(row for _, row in rows)


def _told(source: Source, number: int, rows: tuple[Row, ...], context: Context) -> Iterator[dict[str, Json]]:
    try:
        if source.check is not None:
            for row in rows:
                source.check(row, context)
        records = list(source.map_rows(rows, context))
    except (RowRejectedError, RowSkippedError) as refusal:
        yield {"row": number, "refused": refusal.reason}
        return
    yield from ({"row": number, **_shown(record)} for record in records)


def _shown(record: Record) -> dict[str, Json]:
    return {
        "keys": list(record.keys),
        "event": canonical_name(record.name) if record.name else record.name,
        "at": None if record.at is None else format_instant(record.at),
        "properties": dict(record.properties),
        "traits": dict(record.traits),
        **({} if record.version is None else {"version": record.version}),
        "consent": [f"{stated.channel} {stated.purpose}: {stated.state}" for stated in consents_of(record)],
    }
