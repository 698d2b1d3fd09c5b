"""Checks of a workspace and the machine it is on, each with what to do. Nothing is changed, and no schema upgraded."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from shoal.access import keys
from shoal.core.errors import UserError
from shoal.core.settings import Home, Settings
from shoal.core.time import UNITS_MS, Instant, format_instant, now
from shoal.flow.drain import STAGE
from shoal.flow.home import settings_of
from shoal.ingest import letters
from shoal.store import copies, journal, lake
from shoal.store.database import Database, connect, sqlite_url
from shoal.store.lock_holder import Holder, holder_of
from shoal.store.migrations import HEAD, known_versions, version
from shoal.store.tables import journal as journal_table

Level = Literal["good", "warning", "failed"]

LEAST_FREE = 512 * 2**20
FEW_FREE = 4 * 2**30
"""Bytes: below the first a check fails, below the second it warns."""

LATE_MS = 60_000
"""So long may a record wait in the journal while a writer runs."""

OLD_DAYS = 365
SKEW_MS = 60_000
CONNECTIONS = 1_200
"""File descriptors that a busy server needs besides the lake's files."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check went."""

    check: str
    level: Level
    told: str
    fix: str = ""  # empty where all is good


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at."""

    home: Home
    settings: Settings
    database: Database
    connection: sa.Connection
    files: tuple[lake.LakeFile, ...]
    holder: Holder | None  # of the writer's lock
    at: Instant
    deep: bool  # read every byte


def examine(folder: Path, *, deep: bool = False) -> tuple[Finding, ...]:
    """All checks that can be made; where the database can't be asked, those that need no database."""
    return tuple(_findings(Home(folder), deep))


def _findings(home: Home, deep: bool) -> Iterator[Finding]:
    try:
        settings = settings_of(home)
    except UserError as error:
        yield _failed("settings", error)
        return
    yield Finding("settings", "good", "The settings can be read.")
    for check in OF_MACHINE:
        yield check(home)
    try:
        database = _database(home, settings)
    except UserError as error:
        yield _failed("database", error)
        return
    try:
        yield from _of_database(home, settings, database, deep)
    finally:
        database.close()


def _database(home: Home, settings: Settings) -> Database:
    if settings.database is None and not home.database.is_file():
        raise UserError(
            "no_database",
            "The workspace has no database yet.",
            where=str(home.database),
            fix="Run `shoal import` or `shoal serve`, or restore a backup if there was one.",
        )
    return connect(settings.database or sqlite_url(home.database))


def _of_database(home: Home, settings: Settings, database: Database, deep: bool) -> Iterator[Finding]:
    schema = Finding("schema", "good", f"The schema is {HEAD}, the newest that this program knows.")
    try:
        found = version(database)
    except sa.exc.DatabaseError as error:
        told = f"The database can't be read: {type(error.orig).__name__}."
        yield Finding("database", "failed", told, "Restore the workspace from its newest backup.")
        return
    if found != HEAD:
        yield _schema(found)
        return
    yield schema
    with database.read() as connection:
        files = lake.catalogued(connection)
        holder = holder_of(home.folder / "writer.lock")
        patient = Patient(home, settings, database, connection, files, holder, now(), deep)
        for check in CHECKS:
            yield check(patient)


def _schema(found: str | None) -> Finding:
    if found is None or found in known_versions():
        told = f"The schema is {found or 'not made yet'}; this program needs {HEAD}."
        return Finding("schema", "warning", told, "Make a backup; the next command that opens the workspace upgrades.")
    told = f"The schema is {found}; this program knows {HEAD}, so the workspace was made by a newer one."
    return Finding("schema", "failed", told, "Upgrade Shoal.")


def _failed(check: str, error: UserError) -> Finding:
    where = f" Where: {error.where}." if error.where else ""
    return Finding(check, "failed", f"{error.message}{where}", error.fix or "")


def _space(home: Home) -> Finding:
    free = shutil.disk_usage(home.folder).free
    level: Level = "failed" if free < LEAST_FREE else "warning" if free < FEW_FREE else "good"
    fix = "Make space, or move the workspace to a larger disk." if level != "good" else ""
    return Finding("space", level, f"{free // 2**20:,} MB are free on the workspace's disk.", fix)


def _permissions(home: Home) -> Finding:
    """Others may not write at all, nor read the secret; whether they may read the rest is the owner's choice."""
    if home.secret.is_file() and home.secret.stat().st_mode & 0o077:
        told = "Others than its owner may read the workspace's secret."
        return Finding("permissions", "failed", told, f"chmod 600 {home.secret}; then make the keys anew.")
    looked_at = (home.folder, home.settings, home.database, home.lake)
    modes = {path: path.stat().st_mode for path in looked_at if path.exists()}
    for path, mode in modes.items():
        if mode & 0o022:
            told = f"Others than its owner may write to {path.name or path}."
            return Finding("permissions", "failed", told, f"chmod go-w {path}")
        if not os.access(path, os.W_OK):
            told = f"This account may not write to {path.name or path}."
            return Finding("permissions", "failed", told, "Run as the workspace's owner, or give it to this account.")
    if modes[home.folder] & 0o005:
        told = "Every account of this machine may read the workspace, which holds personal data."
        return Finding("permissions", "warning", told, f"chmod 700 {home.folder}")
    return Finding("permissions", "good", "Nobody else may read or write the workspace.")


def _sound(patient: Patient) -> Finding:
    try:
        copies.check(patient.connection, deep=patient.deep)
    except UserError as error:
        return _failed("database", error)
    return Finding("database", "good", "The database answers and is whole.")


def _durable(patient: Patient) -> Finding:
    """A commit means that the data is on disk."""
    if patient.connection.dialect.name == copies.SQLITE:
        told = patient.connection.exec_driver_sql("PRAGMA synchronous").scalar()
        good, setting = told in (2, 3), f"synchronous={told}"
        fix = "Use a SQLite that knows synchronous=FULL."
    else:
        names = ("synchronous_commit", "fsync", "full_page_writes")
        found = {name: patient.connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names}
        good = "off" not in found.values()
        setting = ", ".join(f"{name}={value}" for name, value in found.items())
        fix = "Set all three to on in postgresql.conf."
    if good:
        return Finding("durability", "good", f"A commit means that the data is on disk ({setting}).")
    return Finding("durability", "failed", f"A commit may be lost with the power ({setting}).", fix)


def _lake(patient: Patient) -> Finding:
    look = lake.verify if patient.deep else lake.check
    bad = [file for file in patient.files if not _is_whole(look, patient.home.lake, file)]
    how = "by checksum" if patient.deep else "by size and time"
    if not bad:
        return Finding("lake", "good", f"All {len(patient.files)} files of the lake are there ({how}).")
    named = ", ".join(file.path for file in bad[:3])
    told = f"{len(bad)} of {len(patient.files)} files of the lake are missing or damaged: {named}."
    return Finding("lake", "failed", told, "Run `shoal rebuild --from-journal`, or restore the newest backup.")


def _is_whole(look: Callable[[Path, list[lake.LakeFile]], None], folder: Path, file: lake.LakeFile) -> bool:
    try:
        look(folder, [file])
    except lake.CorruptLakeError:
        return False
    return True


def _lag(patient: Patient) -> Finding:
    after = journal.offset_of(patient.connection, STAGE)
    waiting = journal.waiting(patient.connection, after=after)
    if not waiting:
        return Finding("journal", "good", "All that was accepted is in the lake.")
    waits = sa.select(sa.func.min(journal_table.c.received_at)).where(journal_table.c.offset > after)
    since = int(patient.at) - int(patient.connection.scalar(waits) or 0)
    told = f"{waiting:,} records wait in the journal, the oldest for {since // 1000:,} s."
    if patient.holder is None:
        return Finding("journal", "warning", told, "Start `shoal serve`, or run any `shoal import`: both take them on.")
    if since > LATE_MS:
        return Finding("journal", "failed", told, "Look into the server's log; a restart begins where it stopped.")
    return Finding("journal", "good", told)


def _letters(patient: Patient) -> Finding:
    found = letters.count(patient.connection)
    if not found:
        return Finding("letters", "good", "No dead letter waits.")
    return Finding("letters", "warning", f"{found:,} calls could not be taken.", "`shoal letters list` says why.")


def _keys(patient: Patient) -> Finding:
    used = [key for key in keys.known(patient.connection) if key.revoked_at is None]
    if used and not patient.home.secret.is_file():
        told = "There are keys, but the workspace's secret is gone, so none of them opens anything."
        return Finding("keys", "failed", told, f"Put your copy of it at {patient.home.secret}, or make keys anew.")
    idle = [str(key.id) for key in used if not key.scopes]
    if idle:
        told = f"Keys without a scope, which may do nothing: {', '.join(idle)}."
        return Finding("keys", "failed", told, "`shoal key revoke NUMBER`, then make a new one.")
    old = [str(key.id) for key in used if int(patient.at) - int(key.created_at) > OLD_DAYS * UNITS_MS["d"]]
    if old:
        told = f"Keys older than {OLD_DAYS} days: {', '.join(old)}."
        return Finding("keys", "warning", told, "Make a new key, let its program use it, then revoke the old one.")
    return Finding("keys", "good", f"{len(used)} keys are in use, none of them old.")


def _clock(patient: Patient) -> Finding:
    """Nothing is stamped later than its arrival, so a newer record means that this clock went back."""
    newest = patient.connection.scalar(sa.select(sa.func.max(journal_table.c.received_at))) or 0
    newest = max([int(newest), *(int(file.max_at) for file in patient.files)])
    ahead = newest - int(patient.at)
    if ahead > SKEW_MS:
        told = f"The newest record is of {format_instant(Instant(newest))}, {ahead // 1000:,} s from now."
        return Finding("clock", "failed", told, "Set this machine's clock right, and keep it so (NTP).")
    return Finding("clock", "good", "No record is later than this machine's clock.")


def _writer(patient: Patient) -> Finding:
    if patient.holder is None:
        return Finding("writer", "good", "Nobody is writing to the workspace.")
    named = f" ({patient.holder.command})" if patient.holder.command else ""
    return Finding("writer", "good", f"Process {patient.holder.pid}{named} is the workspace's writer.")


def _descriptors(patient: Patient) -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CONNECTIONS + len(patient.files)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return Finding("descriptors", "good", f"A process may open {soft:,} files; {needed:,} are enough.")
    told = f"A process may open {soft:,} files; a busy server of this workspace may need {needed:,}."
    fix = f"`ulimit -n {min(hard, 65_536)}` before the server, or LimitNOFILE=65536 in its systemd unit."
    return Finding("descriptors", "warning", told, fix)


OF_MACHINE: tuple[Callable[[Home], Finding], ...] = (_space, _permissions)
CHECKS: tuple[Callable[[Patient], Finding], ...] = (
    _sound,
    _durable,
    _lake,
    _lag,
    _letters,
    _keys,
    _clock,
    _writer,
    _descriptors,
)
