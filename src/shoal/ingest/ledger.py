"""The import ledger: how far each file was read, and what became of its rows.

It moves in the same transactions as the journal, so that an import killed anywhere goes on where
it stopped and a file that was read to its end is never read again.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from shoal.core.time import Instant
from shoal.ingest.tables import import_rejects, imports

_CONTENT = 56  # digits of a fingerprint that tell a file's content


@dataclass(frozen=True, slots=True)
class Import:
    """One file's line in the ledger. Rows are rows of the file; records are what they were mapped to."""

    id: int
    file: str
    source: str
    received_at: Instant
    chunks: int
    rows_read: int
    rows_rejected: int
    rows_skipped: int
    records: int
    duplicates: int  # records that were known before
    reasons: Mapping[str, int]  # of rejected and skipped rows
    warnings: tuple[str, ...]
    finished: bool

    @property
    def origin(self) -> str:
        """The name its journal entries carry."""
        return f"import:{self.id}"

    @property
    def rows_stored(self) -> int:
        """Rows that gave records."""
        return self.rows_read - self.rows_rejected - self.rows_skipped


@dataclass(frozen=True, slots=True)
class Advance:
    """What one more chunk of a file brought."""

    rows_read: int
    rejects: Sequence[tuple[int, str, str]]  # line, reason, message
    skipped: Mapping[str, int]
    records: int
    warnings: Sequence[str] = ()


def find(connection: sa.Connection, fingerprint: str) -> Import | None:
    """The ledger's line of a file by its fingerprint; None when nothing of it was ever kept."""
    return _find(connection, imports.c.fingerprint == fingerprint)


@dataclass(frozen=True, slots=True)
class Read:
    """A file about to be read."""

    fingerprint: str  # of its bytes and how it is read; 64 hexadecimal digits
    file: str  # its name, without folders
    place: str  # digest of where it lies
    size: int  # bytes
    source: str


def returned(connection: sa.Connection, read: Read) -> Read:
    """The same, told apart from its earlier imports where what others stated since has to be taken back.

    That is so where another file lay in its place since, or where it lies in a new place and others of its source
    came in between: Wednesday's export may say again what Monday's said.
    """
    content = read.fingerprint[:_CONTENT]
    known = _latest(connection, imports.c.fingerprint.between(content, f"{content}~"))
    if known is None:
        return read
    between = _latest(connection, imports.c.place == read.place)
    if between is None:
        between = _latest(connection, imports.c.source == read.source)
    if between is None or between.id <= known.id or between.fingerprint.startswith(content):
        return replace(read, fingerprint=known.fingerprint)
    return replace(read, fingerprint=f"{content}-{between.id}")


def _latest(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> sa.Row[Any, Any] | None:
    query = sa.select(imports.c.id, imports.c.fingerprint).where(condition)
    return connection.execute(query.order_by(imports.c.id.desc()).limit(1)).first()


def begin(connection: sa.Connection, read: Read, received_at: Instant) -> Import:
    """The ledger's line of a file, new or as an earlier attempt left it."""
    found = find(connection, read.fingerprint)
    if found is not None:
        return found
    zeros = dict.fromkeys(("chunks", "rows_read", "rows_rejected", "rows_skipped", "records", "duplicates"), 0)
    row = {
        "fingerprint": read.fingerprint,
        "file": read.file,
        "place": read.place,
        "bytes": read.size,
        "source": read.source,
        "received_at": received_at,
        "reasons": "{}",
        "warnings": "[]",
        "finished": False,
        **zeros,
    }
    connection.execute(sa.insert(imports).values(row))
    started = find(connection, read.fingerprint)
    assert started is not None
    return started


def advance(connection: sa.Connection, state: Import, step: Advance) -> Import:
    """Count one more chunk, in the transaction that puts its records into the journal."""
    if step.rejects:
        rows = [
            {"import_id": state.id, "line": line, "reason": reason, "message": message}
            for line, reason, message in step.rejects
        ]
        connection.execute(sa.insert(import_rejects), rows)
    reasons = Counter(state.reasons) + Counter(step.skipped) + Counter(reason for _, reason, _ in step.rejects)
    warnings = list(dict.fromkeys((*state.warnings, *step.warnings)))
    values = {
        "chunks": state.chunks + 1,
        "rows_read": state.rows_read + step.rows_read,
        "rows_rejected": state.rows_rejected + len(step.rejects),
        "rows_skipped": state.rows_skipped + sum(step.skipped.values()),
        "records": state.records + step.records,
        "reasons": json.dumps(reasons, sort_keys=True),
        "warnings": json.dumps(warnings),
    }
    return _update(connection, state.id, values)


def finish(connection: sa.Connection, state: Import) -> Import:
    """Note that a file was read to its end."""
    return _update(connection, state.id, {"finished": True})


def add_duplicates(connection: sa.Connection, by_origin: Mapping[str, int]) -> None:
    """Count records that turned out to be known, by the origin of their journal entries."""
    for origin, count in by_origin.items():
        kind, _, number = origin.partition(":")
        if kind == "import" and count:
            added = sa.update(imports).where(imports.c.id == int(number))
            connection.execute(added.values(duplicates=imports.c.duplicates + count))


def all_imports(connection: sa.Connection) -> tuple[Import, ...]:
    """The whole ledger, oldest first."""
    return tuple(_import(row) for row in connection.execute(sa.select(imports).order_by(imports.c.id)))


def get(connection: sa.Connection, number: int) -> Import:
    """One line of the ledger by its id."""
    found = _find(connection, imports.c.id == number)
    assert found is not None, f"no import {number}"
    return found


def write_rejects(connection: sa.Connection, state: Import, folder: Path) -> Path | None:
    """Write the refused rows' lines and reasons as CSV; None when no row was refused."""
    query = sa.select(import_rejects).where(import_rejects.c.import_id == state.id).order_by(import_rejects.c.id)
    if not state.rows_rejected:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.() -]", "_", state.file)[:100]  # a member of a zip may be called anything
    path = folder / f"{state.id:04d}-{name}.rejects.csv"
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "reason", "message"))
        writer.writerows(_lines(connection.execution_options(yield_per=10_000).execute(query)))
    partial.rename(path)
    return path


def _lines(rows: Iterable[sa.Row[tuple[object, ...]]]) -> Iterable[tuple[object, ...]]:
    return ((row.line, row.reason, row.message) for row in rows)


def _update(connection: sa.Connection, number: int, values: Mapping[str, object]) -> Import:
    connection.execute(sa.update(imports).where(imports.c.id == number).values(**values))
    return get(connection, number)


def _find(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Import | None:
    row = connection.execute(sa.select(imports).where(condition)).first()
    return _import(row) if row is not None else None


def _import(row: sa.Row[tuple[object, ...]]) -> Import:
    plain = {name: row._mapping[name] for name in Import.__slots__ if name not in ("reasons", "warnings")}
    return Import(**plain, reasons=json.loads(row.reasons), warnings=tuple(json.loads(row.warnings)))
