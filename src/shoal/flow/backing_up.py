"""A backup of a workspace in one consistent state, while others read and write.

The database is copied first. All lake files that the copy names are there then, and stay as they are: files are
immutable, and those that are replaced stay on disk for an hour. What came later is in neither.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.core.settings import Home
from shoal.core.time import now
from shoal.flow.backup_form import BASELINE, DUMP, FORMAT, Kept, Manifest, Sink, sink_at, told_apart
from shoal.flow.drain import STAGE
from shoal.flow.home import Opened
from shoal.store import copies, journal, lake
from shoal.store.secret import secret_at
from shoal.store.tables import journal as journal_table

Watch = Callable[[int, int], None]
"""Told about progress: bytes done, bytes in all."""


@dataclass(frozen=True, slots=True)
class _State:
    """What the copy of the database says."""

    schema: str
    journal: int
    in_lake: int
    files: tuple[lake.LakeFile, ...]


def back_up(
    opened: Opened, target: Path, *, link: bool = False, with_secret: bool = False, watch: Watch | None = None
) -> Manifest:
    """Write a backup to a new folder, or to one file where the name ends in `.tar`; what it holds.

    `link` shares the lake's files with the backup where both are on one disk: quick, and meant to be copied from there.
    The workspace's secret is left out unless `with_secret`. Raises UserError `not_empty`, `no_place`, `damaged_lake`,
    `damaged_database`, and for PostgreSQL `no_pg_dump` and `no_dump`. Nothing is left behind then.
    """
    home = opened.home
    is_sqlite = opened.database.engine.dialect.name == copies.SQLITE
    with sink_at(target) as sink, _scratch(home) as scratch:
        copy = scratch / (home.database.name if is_sqlite else DUMP)
        made_at = now()
        baseline = _baseline(home, scratch)
        with copies.copied(opened.database, copy) as connection:
            state = _state(connection)
            pinned = _pinned(home, scratch, state.files)
        kept = [sink.add(copy.name, copy), *([sink.add(BASELINE, baseline)] if baseline else [])]
        kept += _lake(sink, pinned, state.files, link, watch)
        kept += [sink.add(str(path.relative_to(home.folder)), path) for path in _others(home, with_secret)]
        manifest = Manifest(
            format=FORMAT,
            program=metadata.version("shoal"),
            schema=state.schema,
            database=opened.database.engine.dialect.name,
            made_at=int(made_at),
            journal=state.journal,
            in_lake=state.in_lake,
            secret=told_apart(secret_at(home.secret)) if home.secret.is_file() else None,
            files=tuple(kept),
        )
        sink.end(manifest)
    return manifest


def _state(connection: sa.Connection) -> _State:
    return _State(
        schema=str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()),
        journal=connection.scalar(sa.select(sa.func.max(journal_table.c.offset))) or 0,
        in_lake=journal.offset_of(connection, STAGE),
        files=lake.catalogued(connection),
    )


def _lake(
    sink: Sink, folder: Path, files: tuple[lake.LakeFile, ...], link: bool, watch: Watch | None
) -> Iterator[Kept]:
    """Take the lake's files; each must be what was written."""
    total, done = sum(file.bytes for file in files), 0
    for file in files:
        kept = sink.add(f"lake/{file.path}", folder / file.path, link=link)
        if kept.sha256 != file.sha256:
            raise UserError(
                "damaged_lake",
                f"The lake file {file.path} is damaged, so it is not put into a backup.",
                where=file.path,
                fix="Run `shoal rebuild --from-journal`, or restore an earlier backup.",
            )
        yield kept
        done += file.bytes
        if watch is not None:
            watch(done, total)


def _baseline(home: Home, scratch: Path) -> Path | None:
    """A copy of the change feed's baseline, older than that of the database: the feed leads from it to the state."""
    place = scratch / "baseline"
    try:
        shutil.copyfile(home.folder / BASELINE, place)
    except FileNotFoundError:
        return None
    return place


def _others(home: Home, with_secret: bool) -> list[Path]:
    """Settings, files of segments and webhooks, reject files, and the secret where it is wanted."""
    single = [home.settings, home.identity, *([home.secret] if with_secret else [])]
    folders = [path for folder in (home.segments, home.webhooks, home.rejects) for path in sorted(folder.rglob("*"))]
    return [path for path in (*single, *folders) if path.is_file() and path.suffix != ".partial"]


def _pinned(home: Home, scratch: Path, files: tuple[lake.LakeFile, ...]) -> Path:
    """A folder in which the lake's files stay as long as the backup takes; the lake's own where the disk has no links.

    Raises UserError `damaged_lake`.
    """
    for file in files:
        place = scratch / "lake" / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(home.lake / file.path, place)
        except FileNotFoundError:
            lake.verify(home.lake, [file])
            raise
        except OSError:
            return home.lake
    return scratch / "lake"


@contextmanager
def _scratch(home: Home) -> Iterator[Path]:
    folder = home.folder / f"backup.{os.getpid()}.partial"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
