"""A workspace out of a backup: all of it, checked, in a new place; or nothing."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import yaml

from shoal.core.disk import flush, flush_all
from shoal.core.errors import require
from shoal.core.failures import writing
from shoal.core.settings import Home
from shoal.core.time import now
from shoal.flow.backup_form import (
    DUMP,
    MANIFEST,
    Kept,
    Manifest,
    damaged,
    manifest_from,
    members,
    told_apart,
    written,
)
from shoal.flow.home import Opened, open_home
from shoal.segments import feed
from shoal.store import copies, lake
from shoal.store.secret import secret_at


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a restore needs besides the backup."""

    secret: Path | None = None  # file with the workspace's secret, where the backup has none
    new_secret: bool = False  # go on without it: keys and webhooks that were made open nothing any more
    database: str | None = None  # URL of an empty PostgreSQL database, where the backup is of one


def restore(backup: Path, into: Path, wanted: Wanted | None = None) -> Manifest:
    """Make the workspace that was backed up in a folder that does not exist or is empty; what it holds.

    Every checksum is verified before the folder appears, and the database is brought to the newest schema. Changes that
    it tells have numbers that the original never gives. Raises UserError `not_empty`, `no_backup`, `damaged_backup`,
    `newer_backup`, `newer_workspace`, `no_secret`, `other_secret`, and for PostgreSQL `no_database`, `no_pg_restore`
    and `no_dump`.
    """
    wanted = wanted or Wanted()
    require(
        not into.exists() or (into.is_dir() and not any(into.iterdir())),
        "not_empty",
        "A backup is restored into an empty folder only, never over a workspace.",
        where=str(into),
        fix="Name a folder that does not exist yet; move the old one away when the new one is as it should be.",
    )
    with writing(into), _staged(into) as staged:
        manifest = _unpack(backup, staged)
        _put_secret(staged, manifest, wanted)
        _put_database(staged, manifest, wanted)
        opened = open_home(staged.folder)
        try:
            _check(opened)
            with opened.database.write() as connection:
                feed.leap(connection, now())
        finally:
            opened.database.close()
    return manifest


@contextmanager
def _staged(into: Path) -> Iterator[Home]:
    """A folder beside the goal that takes its place when the block ends, and goes away where it raises."""
    goal = into.absolute()
    folder = goal.with_name(f"{goal.name}.{os.getpid()}.partial")
    folder.mkdir(mode=0o700)
    try:
        yield Home(folder)
        flush_all(folder)
        os.rename(folder, goal)  # the system refuses where the goal is not empty by now
        flush(goal.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(backup: Path, staged: Home) -> Manifest:
    """Write all files and compare them with the list. Raises UserError `damaged_backup`."""
    found: dict[str, Kept] = {}
    text = b""
    for path, file in members(backup):
        if path == MANIFEST:
            text = _read(backup, file)
            continue
        place = staged.folder / path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        found[path] = _written(backup, file, place, path)
    manifest = manifest_from(text)
    listed = {each.path: each for each in manifest.files}
    for path in sorted(found.keys() | listed.keys()):
        if found.get(path) != listed.get(path):
            raise damaged(path)
    for folder in (staged.lake, staged.derived, staged.segments):
        folder.mkdir(exist_ok=True)
    return manifest


def _put_secret(staged: Home, manifest: Manifest, wanted: Wanted) -> None:
    if manifest.secret is None or (wanted.new_secret and wanted.secret is None):
        staged.secret.unlink(missing_ok=True)
        return
    if wanted.secret is not None:
        require(
            wanted.secret.is_file(),
            "no_secret",
            "There is no file with the secret in that place.",
            where=str(wanted.secret),
            fix="Name the copy that you kept of the workspace's file `secret`.",
        )
        staged.secret.unlink(missing_ok=True)
        with wanted.secret.open("rb") as file:
            written(file, staged.secret, staged.secret.name)
    require(
        staged.secret.is_file(),
        "no_secret",
        "The backup does not hold the workspace's secret, without which its keys and webhooks open nothing.",
        fix="Give your copy of it with --secret FILE, or --new-secret to make keys and webhooks anew.",
    )
    require(
        told_apart(secret_at(staged.secret)) == manifest.secret,
        "other_secret",
        "That is the secret of another workspace.",
        fix="Give the secret of the workspace that was backed up, or --new-secret.",
    )


def _put_database(staged: Home, manifest: Manifest, wanted: Wanted) -> None:
    """Let the settings name the database of this workspace, and no longer that of the one that was backed up."""
    is_sqlite = manifest.database == copies.SQLITE
    require(
        is_sqlite == (wanted.database is None),
        "wrong_use",
        "The backup is of SQLite, which needs no --database."
        if is_sqlite
        else "The backup is of PostgreSQL, so it needs an empty database.",
        fix="Leave --database out." if is_sqlite else "Name it with --database postgresql://user@host/name.",
    )
    told = yaml.safe_load(staged.settings.read_text()) or {}
    if is_sqlite and "database" not in told:
        return
    staged.settings.write_text(_settings(told, wanted.database))
    if wanted.database is not None:
        copies.load(wanted.database, staged.folder / DUMP)
        (staged.folder / DUMP).unlink()


def _settings(told: dict[str, object], database: str | None) -> str:
    """The settings with another database; comments are not kept."""
    rest = {name: value for name, value in told.items() if name != "database"}
    text: str = yaml.safe_dump(rest if database is None else {**rest, "database": database}, sort_keys=False)
    return text


def _check(opened: Opened) -> None:
    """Compare database and lake, and give the files the times that the lake knows them by."""
    with opened.database.read() as connection:
        copies.check(connection)
        files = lake.catalogued(connection)
    for file in files:
        path = opened.home.lake / file.path
        if not path.is_file():
            raise damaged(f"lake/{file.path}")
        if file.mtime_ns:
            os.utime(path, ns=(file.mtime_ns, file.mtime_ns))
    lake.check(opened.home.lake, files)


def _written(backup: Path, file: IO[bytes], place: Path, path: str) -> Kept:
    """Write one file; a tar that breaks off within it, or names it twice, is damaged."""
    try:
        return written(file, place, path)
    except (tarfile.TarError, EOFError, FileExistsError):
        raise damaged(str(backup)) from None


def _read(backup: Path, file: IO[bytes]) -> bytes:
    try:
        return file.read()
    except (tarfile.TarError, EOFError):
        raise damaged(str(backup)) from None
