"""Files in: recognise, parse in the limited process, journal, drain, resolve identities."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa

from shoal.core.settings import Settings
from shoal.core.time import Instant, now
from shoal.flow.beside import Beside
from shoal.flow.drain import BULK, GENTLE, Drain
from shoal.flow.home import Opened, one_writer
from shoal.flow.planning import How, NotImported, Part, plan, refused
from shoal.flow.retention import trim
from shoal.flow.unifying import unify
from shoal.ingest import ledger
from shoal.ingest.accounts import records_in
from shoal.ingest.mapping import Mapping
from shoal.ingest.parse import Chunk
from shoal.ingest.source import Context
from shoal.ingest.worker import FileError, ParseRequest, Worker
from shoal.store import journal

Watch = Callable[[str, int, int], None]
"""Told about progress: file name, bytes used up, bytes in all."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file."""

    line: ledger.Import
    rejects: Path | None  # the reject file, where rows were refused
    again: bool  # the same file had been imported before, so nothing was done


@dataclass(frozen=True, slots=True)
class ImportRun:
    """What became of each file, in order; and the files of folders and zips that were left out."""

    files: tuple[Imported, ...]
    not_imported: tuple[NotImported, ...]

    def __iter__(self) -> Iterator[Imported]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> Imported:
        return self.files[place]


def import_paths(
    opened: Opened,
    paths: Iterable[Path],
    *,
    source: str | Mapping | None = None,
    account: str | None = None,
    watch: Watch | None = None,
) -> ImportRun:
    """Import files and folders; what is in the lake when this returns can be counted at once.

    `account` keeps the ids of these files apart from those of other accounts with the same vendor.

    All files are recognised, and packed ones checked to their ends, before the first one is read, so an unknown
    or truncated file that was named stops the import before it begins; one in a folder or among others in a zip is left
    out. Raises UserError as the readers do; everything before the error is kept, can be counted, and a second call
    goes on from there.
    """
    # Arrow's own pool keeps what it once had; the system's gives it back between the turns.
    pa.set_memory_pool(pa.system_memory_pool())
    with one_writer(opened.home), Worker() as worker:
        planned = plan(worker, paths, How(source, account=account))
        pace = BULK if any(part.is_columnar for part in planned.parts) else GENTLE
        try:
            with Drain(opened.home, opened.database, pace) as drain, Beside(drain) as beside:
                beside.drain()  # what an interrupted import left in the journal
                numbers, broken = _import_each(_Run(opened, worker, beside, watch), planned.parts)
            trim(opened, now())
        finally:
            unify(opened)
    return ImportRun(tuple(_told(opened, number, again) for number, again in numbers), (*planned.left_out, *broken))


@dataclass(frozen=True, slots=True)
class _Run:
    """What reading a file needs besides the file."""

    opened: Opened
    worker: Worker
    beside: Beside
    watch: Watch | None


def _import_each(run: _Run, parts: Sequence[Part]) -> tuple[list[tuple[int, bool]], list[NotImported]]:
    """Read the files; of several, one that breaks in the middle doesn't keep the others from being read."""
    numbers: list[tuple[int, bool]] = []
    broken: list[NotImported] = []
    started = now()
    for place, part in enumerate(parts):
        try:
            # Files of one run arrive together: their order tells traits apart, but is no sign that one is newer.
            numbers.append(_import(run, part, Instant(started + place)))
        except FileError as error:
            if part.is_alone:
                raise
            broken.append(refused(part.found.part, error, part.found.head))
    if broken and not numbers:
        raise broken[0].error
    return numbers, broken


def _import(run: _Run, part: Part, arrival: Instant) -> tuple[int, bool]:
    """Read one file to its end; the number of its line in the ledger, and whether that was there and finished."""
    path, opened = part.found.part.path, run.opened
    with opened.database.read() as connection:
        read = ledger.returned(connection, _read(part))
        known = ledger.find(connection, read.fingerprint)
    if known is not None and known.finished:
        return known.id, True
    arrival, chunks = (known.received_at, known.chunks) if known else (arrival, 0)
    begin = partial(ledger.begin, read=read, received_at=arrival)
    request = ParseRequest(path, part.source, context_of(opened.settings, arrival), chunks, part.found.part.member)
    for chunk in run.worker.parse(request):
        _keep(opened, begin, replace(chunk, records=records_in(chunk.records, part.account, part.mapping)))
        if run.watch is not None:
            run.watch(path.name, chunk.position, read.size)
        run.beside.add(chunk.records.num_rows)
    with opened.database.write() as connection:
        return ledger.finish(connection, begin(connection)).id, False


def _keep(opened: Opened, begin: Callable[[sa.Connection], ledger.Import], chunk: Chunk) -> None:
    """Put a chunk into the journal and count it in the ledger, both or neither."""
    step = ledger.Advance(
        rows_read=chunk.rows_read,
        rejects=chunk.rejects,
        skipped=chunk.skipped,
        records=chunk.records.num_rows,
        warnings=chunk.warnings,
    )
    with opened.database.write() as connection:
        state = begin(connection)
        if chunk.records.num_rows:
            journal.append(
                connection,
                origin=state.origin,
                source=state.source,
                received_at=state.received_at,
                batch=chunk.records,
            )
        ledger.advance(connection, state, step)


def context_of(settings: Settings, received_at: Instant) -> Context:
    """What mappings need besides the rows, from the workspace's settings."""
    return Context(
        received_at=received_at, zone=ZoneInfo(settings.zone), region=settings.region, currency=settings.currency
    )


def _read(part: Part) -> ledger.Read:
    path, member = part.found.part.path, part.found.part.member or ""
    how = part.source if isinstance(part.source, str) else part.source.to_yaml()
    account = "" if part.account is None else f"\n@{part.account}"
    content = hashlib.sha256(f"{how}\n{member}\n{account}".encode())
    with path.open("rb") as file:
        content.update(hashlib.file_digest(file, "sha256").digest())
    place = hashlib.sha256(f"{path.resolve()}\n{member}{account}".encode())
    return ledger.Read(content.hexdigest(), part.shown, place.hexdigest(), path.stat().st_size, part.name)


def _told(opened: Opened, number: int, again: bool) -> Imported:
    with opened.database.read() as connection:
        line = ledger.get(connection, number)
        rejects = ledger.write_rejects(connection, line, opened.home.rejects)
    return Imported(line, rejects, again)
