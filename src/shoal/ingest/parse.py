"""A file's rows as chunks of canonical records, with an account of every row.

The law: rows read = rows behind stored records + rejected + skipped, in each chunk. And a chunk's rows depend on
the file and its source only, so an interrupted import goes on at the chunk where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import cast

import pyarrow as pa

from shoal.core.errors import UserError
from shoal.ingest.canonical import Record, Records
from shoal.ingest.events import canonical_name
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.formats.reading import Position, only_part, open_rows
from shoal.ingest.formats.rows import Broken, Numbered, Rows
from shoal.ingest.siblings import load_siblings
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError, Source
from shoal.ingest.sources import HEADERLESS
from shoal.ingest.storable import UnstorableError, not_text, too_deep
from shoal.ingest.values import day_order, is_ambiguous_date

CHUNK_ROWS = 10_000
CHUNK_BYTES = 8 * 2**20
"""A chunk ends with the row (or group) that reaches one of these; bytes are of the unpacked file."""

COLUMNAR_ROWS = 40_000
"""Rows of a chunk of a file whose source maps batches as a whole."""

GROUP_ROWS = 10_000
"""Most rows of one group; longer runs of the same value are cut."""

DATE_ROWS = 1_000
"""First rows whose dates decide the order of day and month."""

FUTURE = (
    "Some records are stamped later than their import; they count from the import on. Check the clock of the source."
)

FACTS = "(facts)"
"""What `Chunk.stored` calls rows that state traits or consent and no event."""

_Settled = tuple[Context, tuple[str, ...], Iterator[Numbered]]
"""Context, warnings, rows."""

Reject = tuple[int, str, str]
"""Line, reason, message."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a stretch of rows became."""

    index: int  # 0, 1, ...
    records: pa.RecordBatch  # canonical.SCHEMA; may be empty
    rejects: tuple[Reject, ...]
    skipped: Mapping[str, int]  # reason: rows
    stored: Mapping[str, int]  # name of a row's first event, or FACTS: rows
    rows_read: int
    position: int  # bytes of the file on disk that are used up, for progress
    warnings: tuple[str, ...] = ()


def parse(
    part: FilePart, source: Source, context: Context, start_chunk: int = 0, limits: Limits | None = None
) -> Iterator[Chunk]:
    """The file's chunks from `start_chunk` on; UserError where the file as a whole can't be read on."""
    limits = limits or Limits()
    part = only_part(part, limits)
    with ExitStack() as opened:
        rows, position = opened.enter_context(open_rows(part, limits, HEADERLESS))
        if source.map_batch is not None:
            yield from _columnar((rows, position), source, context, start_chunk, part.label)
            return
        context, warnings, numbered = _settled(rows, context, part, limits)
        if source.siblings:
            context = replace(context, siblings=load_siblings(part, source.siblings, limits))
        units = _units(numbered, source.group_by)
        for index, stretch in enumerate(_stretches(units, rows)):
            if index < start_chunk:
                for _ in stretch:
                    pass
                continue
            chunk = _Building(source, context)
            for unit in stretch:
                chunk.take(unit)
            yield chunk.finish(index, position(), (*source.warnings, *rows.warnings, *warnings))


def _settled(rows: Rows, context: Context, part: FilePart, limits: Limits) -> _Settled:
    """The context with the order of day and month that the file's dates show: the first, or all where those don't."""
    numbered = iter(rows)
    first = list(islice(numbered, DATE_ROWS))
    numbered = chain(first, numbered)
    columns = {name for _, row in first if not isinstance(row, Broken) for name in _ambiguous(row)}
    order = day_order(_texts(first))
    if order is None and columns and len(first) == DATE_ROWS:
        with open_rows(part, limits, HEADERLESS) as (again, _):
            order = day_order(_texts(again, columns))
    if order is not None:
        return replace(context, day_first=order, one_order=True), (), numbered
    context = replace(context, one_order=True)
    if columns:
        order_text = "day first" if context.day_first else "month first"
        return context, (f"Dates such as 03/04/2026 are read {order_text}; nothing in the file tells.",), numbered
    return context, (), numbered


def _ambiguous(row: Row) -> Iterator[str]:
    return (name for name, text in row.items() if isinstance(text, str) and is_ambiguous_date(text))


def _texts(rows: Iterable[Numbered], columns: Collection[str] | None = None) -> Iterator[str]:
    """The texts of the rows, of all columns or of some."""
    for _, row in rows:
        if not isinstance(row, Broken):
            found = row.values() if columns is None else map(row.get, columns)
            yield from (text for text in found if isinstance(text, str))


Unit = Sequence[Numbered]


def _units(rows: Iterator[Numbered], group_by: str | None) -> Iterator[Unit]:
    """Rows that are mapped together: single ones, or runs with the same value of `group_by`."""
    if group_by is None:
        yield from zip(rows)
        return
    held: list[Numbered] = []
    value: object = None
    for numbered in rows:
        row = numbered[1]
        if isinstance(row, Broken):
            yield (numbered,)
            continue
        this = row.get(group_by)
        if held and (this != value or this in (None, "") or len(held) >= GROUP_ROWS):
            yield held
            held = []
        held.append(numbered)
        value = this
    if held:
        yield held


def _stretches(units: Iterator[Unit], rows: Rows) -> Iterator[Iterator[Unit]]:
    """The units of one chunk after another. Each stretch has to be used up before the next is asked for."""
    for first in units:
        yield _stretch(first, units, rows)


def _stretch(first: Unit, units: Iterator[Unit], rows: Rows) -> Iterator[Unit]:
    end = rows.consumed + CHUNK_BYTES
    count = len(first)
    yield first
    while count < CHUNK_ROWS and rows.consumed < end:
        unit = next(units, None)
        if unit is None:
            return
        count += len(unit)
        yield unit


class _Building:
    """A chunk while its rows come in."""

    def __init__(self, source: Source, context: Context) -> None:
        self._source, self._context = source, context
        self._records = Records(context.received_at)
        self._rejects: list[Reject] = []
        self._skipped: Counter[str] = Counter()
        self._stored: Counter[str] = Counter()
        self._rows = 0

    def take(self, unit: Unit) -> None:
        """Map the rows of a unit: all are stored, or rejected, or skipped, save those that `check` takes out."""
        self._rows += len(unit)
        sound = self._sound(unit)
        if not sound:
            return
        line = sound[0][0]
        try:
            found = self._source.map_rows([row for _, row in sound], self._context)
            name = self._add(line, found)
        except (RowRejectedError, UnstorableError) as error:
            self._refuse(sound, error)
        except RecursionError:
            self._refuse(sound, too_deep())
        except UnicodeEncodeError:
            self._refuse(sound, not_text())
        except RowSkippedError as error:
            self._skipped[error.reason] += len(sound)
        else:
            self._stored[name] += len(sound)

    def _refuse(self, rows: Sequence[tuple[int, Row]], error: RowRejectedError | UnstorableError) -> None:
        self._rejects.extend((line, error.reason, error.message) for line, _ in rows)

    def _add(self, line: int, found: Iterable[Record]) -> str:
        """Add a unit's records, all or none of them; the name that its rows are counted under."""
        records = found if isinstance(found, tuple | list) else tuple(found)
        if not records:
            raise RowSkippedError("nothing_to_store")
        for record in records:
            if not record.keys:
                raise RowRejectedError("no_identity", "Nothing in the row says who it is about.")
        self._records.add(line, *records)
        name = records[0].name
        return canonical_name(name) if name else FACTS

    def _sound(self, unit: Unit) -> Sequence[tuple[int, Row]]:
        """The rows that could be read and that the source's check lets through; the others are accounted for."""
        check = self._source.check
        if check is None and not isinstance(unit[0][1], Broken):  # a broken row is always a unit of its own
            return cast(Sequence[tuple[int, Row]], unit)
        sound: list[tuple[int, Row]] = []
        for line, row in unit:
            if isinstance(row, Broken):
                self._rejects.append((line, row.reason, row.message))
                continue
            try:
                if check is not None:
                    check(row, self._context)
                sound.append((line, row))
            except RowRejectedError as error:
                self._rejects.append((line, error.reason, error.message))
            except RowSkippedError as error:
                self._skipped[error.reason] += 1
        return sound

    def finish(self, index: int, position: int, warnings: tuple[str, ...]) -> Chunk:
        """The chunk."""
        return Chunk(
            index=index,
            records=self._records.batch(),
            rejects=tuple(self._rejects),
            skipped=dict(self._skipped),
            stored=dict(self._stored),
            rows_read=self._rows,
            position=position,
            warnings=(*warnings, FUTURE) if self._records.clamped else warnings,
        )


def _columnar(
    opened: tuple[Rows, Position], source: Source, context: Context, start_chunk: int, label: str
) -> Iterator[Chunk]:
    """Chunks of a Parquet file whose source maps batches as a whole."""
    from shoal.ingest.formats.parquet import ParquetRows  # noqa: PLC0415 - other files needn't load it

    rows, position = opened
    if not isinstance(rows, ParquetRows) or source.map_batch is None:
        raise UserError(
            "wrong_source",
            f"{source.title} are a Parquet file, and this is none.",
            where=label,
            fix="Leave --source out.",
        )
    line = 1
    for index, batch in enumerate(rows.batches(COLUMNAR_ROWS)):
        if index >= start_chunk:
            try:
                mapped = source.map_batch(batch, line, context)
            except UserError as error:
                raise UserError(error.code, error.message, where=label, fix=error.fix) from None
            yield Chunk(
                index=index,
                records=mapped.records,
                rejects=tuple(mapped.rejects),
                skipped={},
                stored={source.name: len(batch) - len(mapped.rejects)},
                rows_read=len(batch),
                position=position(),
                warnings=(FUTURE,) if mapped.clamped else (),
            )
        line += len(batch)
