"""Which folder a database belongs to, where it lies outside of it: two workspaces in one database would harm both.

The folder and the database keep the same id. What has none yet takes that of the other, or a new one, unless the
database knows lake files that aren't in the folder.
"""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa

from shoal.core.errors import require
from shoal.core.failures import replacing
from shoal.core.settings import Home
from shoal.store.database import Database
from shoal.store.tables import lake_files, workspace


def check_belonging(home: Home, database: Database) -> None:
    """Raise UserError `foreign_database` where the database is that of another folder; else note whose it is."""
    with database.read() as connection:
        known = _of_database(connection)
    if known is not None and known == _of_folder(home):
        return
    with database.write() as connection:
        known, own = _of_database(connection), _of_folder(home)
        require(
            known == own if known and own else _fits(connection, home, claimed=known is not None),
            "foreign_database",
            "The database of this workspace belongs to the workspace in another folder.",
            where=str(home.settings),
            fix="Name that folder with --home, or set `database` to an empty database of its own.",
        )
        found = known or own or uuid4().hex
        if own is None:
            _note(home, found)
        if known is None:
            connection.execute(sa.insert(workspace).values(id=found))


def _of_database(connection: sa.Connection) -> str | None:
    found: str | None = connection.scalar(sa.select(workspace.c.id))
    return found


def _of_folder(home: Home) -> str | None:
    try:
        return home.identity.read_text().strip()
    except FileNotFoundError:
        return None


def _fits(connection: sa.Connection, home: Home, *, claimed: bool) -> bool:
    """Whether the folder has one of the database's lake files; or there are none, and nobody claimed it."""
    paths = connection.scalars(sa.select(lake_files.c.path)).all()
    return any((home.lake / path).exists() for path in paths) if paths else not claimed


def _note(home: Home, found: str) -> None:
    """Write the id, all of it or nothing."""
    with replacing(home.identity) as place:
        place.write_text(f"{found}\n")
