"""A workspace opened for work: its folders, settings and database, and the lock of its one writer."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import yaml

from shoal.access import tables as _access_tables  # noqa: F401 (declares its tables)
from shoal.core.disk import make_folder
from shoal.core.errors import UserError, require
from shoal.core.failures import replacing, writing
from shoal.core.settings import Home, Settings, settings_from
from shoal.destinations import tables as _destination_tables  # noqa: F401 (declares its tables)
from shoal.ingest import tables as _ingest_tables  # noqa: F401 (declares its tables)
from shoal.profiles import tables as _profile_tables  # noqa: F401 (declares its tables)
from shoal.segments import tables as _segment_tables  # noqa: F401 (declares its tables)
from shoal.store.belonging import check_belonging
from shoal.store.database import Database, connect, sqlite_url
from shoal.store.migrations import migrate

FIRST_SETTINGS = """\
# Settings of this Shoal workspace. Every line may be left out.
zone: UTC          # meant by times without a zone (IANA name)
region: US         # meant by phone numbers without a country
currency: USD      # meant by amounts without a currency
# database: postgresql://user@host/name    # default: SQLite in this folder
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open workspace."""

    home: Home
    settings: Settings
    database: Database


def create(folder: Path) -> bool:
    """Make a workspace; False when there was one already, which is left as it is.

    Raises UserError `not_a_folder`, `cannot_write` and `disk_full`.
    """
    home = Home(folder)
    if home.settings.exists():
        return False
    require(
        not folder.exists() or folder.is_dir(),
        "not_a_folder",
        f"{folder} is a file, so no workspace can be made there.",
        fix="Give another folder with --home.",
    )
    with writing(folder):
        make_folder(folder, 0o700)  # it holds personal data
        for each in (home.lake, home.derived, home.segments):
            make_folder(each)
        with replacing(home.settings) as place:
            place.write_text(FIRST_SETTINGS)
    return True


def open_home(folder: Path) -> Opened:
    """Open a workspace and bring its database to the newest schema.

    Raises UserError `no_workspace`, and `foreign_database` where its database is that of another folder.
    """
    home = Home(folder)
    settings = settings_of(home)
    database = connect(settings.database or sqlite_url(home.database))
    try:
        migrate(database)
        if settings.database is not None:
            check_belonging(home, database)
    except UserError:
        database.close()
        raise
    return Opened(home, settings, database)


@contextmanager
def one_writer(home: Home) -> Iterator[IO[str]]:
    """Hold the workspace's write lock; raises UserError `busy` when somebody else writes.

    It is held for as long as any process has the file open.
    """
    with (home.folder / "writer.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                "busy",
                "Another Shoal command is writing to this workspace.",
                where=str(home.folder),
                fix="Wait until it has finished.",
            ) from None
        yield file


def settings_of(home: Home) -> Settings:
    """The settings of a workspace; raises UserError `no_workspace` and `bad_setting`."""
    if not home.settings.is_file():
        raise UserError(
            "no_workspace",
            f"There is no workspace in {home.folder}.",
            fix="Run `shoal init`, or name another folder with --home.",
        )
    try:
        return settings_from(yaml.safe_load(home.settings.read_text()))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(
            "bad_setting", "The settings are not YAML.", where=f"settings.yaml{line}", fix="Mend that line."
        ) from None
